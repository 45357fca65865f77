"""The text of each GeoJSON feature (RFC 7946), prepared once for the file, the tiles and the server's store."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from gis_pipeline import crs
from gis_pipeline.members import Product
from gis_pipeline.outputs import _table

DECIMALS = 9
"""Decimals of longitude and latitude: 0.1 mm on the ground; seven would move points by up to 5.6 mm."""


@dataclass(frozen=True)
class Prepared:
    """A product in longitude and latitude (degrees), in published order.

    `geometry`: shapely objects or None, coordinates rounded to nine decimals, outer rings counterclockwise
    and holes clockwise (RFC 7946 §3.1.6).
    """

    product: Product
    geometry: NDArray[np.object_]

    @property
    def bounds(self) -> NDArray[np.float64]:
        """west, south, east, north per feature, shape (n, 4); NaN without geometry."""
        bounds: NDArray[np.float64] = shapely.bounds(self.geometry)
        return bounds

    @property
    def bbox(self) -> tuple[float, float, float, float] | None:
        """west, south, east, north of all features, None if none has a place."""
        present = self.bounds[~np.isnan(self.bounds[:, 0])]
        if not len(present):
            return None
        west, south = present[:, :2].min(axis=0).tolist()
        east, north = present[:, 2:].max(axis=0).tolist()
        return west, south, east, north

    @cached_property
    def properties(self) -> list[dict[str, Any]]:
        """The published properties of each feature."""
        names = _table.fields(self.product)
        columns = [_table.values(self.product.frame[name]) for name in names]
        if not columns:
            return [{} for _ in range(len(self.product.frame))]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    @cached_property
    def geometry_texts(self) -> list[bytes]:
        """Each geometry as GeoJSON; `null` without one."""
        # GEOS writes the shortest decimal that reads back as the same double, so rounded stays rounded.
        return [b"null" if text is None else text.encode() for text in shapely.to_geojson(self.geometry)]

    def texts(self) -> list[bytes]:
        """Each feature as a GeoJSON Feature in one line of UTF-8; `id` is the stable feature id."""
        rows = zip(_table.fids(self.product), self.geometry_texts, self.properties, strict=True)
        return [
            orjson.dumps(
                {"type": "Feature", "id": fid, "geometry": orjson.Fragment(geometry), "properties": properties}
            )
            for fid, geometry, properties in rows
        ]


def prepare(product: Product) -> Prepared:
    """Town metres → longitude/latitude, rounded and wound as RFC 7946 asks."""
    town = _table.town_geometry(product)
    return Prepared(product, lonlat(town, product.service.crs))


def prepared_chunks(product: Product) -> Iterator[Prepared]:
    """The product's chunks, prepared; each while the one before is written: GEOS and PROJ leave other threads alone."""
    with ThreadPoolExecutor(1) as worker:
        waiting: deque[Future[Prepared]] = deque()
        for rows in _table.chunks(product):
            waiting.append(worker.submit(_worked, rows))
            if len(waiting) > 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _worked(product: Product) -> Prepared:
    prepared = prepare(product)
    _ = prepared.geometry_texts
    return prepared


def lonlat(town: gpd.GeoSeries, frame: str) -> NDArray[np.object_]:
    """Geometries in the town frame → longitude/latitude with nine decimals, wound as RFC 7946 asks."""
    way = crs.to_lonlat(frame)

    def rounded(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
        # Rounding is done on the numbers: shapely.set_precision would snap to a grid and may drop parts.
        lonlats: NDArray[np.float64] = np.column_stack(way.points(pairs[:, 0], pairs[:, 1]))
        return lonlats.round(DECIMALS)

    moved = shapely.transform(np.asarray(town.array, dtype=object), rounded)
    wound: NDArray[np.object_] = shapely.orient_polygons(moved, exterior_cw=False)
    return wound
