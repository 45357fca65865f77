"""The attributes of one edition: the table `attribute` of store.sqlite, filtered, sorted, read."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from gis_pipeline.crs import OutputCrs, output_crs
from gis_pipeline.model import BBox
from tile_server.area import FrameBox
from tile_server.errors import RequestError
from tile_server.filters import PREDICATES, Condition, Spatial, quoted
from tile_server.shelves import Shelf, Stored

FILTER_SECONDS = 5.0
"""How long a filter may look at one edition."""
_STEPS = 20_000
"""Instructions of SQLite between two looks at the clock."""
_BATCH = 500
_MARGIN_DEG, _MARGIN_M = 1e-8, 1e-3
"""Around what pre-selects; the geometries themselves decide."""

Value = str | int | float | None


@dataclass(frozen=True)
class SortKey:
    """One property that a list is sorted by; missing values come last either way."""

    name: str
    descending: bool = False


class Attributes:
    """Reads the table over one thread's connection; places are asked of the edition's shelf."""

    def __init__(self, connection: sqlite3.Connection, types: Mapping[str, str], frame: str, shelf: Shelf) -> None:
        self._connection = connection
        self._types = types
        self._frame = frame
        self._shelf = shelf
        connection.create_function("casefolded", 1, _casefolded, deterministic=True)

    def fulfilling(self, condition: Condition) -> set[int]:
        """Numbers of the features for which the condition is true; a 400 if that takes too long."""
        for name in sorted(condition.names - self._types.keys()):
            raise RequestError(f"属性「{name}」はこの版にありません。", f"This edition has no property {name!r}.", name)
        with self._bounded() as in_time:
            values: dict[str, Any] = dict(condition.values)
            values["none"] = _array(self._shelf.unplaced)
            for n, spatial in enumerate(condition.spatial):
                values[f"g{n}"] = _array(self._placed(spatial, in_time))
            # The text of the SQL comes from tile_server.filters alone: operators, own column names, placeholders.
            rows = self._connection.execute(f"SELECT seq FROM attribute WHERE {condition.sql}", values)
            return {seq for (seq,) in rows}

    def sorted(self, seqs: Sequence[int], order: Sequence[SortKey]) -> list[int]:
        """The same features by their attributes, missing values last, equals in published order."""
        keys = [key for key in order if key.name in self._types]
        terms = [
            f"{quoted(key.name)} IS NULL, {quoted(key.name)} {'DESC' if key.descending else 'ASC'}" for key in keys
        ]
        wanted = seqs if isinstance(seqs, range) else set(seqs)
        with self._bounded():
            rows = self._connection.execute(f"SELECT seq FROM attribute ORDER BY {', '.join([*terms, 'seq'])}")
            return [seq for (seq,) in rows if seq in wanted]

    def values(self, seqs: Sequence[int], names: Sequence[str]) -> list[tuple[Value, ...]]:
        """The attributes of features by number, in the orders given; a column this edition lacks is None."""
        columns = ", ".join(["seq", *(quoted(name) if name in self._types else "NULL" for name in names)])
        found: dict[int, tuple[Value, ...]] = {}
        for start in range(0, len(seqs), _BATCH):
            part = seqs[start : start + _BATCH]
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(f"SELECT {columns} FROM attribute WHERE seq IN ({marks})", tuple(part))
            found.update((row[0], tuple(row[1:])) for row in rows)
        return [found[seq] for seq in seqs]

    @contextmanager
    def _bounded(self) -> Iterator[Callable[[], None]]:
        """Ends what takes longer than FILTER_SECONDS with a 400; yields what looks at the clock outside of SQL."""
        end = time.monotonic() + FILTER_SECONDS

        def in_time() -> None:
            if time.monotonic() > end:
                raise _too_long()

        self._connection.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS)
        try:
            yield in_time
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            raise _too_long() from error
        finally:
            self._connection.set_progress_handler(None, 0)

    def _placed(self, spatial: Spatial, in_time: Callable[[], None]) -> set[int]:
        """Features that stand in the relation to the geometry."""
        if spatial.predicate == "s_disjoint":
            everything = {seq for (seq,) in self._connection.execute("SELECT seq FROM attribute")}
            return everything - self._shelf.unplaced - self._held(spatial, "s_intersects", in_time)
        return self._held(spatial, spatial.predicate, in_time)

    def _held(self, spatial: Spatial, predicate: str, in_time: Callable[[], None]) -> set[int]:
        candidates = self._candidates(spatial)
        found: set[int] = set()
        for start in range(0, len(candidates), _BATCH):
            in_time()
            features = self._shelf.read(candidates[start : start + _BATCH])
            hits = PREDICATES[predicate](self._shapes(features, spatial.code), spatial.geometry)
            found |= {stored.seq for stored, hit in zip(features, hits, strict=True) if hit}
        return found

    def _candidates(self, spatial: Spatial) -> list[int]:
        """What meets the box around the geometry."""
        if spatial.frame is not None:
            west, south, east, north = (
                spatial.frame.west_m,
                spatial.frame.south_m,
                spatial.frame.east_m,
                spatial.frame.north_m,
            )
            return self._shelf.in_frame(
                FrameBox(west - _MARGIN_M, south - _MARGIN_M, east + _MARGIN_M, north + _MARGIN_M)
            )
        if spatial.box is None:
            return []
        return self._shelf.in_box(
            BBox(
                west=spatial.box.west - _MARGIN_DEG,
                south=spatial.box.south - _MARGIN_DEG,
                east=spatial.box.east + _MARGIN_DEG,
                north=spatial.box.north + _MARGIN_DEG,
            )
        )

    def _shapes(self, features: Sequence[Stored], code: str) -> NDArray[np.object_]:
        """Geometries in the CRS of that code, x = easting or longitude."""
        if code not in ("OGC:CRS84", "EPSG:3857"):
            return np.asarray(shapely.from_wkb([stored.town for stored in features]))
        lonlat = np.asarray(shapely.from_geojson([stored.geojson for stored in features]))
        if code == "OGC:CRS84":
            return lonlat
        (mercator,) = (crs for crs in output_crs(self._frame) if crs.code == code)
        return np.asarray(shapely.transform(lonlat, lambda pairs: _moved(pairs, mercator)))


def _array(seqs: set[int] | frozenset[int]) -> str:
    return orjson.dumps(sorted(seqs)).decode()


def _moved(pairs: NDArray[np.float64], crs: OutputCrs) -> NDArray[np.float64]:
    return np.column_stack(crs.from_lonlat(pairs[:, 0], pairs[:, 1]))


def _casefolded(text: Any) -> Any:
    return text.casefold() if isinstance(text, str) else text


def _too_long() -> RequestError:
    return RequestError(
        "filter か sortby に時間がかかりすぎます。条件を絞ってください。",
        "filter or sortby takes too long; please narrow it down.",
        "filter",
    )
