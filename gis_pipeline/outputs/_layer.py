"""A product as the one layer of a file that GDAL writes, handed over in parts: GDAL never holds all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import shapely
from numpy.typing import NDArray

from gis_pipeline.crs import label, parse
from gis_pipeline.members import Product
from gis_pipeline.outputs import _table

Options = Mapping[str, str]

_MULTI: dict[shapely.GeometryType, Any] = {
    shapely.GeometryType.POINT: shapely.multipoints,
    shapely.GeometryType.LINESTRING: shapely.multilinestrings,
    shapely.GeometryType.POLYGON: shapely.multipolygons,
}


def write(
    product: Product, path: Path, driver: str, layer_options: Options, dataset_options: Options | None = None
) -> None:
    """Writes fid, the published properties and, but for a register, the geometry in the CRS that the part asks for.

    x = easting or longitude. The layer is named after the collection and has one geometry type.
    """
    collection = product.collection
    register = collection.geometry == "none" and collection.scan is None
    kind = None if register else geometry_type(product)
    pyogrio.write_arrow(
        pa.RecordBatchReader.from_batches(_schema(product, kind), _batches(product, kind)),
        path,
        driver=driver,
        layer=collection.id,
        geometry_name=None if register else "geometry",
        geometry_type=kind,
        crs=None if register else _crs(product.part.target_crs or product.service.crs),
        dataset_options=dict(dataset_options or {}),
        layer_options=dict(layer_options),
    )


def geometry_type(product: Product) -> str:
    """The geometry type of the layer in GDAL's words."""
    return _table.geometry_type(product.collection, product.frame.geometry)


def _crs(code: str) -> str:
    found = label(parse(code))
    return found if found.startswith("EPSG:") else parse(code).to_wkt("WKT1_GDAL")


def _schema(product: Product, kind: str | None) -> pa.Schema:
    empty = _table.table(_table.nothing_of(product))
    schema = pa.Schema.from_pandas(empty, preserve_index=False).remove_metadata()
    return schema if kind is None else schema.append(pa.field("geometry", pa.binary()))


def _batches(product: Product, kind: str | None) -> Iterator[pa.RecordBatch]:
    schema = _schema(product, kind)
    for part in _table.chunks(product):
        table = _table.table(part)
        if kind is not None:
            shapes = np.asarray(_table.placed_geometry(part).array, dtype=object)
            table["geometry"] = shapely.to_wkb(_multi(shapes) if kind.startswith("Multi") else shapes)
        # A column put together from several files stands in several pieces: a table takes it, a batch does not.
        yield from pa.Table.from_pandas(table, schema=schema, preserve_index=False).to_batches()


def _multi(shapes: NDArray[Any]) -> NDArray[Any]:
    """Single geometries as multiples of one, others as they are."""
    result = shapes.copy()
    types = shapely.get_type_id(shapes)
    for single, collect in _MULTI.items():
        rows = np.flatnonzero(types == single)
        if len(rows):
            result[rows] = collect(shapes[rows], indices=np.arange(len(rows)))
    return result
