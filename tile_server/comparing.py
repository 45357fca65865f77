"""Two published editions held against each other: computed once a pair, off the event loop, one at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import anyio
import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis_pipeline.catalog import Published
from gis_pipeline.changes import Difference, differences
from gis_pipeline.crs import to_lonlat
from gis_pipeline.errors import UnknownItem
from tile_server.area import Area
from tile_server.errors import TooLarge
from tile_server.store import FeatureStore, Stores

MOST_FEATURES = 50_000
"""Editions with more features are not compared on request."""
_KEPT_DIFFERENCES = 200_000
_KEPT_PAIRS = 500

Objects = NDArray[np.object_]


@dataclass(frozen=True)
class Counts:
    """How many features of each kind; one may be both changed (attributes) and moved. `area_m2`: moved polygons."""

    added: int
    removed: int
    changed: int
    moved: int
    area_m2: float

    @property
    def any(self) -> bool:
        """Whether there is any difference."""
        return bool(self.added or self.removed or self.changed or self.moved)


@dataclass(frozen=True)
class Comparison:
    """The differences of two editions; `town` and `lonlat` are their places in town metres and in degrees."""

    before: Published
    after: Published
    differences: tuple[Difference, ...]
    town: Objects
    lonlat: Objects

    def within(self, area: Area | None, outline: shapely.Geometry | None) -> Sequence[int]:
        """Numbers of the differences whose place meets the area; what has no place is never left out."""
        chosen = np.ones(len(self.differences), dtype=bool)
        if area is not None and area.frame is not None:
            box = area.frame
            chosen &= shapely.intersects(self.town, shapely.box(box.west_m, box.south_m, box.east_m, box.north_m))
        elif area is not None:
            boxes = shapely.union_all([shapely.box(box.west, box.south, box.east, box.north) for box in area.boxes])
            chosen &= shapely.intersects(self.lonlat, boxes)
        if outline is not None:
            shapely.prepare(outline)
            chosen &= shapely.intersects(self.lonlat, outline)
        found: list[int] = np.flatnonzero(chosen | shapely.is_missing(self.town)).tolist()
        return found

    def counts(self, numbers: Sequence[int]) -> Counts:
        """Totals over some of the differences."""
        some = [self.differences[n] for n in numbers]
        movements = [difference.movement for difference in some if difference.movement is not None]
        return Counts(
            added=sum(difference.kind == "added" for difference in some),
            removed=sum(difference.kind == "removed" for difference in some),
            changed=sum(bool(difference.fields) for difference in some),
            moved=len(movements),
            area_m2=sum(movement.area_m2 or 0.0 for movement in movements),
        )


class Comparisons:
    """Keeps what was compared, by collection and the keys of both editions (the same key is the same data)."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, str, str, str], Comparison] = OrderedDict()
        self._one_at_a_time = anyio.CapacityLimiter(1)

    async def of(self, stores: Stores, before: Published, after: Published) -> Comparison:
        """The comparison of two editions of one collection; UnknownItem where they cannot be compared here."""
        known = self._kept.get(_key(before, after))
        if known is not None:
            return known
        return await anyio.to_thread.run_sync(
            self._compare, stores, before, after, limiter=self._one_at_a_time, abandon_on_cancel=False
        )

    def _compare(self, stores: Stores, before: Published, after: Published) -> Comparison:
        key = _key(before, after)
        known = self._kept.get(key)
        if known is None:
            known = self._kept[key] = _compared(stores, before, after)
            while len(self._kept) > 1 and (
                len(self._kept) > _KEPT_PAIRS
                or sum(len(one.differences) for one in self._kept.values()) > _KEPT_DIFFERENCES
            ):
                self._kept.popitem(last=False)
        return known


def _key(before: Published, after: Published) -> tuple[str, str, str, str, str]:
    # The ids stand in it as well: a correction back to older material has the older one's key.
    return before.declaration.id, before.edition.id, before.edition.key, after.edition.id, after.edition.key


def comparable(before: Published, after: Published) -> bool:
    """Whether two editions can be compared on request: the same frame, and not too many features."""
    return before.edition.frame == after.edition.frame and _largest(before, after) <= MOST_FEATURES


def _largest(before: Published, after: Published) -> int:
    return max(before.edition.count, after.edition.count)


def _compared(stores: Stores, before: Published, after: Published) -> Comparison:
    named = f"「{after.declaration.title}」{before.edition.id} 版と {after.edition.id} 版"
    if _largest(before, after) > MOST_FEATURES:
        raise TooLarge(
            f"{named}は {MOST_FEATURES} 件を超えるので、ここでは比べられません。"
            "それぞれの版をダウンロードして比べてください。",
            f"Editions of more than {MOST_FEATURES} features are not compared on request.",
        )
    if not comparable(before, after):
        raise UnknownItem(
            f"{named}は座標系が違うので、ここでは比べられません。それぞれの版をダウンロードして比べてください。"
        )
    found = differences(_frame(stores, before), _frame(stores, after), hashed=not after.declaration.feature_id)
    town = np.array([difference.place for difference in found] or [], dtype=object)
    lonlat = np.asarray(to_lonlat(after.edition.frame).geometries(gpd.GeoSeries(town)).array, dtype=object)
    return Comparison(before, after, found, town, lonlat)


def _frame(stores: Stores, published: Published) -> gpd.GeoDataFrame:
    """A stored edition as the frame it was written from: index fid, its properties, geometry in town metres."""
    store: FeatureStore = stores.open(published.file("store.sqlite"))
    rows = store.read(range(1, store.count + 1))
    properties: list[dict[str, Any]] = [orjson.loads(row.geojson)["properties"] for row in rows]
    names = dict.fromkeys(name for row in properties for name in row)
    index = pd.Index([row.fid for row in rows], dtype=object)
    columns = {name: pd.Series([row.get(name) for row in properties], dtype=object, index=index) for name in names}
    geometry = gpd.GeoSeries(shapely.from_wkb([row.town for row in rows]), index=index)
    return gpd.GeoDataFrame(pd.DataFrame(columns, index=index), geometry=geometry)
