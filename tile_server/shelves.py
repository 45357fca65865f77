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

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from gis_pipeline.model import BBox
from gis_pipeline.outputs.store import EXTENT
from tile_server.area import FrameBox, core, cover

Array = NDArray[np.int64]

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
        if self._placed == int(self._meta["count"]):
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
        inside, touching = self._split(box, box)
        asked = shapely.box(box.west, box.south, box.east, box.north)
        texts = self.read(touching)
        return _joined(inside, touching, asked, shapely.from_geojson([stored.geojson for stored in texts]))

    def in_frame(self, asked: FrameBox) -> list[int]:
        """As the protocol says."""
        extent = self._extent
        box = None if extent is None else cover(asked, extent, self._frame)
        if box is None or extent is None:
            return []
        inside, touching = self._split(box, core(asked, extent, self._frame))
        area = shapely.box(asked.west_m, asked.south_m, asked.east_m, asked.north_m)
        return _joined(inside, touching, area, shapely.from_wkb([stored.town for stored in self.read(touching)]))

    def near(self, easting_m: float, northing_m: float, box: BBox, radius_m: float, limit: int) -> list[Near]:
        """As the protocol says."""
        texts = self.read(self._candidates(box))
        if not texts:
            return []
        town = shapely.from_wkb([stored.town for stored in texts])
        return nearest(texts, town, (easting_m, northing_m), radius_m)[:limit]

    @cached_property
    def _meta(self) -> dict[str, str]:
        return dict(self._connection.execute("SELECT key, value FROM meta").fetchall())

    @cached_property
    def _placed(self) -> int:
        """How many features have a place. Editions of before do not say so themselves, and must be counted."""
        if "placed" in self._meta:
            return int(self._meta["placed"])
        (counted,) = self._connection.execute("SELECT count(*) FROM box").fetchone()
        return int(counted)

    @cached_property
    def _extent(self) -> BBox | None:
        edges: Sequence[float | None]
        if "extent" in self._meta:
            edges = orjson.loads(self._meta["extent"])
        else:
            edges = self._connection.execute(EXTENT).fetchone()
        west, south, east, north = edges
        if west is None or south is None or east is None or north is None:
            return None
        return BBox(west=west, south=south, east=east, north=north)

    def _candidates(self, box: BBox) -> list[int]:
        return [seq for (seq,) in self._connection.execute(f"SELECT seq {_MEETING}", _edges(box))]

    def _split(self, box: BBox, inner: BBox | None) -> tuple[Array, list[int]]:
        """Of the features whose box meets `box`: those whose box lies in `inner`, and the others."""
        sides = (1.0, -1.0, 1.0, -1.0) if inner is None else (inner.west, inner.east, inner.south, inner.north)
        rows = self._connection.execute(
            "SELECT CASE WHEN west >= ? AND east <= ? AND south >= ? AND north <= ? THEN seq ELSE -seq END " + _MEETING,
            (*sides, *_edges(box)),
        )
        signed = np.fromiter((seq for (seq,) in rows), dtype=np.int64)
        return signed[signed > 0], (-signed[signed < 0]).tolist()


_MEETING = "FROM box WHERE west <= ? AND east >= ? AND south <= ? AND north >= ?"


def _edges(box: BBox) -> tuple[float, float, float, float]:
    return box.east, box.west, box.north, box.south


def _joined(inside: Array, touching: Sequence[int], area: shapely.Geometry, shapes: Any) -> list[int]:
    """Numbers, ascending: those inside, and those touching whose shape meets the area."""
    shapely.prepare(area)
    hits = np.asarray(shapely.intersects(area, shapes), dtype=bool)
    found: list[int] = np.sort(np.concatenate([inside, np.array(touching, dtype=np.int64)[hits]])).tolist()
    return found


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
