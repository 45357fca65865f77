"""The features of one edition held in memory: the member of `tile_server.shelves` for what is asked often.

Each feature's JSON text, its geometry in degrees and in the town frame, and an STRtree over either. Read once from
store.sqlite, never changed, shared by all threads: about 2 kB a parcel.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from operator import itemgetter

import numpy as np
import shapely

from gis_pipeline.model import BBox
from tile_server.area import FrameBox
from tile_server.shelves import Near, Stored, nearest


class MemoryShelf:
    """As `tile_server.shelves.Shelf` says."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT seq, fid, geojson, town FROM feature ORDER BY seq")
        self._features = [Stored(*row) for row in rows]
        self._by_id = {stored.fid: stored for stored in self._features}
        self._town = shapely.from_wkb([stored.town for stored in self._features])
        self._town_tree = shapely.STRtree(self._town)
        degrees = np.full(len(self._features), None, dtype=object)
        placed = [row for row, stored in enumerate(self._features) if stored.town is not None]
        degrees[placed] = shapely.from_geojson([self._features[row].geojson for row in placed])
        self._tree = shapely.STRtree(degrees)
        self.unplaced = frozenset(stored.seq for stored in self._features if stored.town is None)
        for tree in (self._tree, self._town_tree):
            tree.query(shapely.Point(0, 0))  # GEOS builds at the first query, which must not happen in two threads

    def by_id(self, fid: str) -> Stored | None:
        """As the protocol says."""
        return self._by_id.get(fid)

    def read(self, seqs: Sequence[int]) -> list[Stored]:
        """As the protocol says."""
        if isinstance(seqs, range) and seqs.step == 1 and seqs:
            return self._features[seqs.start - 1 : seqs.stop - 1]
        if len(seqs) < 2:
            return [self._features[seq - 1] for seq in seqs]
        return list(itemgetter(*(seq - 1 for seq in seqs))(self._features))

    def ids(self) -> dict[int, str]:
        """As the protocol says."""
        return {stored.seq: stored.fid for stored in self._features}

    def in_box(self, box: BBox) -> list[int]:
        """As the protocol says."""
        return _intersecting(self._tree, shapely.box(box.west, box.south, box.east, box.north))

    def in_frame(self, asked: FrameBox) -> list[int]:
        """As the protocol says."""
        area = shapely.box(asked.west_m, asked.south_m, asked.east_m, asked.north_m)
        return _intersecting(self._town_tree, area)

    def near(self, easting_m: float, northing_m: float, box: BBox, radius_m: float, limit: int) -> list[Near]:
        """As the protocol says; the town frame's own tree needs no box."""
        reach = shapely.box(easting_m - radius_m, northing_m - radius_m, easting_m + radius_m, northing_m + radius_m)
        rows = np.sort(self._town_tree.query(reach))
        features = [self._features[row] for row in rows.tolist()]
        return nearest(features, self._town[rows], (easting_m, northing_m), radius_m)[:limit]


def _intersecting(tree: shapely.STRtree, area: shapely.Geometry) -> list[int]:
    found: list[int] = (np.sort(tree.query(area, predicate="intersects")) + 1).tolist()
    return found
