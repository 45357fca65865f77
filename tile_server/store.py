"""Features of a published edition: by id, box, properties, filter, and near a point. Reads store.sqlite only.

The file is opened read-only and as immutable (an edition never changes), one connection a thread and file. Places are
answered by a shelf: from the file (`tile_server.shelves`) or from memory (`tile_server.memory`).
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from gis_pipeline.model import BBox
from tile_server.area import Area
from tile_server.attributes import Attributes
from tile_server.errors import RequestError
from tile_server.filters import Condition
from tile_server.memory import MemoryShelf
from tile_server.numbers import number
from tile_server.shelves import Near, Shelf, SqliteShelf, Stored

__all__ = ["FeatureStore", "Near", "Stored", "Stores"]

_OPEN_FILES = 64
MEMORY_SHELVES = 4


class FeatureStore:
    """The features of one edition over one thread's connection; those held in memory over everybody's shelf."""

    def __init__(self, connection: sqlite3.Connection, shelf: Shelf | None = None) -> None:
        self._connection = connection
        rows = connection.execute("PRAGMA table_info(attribute)")
        self.types = {str(row[1]): str(row[2]).upper() for row in rows if row[1] != "seq"}
        meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
        self.count = int(meta["count"])
        self.frame = str(meta["frame"])
        self.shelf: Shelf = shelf or SqliteShelf(connection, self.frame)
        self.attributes = Attributes(connection, self.types, self.frame, self.shelf)

    def by_id(self, fid: str) -> Stored | None:
        """The feature of that id."""
        return self.shelf.by_id(fid)

    def read(self, seqs: Sequence[int]) -> list[Stored]:
        """Features by number, in the order given."""
        return self.shelf.read(seqs)

    def ids(self) -> dict[int, str]:
        """Every feature's id by its number."""
        return self.shelf.ids()

    def matching(
        self, area: Area | None, filters: Sequence[tuple[str, str]], condition: Condition | None = None
    ) -> Sequence[int]:
        """Numbers of the features in the area whose properties equal the filters and that fulfil the condition.

        In published order. A feature without geometry matches every area (OGC 17-069r4, fc-bbox-response B).
        """
        chosen = self._equal(filters) if filters else None
        if condition is not None:
            true = self.attributes.fulfilling(condition)
            chosen = true if chosen is None else chosen & true
        if area is None:
            return range(1, self.count + 1) if chosen is None else sorted(chosen)
        inside = self._within(area)
        return inside if chosen is None else [seq for seq in inside if seq in chosen]

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

    def _within(self, area: Area) -> list[int]:
        parts = [self.shelf.in_box(box) for box in area.boxes]
        if area.frame is not None:
            parts.append(self.shelf.in_frame(area.frame))
        if len(parts) == 1 and not self.shelf.unplaced:
            return parts[0]
        return sorted(self.shelf.unplaced.union(*parts))

    def near(self, easting_m: float, northing_m: float, box: BBox, radius_m: float, limit: int) -> list[Near]:
        """Lines and points within `radius_m`, and polygons that hold the point (boundary included); nearest first.

        `box` is a lon/lat box that surely holds everything within the radius.
        """
        return self.shelf.near(easting_m, northing_m, box, radius_m, limit)


class Stores:
    """Opens store.sqlite files and keeps the most recently used of each thread.

    Editions of up to `memory_features` features are held in memory once for all threads, as long as all of them
    together are no more than MEMORY_SHELVES times as many.
    """

    def __init__(self, memory_features: int = 0) -> None:
        self._local = threading.local()
        self._most = memory_features
        self._lock = threading.Lock()
        self._held: OrderedDict[Path, tuple[MemoryShelf, int]] = OrderedDict()

    def open(self, path: Path) -> FeatureStore:
        """The features of one edition for the calling thread."""
        stores: OrderedDict[Path, FeatureStore] | None = getattr(self._local, "stores", None)
        if stores is None:
            stores = self._local.stores = OrderedDict()
        store = stores.get(path)
        if store is None:
            address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            connection = sqlite3.connect(address, uri=True, check_same_thread=True)
            store = stores[path] = FeatureStore(connection, self._shelf(path, connection))
            if len(stores) > _OPEN_FILES:
                stores.popitem(last=False)
        stores.move_to_end(path)
        return store

    def holds(self, path: Path) -> bool:
        """Whether the edition is in memory already, so that asking it never waits for the disk."""
        return path in self._held

    def _shelf(self, path: Path, connection: sqlite3.Connection) -> MemoryShelf | None:
        count = int(connection.execute("SELECT value FROM meta WHERE key = 'count'").fetchone()[0])
        if count > self._most:
            return None
        with self._lock:
            if path not in self._held:
                self._held[path] = MemoryShelf(connection), count
            self._held.move_to_end(path)
            while sum(held for _, held in self._held.values()) > MEMORY_SHELVES * self._most and len(self._held) > 1:
                self._held.popitem(last=False)
            return self._held[path][0]
