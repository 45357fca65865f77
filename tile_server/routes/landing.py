"""/api, /api/conformance, /api/openapi.json, /api/docs: what the service is and which standards it keeps."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from tile_server import documents
from tile_server.documents import REL
from tile_server.openapi import OPENAPI_TYPE, api_document, described
from tile_server.respond import HTML, JSON, Wanted, both_forms, link, reply, reply_both, reply_page
from tile_server.site import Asked, View

router = APIRouter()

_FEATURES = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
_TILES = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/"
_COMMON = "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/"

CONFORMS_TO = (
    *(f"{_COMMON}{name}" for name in ("core", "landing-page", "json", "html", "oas30")),
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    *(f"{_FEATURES}{name}" for name in ("core", "oas30", "html", "geojson")),
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    *(f"{_TILES}{name}" for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt", "png", "jpeg")),
    f"{_TILES}oas30",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
)
"""Only what is built and tested here."""


def _landing(view: View, form: Wanted) -> dict[str, Any]:
    title = documents.title_of(view.service)
    return {
        "title": title,
        "description": f"{view.service.name}の都市計画図・道路図などの地図。{view.service.disclaimer}",
        "attribution": view.service.attribution,
        "links": [
            *both_forms(view, form, "api"),
            link(view.url("api", "openapi.json"), "service-desc", OPENAPI_TYPE, "API の定義 (OpenAPI 3.0)"),
            link(view.url("api", "docs"), "service-doc", HTML, "API の説明"),
            link(view.url("api", "conformance", f="json"), "conformance", JSON, "準拠する規格"),
            link(view.url("api", "collections", f="json"), "data", JSON, "地図の一覧"),
            link(view.url("api", "tileMatrixSets", f="json"), REL + "tiling-schemes", JSON, "タイル行列集合"),
            link(view.base + "/", "related", HTML, "地図を見る"),
        ],
        "service": documents.service_document(view),
    }


@router.get("/api/", include_in_schema=False)
@router.get("/api", **described("landingPage", JSON, HTML, summary="この API の入口"))
def landing(view: Asked, request: Request, form: Wanted) -> Response:
    """OGC 17-069r4, 7.2: the landing page, with the service's own description beside it."""
    return reply_both(view, request, form, _landing(view, form), "landing.html")


@router.get("/api/conformance", **described("confClasses", JSON, HTML, summary="準拠する規格"))
def conformance(view: Asked, request: Request, form: Wanted) -> Response:
    """OGC 17-069r4, 7.4: the conformance classes."""
    document = {"conformsTo": list(CONFORMS_TO), "links": both_forms(view, form, "api", "conformance")}
    return reply_both(view, request, form, document, "conformance.html")


@router.get("/api/openapi.json", **described("document", OPENAPI_TYPE, summary="API の定義 (OpenAPI 3.0)"))
def openapi(view: Asked, request: Request) -> Response:
    """OGC 17-069r4, 7.3: the API definition, self-contained, OpenAPI 3.0.3."""
    return reply(view, request, orjson.dumps(api_document(request.app, view)), OPENAPI_TYPE)


@router.get("/api/docs", **described("document", HTML, summary="API の説明"))
def docs(view: Asked, request: Request) -> Response:
    """The API definition for people, without a script and without another host."""
    return reply_page(view, request, "docs.html", document=api_document(request.app, view))
