"""JSON Schemas of a map's properties: what may be asked for, sorted by, and what is handed out.

OGC 19-079r2 (queryables) and OGC 23-058 (schemas, roles, sortables).
"""

from __future__ import annotations

from typing import Any

from gis_pipeline.model import Collection
from tile_server import documents
from tile_server.filters import GEOMETRY
from tile_server.site import View

Schema = dict[str, Any]

_TYPES = {"integer": "integer", "percent": "integer", "number": "number"}
_GEOMETRIES = {"polygon": "geometry-multipolygon", "line": "geometry-multilinestring"}
UCUM = {"%": "%", "％": "%", "m": "m", "km": "km", "cm": "cm", "mm": "mm", "㎡": "m2", "m²": "m2", "m2": "m2"} | {
    "ha": "har",
    "年": "a",
    "度": "deg",
}
"""The units that declarations use, in the Unified Code for Units of Measure."""


def queryables(declaration: Collection, view: View) -> Schema:
    """What `filter` and `field=value` may name (OGC 19-079r2, 6); any other name is a 400."""
    properties = _attributes(declaration)
    if _placed(declaration):
        properties[GEOMETRY] = _geometry(declaration)
    return _schema(declaration, view, "queryables", properties)


def sortables(declaration: Collection, view: View) -> Schema:
    """What `sortby` may name (OGC 23-058, sortables)."""
    return _schema(declaration, view, "sortables", _attributes(declaration))


def returnables(declaration: Collection, view: View) -> Schema:
    """What a feature of the map has: its id, its geometry, its attributes with their units (OGC 23-058)."""
    properties: Schema = {"id": {"title": "地物の id", "type": "string", "readOnly": True, "x-ogc-role": "id"}}
    if _placed(declaration):
        properties[GEOMETRY] = _geometry(declaration)
    properties |= _attributes(declaration)
    for n, member in enumerate(properties.values(), start=1):
        member["x-ogc-propertySeq"] = n
    document = _schema(declaration, view, "schema", properties)
    required = [name for name, field in declaration.fields.items() if field.required]
    return document | ({"required": required} if required else {})


def _placed(declaration: Collection) -> bool:
    return declaration.geometry != "none" or declaration.scan is not None


def _geometry(declaration: Collection) -> Schema:
    kind = "geometry-multipolygon" if declaration.scan is not None else _GEOMETRIES.get(declaration.geometry)
    return {"title": "図形", "format": kind or "geometry-point-or-multipoint", "x-ogc-role": "primary-geometry"}


def _attributes(declaration: Collection) -> Schema:
    named: Schema = {}
    for field in documents.fields(declaration):
        member: Schema = {"title": field["title"], "type": _TYPES.get(field["type"], "string")}
        if field["type"] == "date":
            member["format"] = "date"
        unit = field["unit"]
        if unit in UCUM:
            member["x-ogc-unit"] = UCUM[unit]
        elif unit:
            member["description"] = f"単位: {unit}"
        named[field["name"]] = member
    if declaration.class_field is not None:
        named[declaration.class_field]["enum"] = [entry.code for entry in declaration.classes]
    return named


def _schema(declaration: Collection, view: View, name: str, properties: Schema) -> Schema:
    """`$id` has no query: it is the schema as it stands today (OGC 23-058, /req/schemas/json-schema B)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": view.url("api", "collections", declaration.id, name),
        "type": "object",
        "title": declaration.title,
        "properties": properties,
        "additionalProperties": False,
    }
