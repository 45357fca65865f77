"""Features of a published edition: by id, box, equality of properties, and near a point. Reads store.sqlite only.

The file is opened read-only and as immutable (an edition never changes), one connection a thread and file. The R-tree
is 32-bit and rounded outward, so it pre-selects; the geometry itself decides.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely

from gis_pipeline.model import BBox
from tile_server.area import Area, FrameBox, cover
from tile_server.errors import RequestError
from tile_server.numbers import number

_OPEN_FILES = 64
_BATCH = 500


@dataclass(frozen=True)
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


class FeatureStore:
    """The features of one edition over one thread's connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        rows = connection.execute("PRAGMA table_info(attribute)")
        self.types = {str(row[1]): str(row[2]).upper() for row in rows if row[1] != "seq"}
        meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
        self.count = int(meta["count"])
        self.frame = str(meta["frame"])

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

    def matching(self, area: Area | None, filters: Sequence[tuple[str, str]]) -> Sequence[int]:
        """Numbers of the features in the area whose properties equal the filters, in published order.

        A feature without geometry matches every area (OGC 17-069r4, fc-bbox-response B).
        """
        if area is None and not filters:
            return range(1, self.count + 1)
        chosen: set[int] | None = None
        if filters:
            chosen = self._equal(filters)
        if area is not None:
            inside = self._within(area)
            chosen = inside if chosen is None else chosen & inside
        return sorted(chosen or ())

    def _equal(self, filters: Sequence[tuple[str, str]]) -> set[int]:
        values = [self._typed(name, text) for name, text in filters]
        where = " AND ".join(f'"{name}" = ?' for name, _ in filters)
        return {seq for (seq,) in self._connection.execute(f"SELECT seq FROM attribute WHERE {where}", values)}

    def _typed(self, name: str, text: str) -> str | int | float:
        """The filter's text as the column's type. Only the store's own column names ever get into SQL."""
        kind = self.types.get(name)
        if kind is None:
            raise RequestError(f"属性「{name}」はこの版にありません。", f"This edition has no property {name!r}.", name)
        if kind == "TEXT":
            return text
        if re.fullmatch(r"-?[0-9]{1,18}", text):
            return int(text)
        if kind == "INTEGER":
            raise RequestError(f"属性「{name}」は整数で書いてください。", f"Property {name!r} is an integer.", name)
        return number(text, name)

    def _within(self, area: Area) -> set[int]:
        found = {seq for (seq,) in self._connection.execute("SELECT seq FROM feature WHERE town IS NULL")}
        if area.frame is not None:
            extent = self._extent()
            box = cover(area.frame, extent, self.frame) if extent is not None else None
            return found | (self._exact_in_frame(self._candidates(box), area.frame) if box is not None else set())
        for box in area.boxes:
            found |= self._exact(box)
        return found

    def _extent(self) -> BBox | None:
        row = self._connection.execute("SELECT min(west), min(south), max(east), max(north) FROM box").fetchone()
        return None if row[0] is None else BBox(west=row[0], south=row[1], east=row[2], north=row[3])

    def _candidates(self, box: BBox) -> list[int]:
        rows = self._connection.execute(
            "SELECT seq FROM box WHERE west <= ? AND east >= ? AND south <= ? AND north >= ?",
            (box.east, box.west, box.north, box.south),
        )
        return [seq for (seq,) in rows]

    def _exact(self, box: BBox) -> set[int]:
        """What lies wholly inside needs no look at the geometry; what only touches the box does."""
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
        return inside | {stored.seq for stored, hit in zip(texts, hits, strict=True) if hit}

    def _exact_in_frame(self, candidates: list[int], asked: FrameBox) -> set[int]:
        texts = self.read(candidates)
        area = shapely.box(asked.west_m, asked.south_m, asked.east_m, asked.north_m)
        shapely.prepare(area)
        hits = shapely.intersects(area, shapely.from_wkb([stored.town for stored in texts]))
        return {stored.seq for stored, hit in zip(texts, hits, strict=True) if hit}

    def near(self, easting_m: float, northing_m: float, box: BBox, radius_m: float, limit: int) -> list[Near]:
        """Lines and points within `radius_m`, and polygons that hold the point (boundary included); nearest first.

        `box` is a lon/lat box that surely holds everything within the radius.
        """
        texts = self.read(self._candidates(box))
        if not texts:
            return []
        geometries = shapely.from_wkb([stored.town for stored in texts])
        distances = shapely.distance(geometries, shapely.Point(easting_m, northing_m))
        flat = shapely.get_dimensions(geometries) == 2
        found = [
            Near(stored, float(distance))
            for stored, distance, polygon in zip(texts, distances, flat, strict=True)
            if distance <= (0.0 if polygon else radius_m)
        ]
        return sorted(found, key=lambda near: (near.distance_m, near.feature.seq))[:limit]


class Stores:
    """Opens store.sqlite files and keeps the most recently used of each thread."""

    def __init__(self) -> None:
        self._local = threading.local()

    def open(self, path: Path) -> FeatureStore:
        """The features of one edition for the calling thread."""
        stores: OrderedDict[Path, FeatureStore] | None = getattr(self._local, "stores", None)
        if stores is None:
            stores = self._local.stores = OrderedDict()
        store = stores.get(path)
        if store is None:
            address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            store = stores[path] = FeatureStore(sqlite3.connect(address, uri=True, check_same_thread=True))
            if len(stores) > _OPEN_FILES:
                stores.popitem(last=False)
        stores.move_to_end(path)
        return store


@dataclass(frozen=True)
class Selection:
    """Features of one or several editions in order: of each store the numbers of the features chosen."""

    parts: Sequence[tuple[FeatureStore, Sequence[int]]]

    @property
    def count(self) -> int:
        """How many features are chosen."""
        return sum(len(seqs) for _, seqs in self.parts)

    def read(self, offset: int, limit: int) -> list[Stored]:
        """One page."""
        page: list[Stored] = []
        for store, seqs in self.parts:
            page += store.read(seqs[offset : offset + limit - len(page)])
            offset = max(0, offset - len(seqs))
            if len(page) >= limit:
                break
        return page


def select(stores: Sequence[FeatureStore], area: Area | None, filters: Sequence[tuple[str, str]]) -> Selection:
    """The features of several editions, newest edition first: of each id only the newest counts.

    A feature that was changed out of the area does not come back in its older form: its newest state decides.
    """
    if len(stores) == 1:
        return Selection([(stores[0], stores[0].matching(area, filters))])
    parts: list[tuple[FeatureStore, Sequence[int]]] = []
    seen: set[str] = set()
    for store in stores:
        names = store.ids()
        parts.append((store, [seq for seq in store.matching(area, filters) if names[seq] not in seen]))
        seen.update(names.values())
    return Selection(parts)
