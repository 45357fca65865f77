"""The components of the API definition: what the JSON documents look like (OpenAPI 3.0.3 schemas)."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def _object(required: list[str], **properties: Json) -> Json:
    schema: Json = {"type": "object", "properties": properties}
    return schema | {"required": required} if required else schema


def _array(items: Json, **more: Any) -> Json:
    return {"type": "array", "items": items} | more


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "number"}
_WHOLE: Json = {"type": "integer", "minimum": 0}
_LINKS = _array(_ref("link"))
_BBOX = _array(_NUMBER, minItems=4, maxItems=4)

SCHEMAS: Json = {
    "link": _object(
        ["href", "rel", "type"],
        href=_TEXT,
        rel=_TEXT,
        type=_TEXT,
        title=_TEXT,
        length=_WHOLE,
        templated={"type": "boolean"},
    ),
    "problem": _object(
        ["type", "title", "status", "detail"],
        type=_TEXT,
        title=_TEXT,
        status={"type": "integer"},
        detail=_TEXT,
        titleEn=_TEXT,
        detailEn=_TEXT,
        parameter=_TEXT,
        reason=_TEXT,
    ),
    "document": {"type": "object"},
    "job": _object(
        ["id", "status", "progress", "links"],
        id=_TEXT,
        status={"type": "string", "enum": ["running", "done", "failed"]},
        progress={"type": "integer", "minimum": 0, "maximum": 100},
        links=_LINKS,
    ),
    "health": _object(["status"], status=_TEXT, release=_WHOLE),
    "landingPage": _object(
        ["title", "links", "service"], title=_TEXT, description=_TEXT, links=_LINKS, service={"type": "object"}
    ),
    "confClasses": _object(["conformsTo"], conformsTo=_array(_TEXT), links=_LINKS),
    "collections": _object(
        ["links", "collections"], links=_LINKS, crs=_array(_TEXT), collections=_array(_ref("collection"))
    ),
    "extent": _object(
        [],
        spatial=_object(["bbox"], bbox=_array(_BBOX, minItems=1), crs=_TEXT),
        temporal=_object(["interval"], interval=_array(_array(_TEXT | {"nullable": True}), minItems=1), trs=_TEXT),
    ),
    "collection": _object(
        ["id", "title", "links", "crs"],
        id=_TEXT,
        title=_TEXT,
        description=_TEXT,
        itemType=_TEXT,
        crs=_array(_TEXT),
        storageCrs=_TEXT,
        extent=_ref("extent"),
        links=_LINKS,
        edition={"type": "object", "nullable": True},
    ),
    "geometry": _object(["type"], type=_TEXT) | {"nullable": True},
    "featureGeoJSON": _object(
        ["type", "geometry", "properties"],
        type={"type": "string", "enum": ["Feature"]},
        id=_TEXT,
        geometry=_ref("geometry"),
        properties={"type": "object", "nullable": True},
        links=_LINKS,
    ),
    "featureCollectionGeoJSON": _object(
        ["type", "features"],
        type={"type": "string", "enum": ["FeatureCollection"]},
        features=_array(_ref("featureGeoJSON")),
        links=_LINKS,
        timeStamp={"type": "string", "format": "date-time"},
        numberMatched=_WHOLE,
        numberReturned=_WHOLE,
    ),
    "tileSetSummary": _object(
        ["dataType", "crs", "links"],
        title=_TEXT,
        dataType={"type": "string", "enum": ["vector", "map"]},
        crs=_TEXT,
        tileMatrixSetURI=_TEXT,
        tileMatrixSetId=_TEXT,
        links=_LINKS,
        tileMatrixSetLimits=_array({"type": "object"}),
    ),
    "tileSets": _object(["tilesets"], links=_LINKS, tilesets=_array(_ref("tileSetSummary"))),
    "tileSet": _ref("tileSetSummary"),
    "tileMatrixSets": _object(["tileMatrixSets"], links=_LINKS, tileMatrixSets=_array({"type": "object"})),
    "tileMatrixSet": _object(["tileMatrices"], id=_TEXT, uri=_TEXT, crs=_TEXT, tileMatrices=_array({"type": "object"})),
    "styles": _object(["styles", "links"], links=_LINKS, styles=_array({"type": "object"}), default=_TEXT),
    "tileJSON": _object(
        ["tilejson", "tiles"], tilejson=_TEXT, tiles=_array(_TEXT), bounds=_BBOX, minzoom=_WHOLE, maxzoom=_WHOLE
    ),
    "identify": _object(
        ["lon", "lat", "easting_m", "northing_m", "layers"],
        lon=_NUMBER,
        lat=_NUMBER,
        easting_m=_NUMBER,
        northing_m=_NUMBER,
        insideTown={"type": "boolean", "nullable": True},
        layers=_array({"type": "object"}),
    ),
    "search": _object(["query", "results"], query=_TEXT, results=_array({"type": "object"})),
}
