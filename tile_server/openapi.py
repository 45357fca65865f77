"""FastAPI's document → a true, self-contained OpenAPI 3.0.3.

FastAPI writes 3.1 whatever version is asked for, documents a 422 that never happens here, and knows parameters as the
texts they are parsed from. So paths and summaries are taken from it, and parameters and answers are said here, once.
OGC's test suites look for `/collections/…` relative to the first server: paths below /api are written so; every other
path names its own server.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from gis_pipeline.crs import output_crs
from tile_server import itempaths
from tile_server.cql2 import MAX_LENGTH
from tile_server.documents import current_editions
from tile_server.errors import PROBLEM
from tile_server.exports import MEDIA_TYPES
from tile_server.outline import MOST_CHARACTERS
from tile_server.schemas import SCHEMAS
from tile_server.site import View
from tile_server.window import MOST_SIDE_PX

OPENAPI_TYPE = "application/vnd.oai.openapi+json;version=3.0"
ANY_FILE = "*/*"
_API = "/api"

Json = dict[str, Any]

_TEXT = {"type": "string"}
_LON = {"type": "number", "minimum": -180, "maximum": 180}
_LAT = {"type": "number", "minimum": -90, "maximum": 90}
_WHOLE = {"type": "integer", "minimum": 0, "maximum": (1 << 24) - 1}
_ZOOM = {"type": "integer", "minimum": 0, "maximum": 24}
_TMS = {"type": "string"}


def _up_to(most: int) -> str:
    """The pattern of the whole numbers from 1 to `most` (of two digits or more)."""
    text = str(most)
    found = [rf"[1-9][0-9]{{0,{len(text) - 2}}}"]
    for at, digit in enumerate(text):
        low = 0 if at else 1
        if int(digit) > low:
            found.append(rf"{text[:at]}[{low}-{int(digit) - 1}][0-9]{{{len(text) - at - 1}}}")
    return rf"^({'|'.join(found)}|{text})$"


_SIDE = {"type": "string", "pattern": _up_to(MOST_SIDE_PX)}
"""A pattern and no `maximum`: beyond it the answer is 413, as OGC 20-058 wants it, and not that of a bad parameter."""

_LON_TEXT, _LAT_TEXT = r"-?(?:1[0-7][0-9]|[1-9]?[0-9])(?:\.[0-9]{1,12})?", r"-?[1-8]?[0-9](?:\.[0-9]{1,12})?"
_AREA = (
    rf"^(?:POLYGON ?\(\(({_LON_TEXT} {_LAT_TEXT})(?:, ?{_LON_TEXT} {_LAT_TEXT}){{2,60}}, ?\1\)\)"
    rf'|\{{"type":"Polygon","coordinates":\[\[(\[{_LON_TEXT},{_LAT_TEXT}\])(?:,\[{_LON_TEXT},{_LAT_TEXT}\]){{2,60}},\2\]\]\}})$'
)
"""One ring that ends where it began; that it does not cross itself no pattern can say: such a one is nowhere (404)."""
_EDITION: Json = {
    "type": "string",
    "anyOf": [{"format": "date"}, {"format": "date-time"}, {"pattern": rf"^{itempaths.DAY}\.[1-9][0-9]{{0,3}}$"}],
}

_PARAMETERS: dict[str, Json] = {
    "filter": {"type": "string", "maxLength": MAX_LENGTH},
    "filter-lang": {"type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text"},
    "skipGeometry": {"type": "boolean", "default": False},
    "bbox": {
        "type": "array",
        "items": {"type": "number"},
        "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
    },
    "lon": _LON,
    "lat": _LAT,
    "radius_m": {"type": "number", "minimum": 0, "default": 10},
    "buffer_m": {"type": "number", "minimum": 0, "exclusiveMinimum": True, "default": 20},
    "route": {"type": "string", "pattern": "^[A-Za-z0-9_.()-]{1,40}$"},
    "clip": {"type": "string", "enum": ["true", "false"], "default": "false"},
    "encoding": {"type": "string", "enum": ["utf-8", "cp932"], "default": "utf-8"},
    "q": {"type": "string", "maxLength": 100},
    "datetime": {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]},
    "offset": {"type": "integer", "minimum": 0, "default": 0},
    "area": {"type": "string", "pattern": _AREA, "maxLength": MOST_CHARACTERS},
    "from": _EDITION,
    "to": _EDITION,
    "name": {"type": "string", "pattern": r"^[a-z][a-z0-9_-]*(\.[a-z0-9]+){1,2}$"},
    "width": _SIDE,
    "height": _SIDE,
    "transparent": {"type": "string", "enum": ["true", "false"]},
    "bgcolor": {"type": "string", "pattern": "^(0[xX]|#)?[0-9A-Fa-f]{6}$", "default": "0xFFFFFF"},
    "collectionId": _TEXT,
    "tileMatrixSetId": _TMS,
    "tileMatrix": _ZOOM,
    "tileRow": _WHOLE,
    "tileCol": _WHOLE,
    "z": _ZOOM,
    "x": _WHOLE,
}
"""The schema of each parameter, wherever it stands."""

_EXPLAINED = {
    "filter": (
        f"CQL2（text か JSON、{MAX_LENGTH} 文字まで）の条件。"
        "例: `kenpei >= 50 AND S_INTERSECTS(geometry,BBOX(139.26,35.73,139.28,35.75))`。"
        "pattern が述べるのは AND と OR でつないだ条件まで。かっこ、CASEI、ほかの図形なども使える"
    ),
    "sortby": "並べ替える属性をコンマで区切る。降順は -。例: `-kenpei,bango`",
    "properties": "返す属性をコンマで区切る。例: `youto,kenpei`。空なら返さない",
    "bbox": "範囲。経度・緯度（bbox-crs があればその順）の下限と上限。地上にない範囲は 404",
    "area": "範囲の多角形。経度・緯度の WKT か GeoJSON。穴、MultiPolygon、Feature も使える。地上にない形は 404",
}
"""What a schema alone does not tell."""

_END = rf"(\.\.|{itempaths.DAY}(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)?)?"
_INTERVAL = rf"^{_END}/{_END}$"

_MOMENTS = ("/items", "/api/records", "/api/stac", "/api/stac/collections/{collectionId}")
"""The paths whose `datetime` may be an interval."""
_PICTURES = ["png", "jpeg", "webp"]
_FORMS = {
    "/api/map": _PICTURES,
    "/api/collections/{collectionId}/map": _PICTURES,
    "/api/styles/{styleId}": ["json", "sld", "qml"],
    "/api/styles/{styleId}/metadata": ["json"],
    "/api/collections/{collectionId}/changes": ["json", "html", "atom", "jsonfeed"],
    "/api/changes": ["json", "html", "atom", "jsonfeed"],
    "/api/collections/{collectionId}/items": ["json", "html", *MEDIA_TYPES],
}
"""The values of `f` where they are not those of `tile_server.respond`."""

_REQUIRED = {"q", "lon", "lat"}
_TILE_FORMATS = {"vector": ["mvt"], "map": ["webp", "png", "jpg"]}


def described(schema: str, *media_types: str, summary: str, operation: str | None = None) -> Json:
    """What a route's decorator says about its answer: media types, the component schema of JSON ones, a title.

    `operation` is the id of the operation where a standard names it.
    """
    content = {
        kind: {
            "schema": {"$ref": f"#/components/schemas/{schema}"} if "json" in kind and schema else {"type": "string"}
        }
        for kind in media_types
    }
    if not schema:
        binary: Json = {"type": "string", "format": "binary"}
        content = {kind: {"schema": {} if kind == ANY_FILE else binary} for kind in media_types}
    return {
        "summary": summary,
        "operation_id": operation,
        "response_class": Response,
        "responses": {200: {"description": summary, "content": content}},
    }


def definition(app: FastAPI) -> Json:
    """The document without what depends on a request; made once, when the application is."""
    raw = get_openapi(title="machizu", version="1", openapi_version="3.0.3", routes=app.routes)
    paths: Json = {}
    for path, item in raw["paths"].items():
        operation = _operation(path, item["get"])
        if path == _API or path.startswith(_API + "/"):
            paths[path.removeprefix(_API) or "/"] = {"get": operation}
        else:
            paths[path] = {"servers": [], "get": operation}
    return {"openapi": "3.0.3", "paths": paths, "components": {"schemas": SCHEMAS, "responses": _PROBLEMS}}


_PROBLEMS: Json = {
    name: {
        "description": text,
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/problem"}}},
    }
    for name, text in {
        "BadRequest": "要求の書き方が正しくない (a parameter is unknown or has an invalid value)",
        "NotFound": "見つからない、またはデータ無し (not found, or no data for that day)",
        "Withdrawn": "公開を取り下げた (withdrawn; the reason is given)",
        "Problem": "そのほかの問題 (any other problem)",
    }.items()
}


def _operation(path: str, raw: Json) -> Json:
    responses: Json = {"200": copy.deepcopy(raw["responses"]["200"])}
    if "/{tileCol}" in path or path.startswith("/tiles/{layer}"):
        responses["204"] = {"description": "その区画には何もない (an empty tile)"}
    if path.startswith("/download/"):
        responses["202"] = {
            "description": "時間がかかる。Location の /jobs/{jobId} で進みぐあいが分かる (a long download)",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    if path.startswith("/files/"):
        responses["206"] = copy.deepcopy(responses["200"])
    responses |= {
        "400": {"$ref": "#/components/responses/BadRequest"},
        "404": {"$ref": "#/components/responses/NotFound"},
        "410": {"$ref": "#/components/responses/Withdrawn"},
        "default": {"$ref": "#/components/responses/Problem"},
    }
    operation: Json = {
        "operationId": raw["operationId"].removesuffix("_get"),
        "summary": raw["summary"],
        "tags": [_tag(path)],
        "parameters": [_parameter(path, parameter) for parameter in raw.get("parameters", [])],
        "responses": responses,
    }
    if raw.get("description"):
        operation["description"] = raw["description"]
    return operation


def _tag(path: str) -> str:
    if "tile" in path.lower() or path.startswith("/styles"):
        return "タイル"
    if path.startswith(("/files", "/download", "/jobs")):
        return "ファイル"
    if "/collections" in path:
        return "地物"
    return "その他" if path.startswith("/health") else "入口"


def _parameter(path: str, raw: Json) -> Json:
    name = raw["name"]
    schema = copy.deepcopy(_PARAMETERS.get(name, _TEXT))
    if name == "f":
        formats = _TILE_FORMATS["map" if "/map/" in path else "vector"]
        others = _FORMS.get(path, ["json", "html"])
        schema = {"type": "string", "enum": formats if "{tileCol}" in path else others}
    if name == "datetime" and path.endswith(_MOMENTS):
        schema["anyOf"].append({"pattern": _INTERVAL})
    parameter: Json = {
        "name": name,
        "in": raw["in"],
        "required": raw["in"] == "path" or (name in _REQUIRED and not path.startswith(_API)),
        "schema": schema,
    }
    if raw.get("description"):
        parameter["description"] = _EXPLAINED.get(name, raw["description"])
    if raw["in"] == "query":
        parameter |= {"style": "form", "explode": False}
    return parameter


def api_document(app: FastAPI, view: View) -> Json:
    """The API definition for one request: with its servers, limits, and the collections that are in force today."""
    document: Json = copy.deepcopy(app.state.definition)
    service = view.service
    about: Json = {
        "title": service.title or f"{service.name}の地図",
        "version": "1",
        "description": f"{service.name}の地図の API。{service.disclaimer}",
        "x-OGC-limits": {"maps": {"maxWidth": MOST_SIDE_PX, "maxHeight": MOST_SIDE_PX, "maxPixels": MOST_SIDE_PX**2}},
    }
    declarations = [published.declaration for published in current_editions(view)]
    collections = [declaration.id for declaration in declarations]
    for item in document["paths"].values():
        if "servers" in item:
            item["servers"] = [{"url": view.base or "/"}]
        for parameter in item["get"]["parameters"]:
            _fill(parameter, item["get"], collections, view)
        _clamped(item)
    if declarations:
        document["paths"] |= itempaths.paths(document["paths"].pop(itempaths.ITEMS), declarations)
    return {
        "openapi": document["openapi"],
        "info": about,
        "servers": [{"url": view.base + _API}],
        "paths": document["paths"],
        "components": document["components"],
    }


def _clamped(item: Json) -> None:
    """Says that a `limit` beyond the maximum is clamped, not refused (OGC 17-069r4, fc-limit-response).

    A schema with `maximum` alone would say the opposite. So the path states the parameter with its maximum, where
    OGC's test suite looks for it, and the operation, which overrides it, states what is accepted.
    """
    for parameter in item["get"]["parameters"]:
        if parameter["name"] == "limit" and "maximum" in parameter["schema"]:
            item["parameters"] = [copy.deepcopy(parameter)]
            most = parameter["schema"].pop("maximum")
            parameter["description"] = f"一度に返す件数。{most} を超える値は {most} とみなします"


def _fill(parameter: Json, operation: Mapping[str, Any], collections: list[str], view: View) -> None:
    name, schema, settings = parameter["name"], parameter["schema"], view.site.settings
    default, most = settings.default_limit, settings.max_limit
    if name in ("collectionId", "styleId") and collections:
        schema["enum"] = collections
    elif name == "collections":
        items = {"type": "string", "enum": collections} if collections else _TEXT
        parameter["schema"] = {"type": "array", "items": items, "minItems": 1, "maxItems": 20, "uniqueItems": True}
    elif name in ("crs", "bbox-crs", "filter-crs"):
        schema["enum"] = [crs.uri for crs in output_crs(view.service.crs)]
    elif name == "offset":
        schema["maximum"] = settings.max_offset
    elif name == "radius_m":
        schema["maximum"] = settings.max_radius_m
    elif name == "buffer_m":
        schema["maximum"] = settings.max_buffer_m
    elif name == "limit" and any(other["name"] == "q" for other in operation["parameters"]):
        parameter["schema"] = {"type": "integer", "minimum": 1, "default": 20}
    elif name == "limit":
        parameter["schema"] = {"type": "integer", "minimum": 1, "maximum": most, "default": min(default, most)}
