"""The published attributes of a product, as the writers need them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import shapely

from gis_pipeline import crs
from gis_pipeline.members import Product
from gis_pipeline.model import Collection

Value = str | int | float | None

ROWS = 20_000
"""A writer prepares so many features at a time: what a file takes to write does not grow with its features."""


def chunks(product: Product) -> Iterator[Product]:
    """The product in parts of at most `ROWS` features, in published order; none for a product without features."""
    for start in range(0, len(product.frame), ROWS):
        yield replace(product, frame=product.frame.iloc[start : start + ROWS])


def nothing_of(product: Product) -> Product:
    """The product without its features."""
    return replace(product, frame=product.frame.iloc[:0])


def fields(product: Product) -> list[str]:
    """The published property names in order."""
    geometry = product.frame.active_geometry_name
    return [str(name) for name in product.frame.columns if name != geometry]


def values(column: pd.Series) -> list[Value]:
    """One column as plain Python values; NA, NaN and infinities are None."""
    return [
        None if missing or (isinstance(value, float) and not math.isfinite(value)) else value
        for value, missing in zip(column.tolist(), column.isna().tolist(), strict=True)
    ]


def fids(product: Product) -> list[str]:
    """The stable feature ids in published order."""
    return [str(fid) for fid in product.frame.index]


def table(product: Product) -> pd.DataFrame:
    """fid and the published properties, without geometry, numbered from 0."""
    columns: dict[str, object] = {"fid": pd.array(fids(product), dtype="string")}
    columns |= {name: product.frame[name].array for name in fields(product)}
    return pd.DataFrame(columns)


def geo_table(product: Product) -> gpd.GeoDataFrame:
    """fid, the published properties and the geometry in the product's CRS, numbered from 0."""
    placed = placed_geometry(product)
    return gpd.GeoDataFrame(table(product), geometry=placed.array, crs=placed.crs)


def placed_geometry(product: Product) -> gpd.GeoSeries:
    """Geometries in the CRS that the part asks for (x = easting or longitude), by default the town frame."""
    town, wanted = town_geometry(product), product.part.target_crs
    if wanted is None or wanted == product.service.crs:
        return town
    return crs.into(town, product.service.crs, wanted)


def town_geometry(product: Product) -> gpd.GeoSeries:
    """Geometries in the town frame, two-dimensional; empty ones are None; numbered from 0."""
    if product.frame.active_geometry_name is None:
        return gpd.GeoSeries([None] * len(product.frame), crs=product.service.crs)
    flat = shapely.force_2d(product.frame.geometry.to_numpy())
    flat[shapely.is_empty(flat)] = None
    return gpd.GeoSeries(flat, crs=product.frame.crs)


def geometry_type(collection: Collection, geometry: gpd.GeoSeries) -> str:
    """The one geometry type of the layer in GDAL's words: always Multi for lines and polygons."""
    if collection.scan is not None or collection.geometry == "polygon":
        return "MultiPolygon"
    if collection.geometry == "line":
        return "MultiLineString"
    present = geometry.array[~(shapely.is_missing(geometry.array) | shapely.is_empty(geometry.array))]
    single = len(geometry) > 0 and bool((shapely.get_type_id(present) == shapely.GeometryType.POINT).all())
    return "Point" if single else "MultiPoint"
