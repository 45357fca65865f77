"""Curve types without a curve in them: QGIS and GML store straight lines as CompoundCurve or MultiSurface."""

from __future__ import annotations

import struct
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.errors import ShapelyError

_LINE, _POLYGON, _ARC, _COMPOUND, _CURVE_POLYGON, _MULTI_CURVE, _MULTI_SURFACE = 2, 3, 8, 9, 10, 11, 12
CURVED = frozenset({_COMPOUND, _CURVE_POLYGON, _MULTI_CURVE, _MULTI_SURFACE})
"""WKB codes (OGC 06-103r4, table 7; SQL/MM) that may hold nothing but straight segments."""


ShapeT = TypeVar("ShapeT", shapely.LineString, shapely.Polygon)


class _Arc(Exception):
    """There is a circular arc in the geometry."""


def straighten(wkb: bytes) -> bytes | None:
    """The same geometry as line strings or polygons, vertex for vertex; None if it has an arc or is broken."""
    try:
        shape, _ = _shape(wkb, 0)
    except (_Arc, struct.error, IndexError, KeyError, ValueError, RecursionError, ShapelyError):
        return None
    return bytes(shapely.to_wkb(shape, flavor="iso"))


def _shape(data: bytes, offset: int) -> tuple[shapely.Geometry, int]:
    """The geometry at `offset` and the offset after it."""
    order = "<" if data[offset] else ">"
    code, count = struct.unpack_from(f"{order}II", data, offset + 1)
    dimension, kind = divmod(code, 1000)
    offset += 9
    if kind == _ARC:
        raise _Arc
    if kind == _LINE:
        vertices, offset = _vertices(data, offset, order, dimension, count)
        return shapely.LineString(vertices), offset
    if kind == _POLYGON:
        rings = []
        for _ in range(count):
            (size,) = struct.unpack_from(f"{order}I", data, offset)
            vertices, offset = _vertices(data, offset + 4, order, dimension, size)
            rings.append(vertices)
        return (shapely.Polygon(rings[0], rings[1:]) if rings else shapely.Polygon()), offset
    if kind not in CURVED:
        raise ValueError(kind)
    parts = []
    for _ in range(count):
        part, offset = _shape(data, offset)
        parts.append(part)
    return _joined(kind, parts), offset


def _joined(kind: int, parts: list[shapely.Geometry]) -> shapely.Geometry:
    if kind == _MULTI_CURVE:
        return shapely.MultiLineString([_sure(part, shapely.LineString) for part in parts])
    if kind == _MULTI_SURFACE:
        return shapely.MultiPolygon([_sure(part, shapely.Polygon) for part in parts])
    lines = [shapely.get_coordinates(part, include_z=bool(shapely.has_z(part))) for part in parts]
    if kind == _CURVE_POLYGON:
        return shapely.Polygon(lines[0], lines[1:]) if lines else shapely.Polygon()
    # Each part of a CompoundCurve begins where the one before ends.
    return shapely.LineString(np.concatenate([lines[0], *(line[1:] for line in lines[1:])]))


def _sure(part: shapely.Geometry, kind: type[ShapeT]) -> ShapeT:
    if not isinstance(part, kind):
        raise ValueError(type(part).__name__)
    return part


def _vertices(data: bytes, offset: int, order: str, dimension: int, count: int) -> tuple[NDArray[np.float64], int]:
    """x, y and, where there is one, z; a measure is left out."""
    width = {0: 2, 1: 3, 2: 3, 3: 4}[dimension]
    values = np.frombuffer(data, f"{order}f8", count * width, offset).reshape(count, width)
    return values[:, : 3 if dimension in (1, 3) else 2].astype(np.float64), offset + values.nbytes
