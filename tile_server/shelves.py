"""Where the features of one edition are read from: by number, id, box and nearness. The member over store.sqlite.

`tile_server.memory` is the other member; `tile_server.store` adds what is asked about attributes and hides which of
them answers. Both give the same answers (tests/tile_server/test_store.py holds both to the same laws).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import shapely

from gis_pipeline.model import BBox
from tile_server.area import FrameBox, cover

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Stored:
    """One feature: `geojson` is the UTF-8 text of its GeoJSON Feature (lon/lat), `town` its WKB in the town frame."""

    seq: int
    fid: str
    geojson: bytes
    town: bytes | None


@dataclass(frozen=True)
class Near:
    """A feature and its distance from the point asked about, in town metres (0 inside a polygon)."""

    feature: Stored
    distance_m: float


class Shelf(Protocol):
    """The features of one edition by place. Numbers (`seq`) run from 1 in published order."""

    @property
    def unplaced(self) -> frozenset[int]:
        """Numbers of the features without geometry."""

    def by_id(self, fid: str) -> Stored | None:
        """The feature of that id."""

    def read(self, seqs: Sequence[int]) -> list[Stored]:
        """Features by number, in the order given."""

    def ids(self) -> dict[int, str]:
        """Every feature's id by its number."""

    def in_box(self, box: BBox) -> list[int]:
        """Numbers of the features whose geometry intersects the box in degrees, ascending."""

    def in_frame(self, asked: FrameBox) -> list[int]:
        """Numbers of the features whose geometry intersects the box in the town frame, ascending."""

    def near(self, easting_m: float, northing_m: float, box: BBox, radius_m: float, limit: int) -> list[Near]:
        """Lines and points within `radius_m`, and polygons that hold the point (boundary included); nearest first.

        `box` is a lon/lat box that surely holds everything within the radius.
        """


class SqliteShelf:
    """Reads every answer from the file; holds no geometry. One thread's own.

    The R-tree is 32-bit and rounded outward, so it pre-selects; the geometry itself decides.
    """

    def __init__(self, connection: sqlite3.Connection, frame: str) -> None:
        self._connection = connection
        self._frame = frame

    @cached_property
    def unplaced(self) -> frozenset[int]:
        """As the protocol says; looked for once, and only if the R-tree holds fewer than there are."""
        (placed,) = self._connection.execute("SELECT count(*) FROM box").fetchone()
        (count,) = self._connection.execute("SELECT value FROM meta WHERE key = 'count'").fetchone()
        if placed == int(count):
            return frozenset()
        rows = self._connection.execute("SELECT seq FROM attribute EXCEPT SELECT seq FROM box")
        return frozenset(seq for (seq,) in rows)

    def by_id(self, fid: str) -> Stored | None:
        """The feature of that id."""
        row = self._connection.execute("SELECT seq, fid, geojson, town FROM feature WHERE fid = ?", (fid,)).fetchone()
        return None if row is None else Stored(*row)

    def read(self, seqs: Sequence[int]) -> list[Stored]:
        """Features by number, in the order given."""
        found: dict[int, Stored] = {}
        for start in range(0, len(seqs), _BATCH):
            part = seqs[start : start + _BATCH]
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(
                f"SELECT seq, fid, geojson, town FROM feature WHERE seq IN ({marks})", tuple(part)
            )
            found.update((row[0], Stored(*row)) for row in rows)
        return [found[seq] for seq in seqs]

    def ids(self) -> dict[int, str]:
        """Every feature's id by its number."""
        return dict(self._connection.execute("SELECT seq, fid FROM feature").fetchall())

    def in_box(self, box: BBox) -> list[int]:
        """As the protocol says. What lies wholly inside needs no look at the geometry; what only touches it does."""
        rows = self._connection.execute(
            "SELECT seq, west >= ? AND east <= ? AND south >= ? AND north <= ? FROM box"
            " WHERE west <= ? AND east >= ? AND south <= ? AND north >= ?",
            (box.west, box.east, box.south, box.north, box.east, box.west, box.north, box.south),
        ).fetchall()
        inside = {seq for seq, wholly in rows if wholly}
        open_question = [seq for seq, wholly in rows if not wholly]
        asked = shapely.box(box.west, box.south, box.east, box.north)
        shapely.prepare(asked)
        texts = self.read(open_question)
        geometries = shapely.from_geojson([stored.geojson for stored in texts])
        hits = shapely.intersects(asked, geometries)
        return sorted(inside | {stored.seq for stored, hit in zip(texts, hits, strict=True) if hit})

    def in_frame(self, asked: FrameBox) -> list[int]:
        """As the protocol says."""
        extent = self._extent
        box = None if extent is None else cover(asked, extent, self._frame)
        if box is None:
            return []
        texts = self.read(self._candidates(box))
        area = shapely.box(asked.west_m, asked.south_m, asked.east_m, asked.north_m)
        shapely.prepare(area)
        hits = shapely.intersects(area, shapely.from_wkb([stored.town for stored in texts]))
        return sorted(stored.seq for stored, hit in zip(texts, hits, strict=True) if hit)

    def near(self, easting_m: float, northing_m: float, box: BBox, radius_m: float, limit: int) -> list[Near]:
        """As the protocol says."""
        texts = self.read(self._candidates(box))
        if not texts:
            return []
        town = shapely.from_wkb([stored.town for stored in texts])
        return nearest(texts, town, (easting_m, northing_m), radius_m)[:limit]

    @cached_property
    def _extent(self) -> BBox | None:
        row = self._connection.execute("SELECT min(west), min(south), max(east), max(north) FROM box").fetchone()
        return None if row[0] is None else BBox(west=row[0], south=row[1], east=row[2], north=row[3])

    def _candidates(self, box: BBox) -> list[int]:
        rows = self._connection.execute(
            "SELECT seq FROM box WHERE west <= ? AND east >= ? AND south <= ? AND north >= ?",
            (box.east, box.west, box.north, box.south),
        )
        return [seq for (seq,) in rows]


def nearest(features: Sequence[Stored], town: Any, at_m: tuple[float, float], radius_m: float) -> list[Near]:
    """Of some features with their geometries in the town frame those that count at an (easting, northing)."""
    distances = shapely.distance(town, shapely.Point(*at_m))
    flat = shapely.get_dimensions(town) == 2
    found = [
        Near(stored, float(distance))
        for stored, distance, polygon in zip(features, distances, flat, strict=True)
        if distance <= (0.0 if polygon else radius_m)
    ]
    return sorted(found, key=lambda near: (near.distance_m, near.feature.seq))
