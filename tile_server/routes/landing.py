"""/api, /api/conformance, /api/openapi.json, /api/docs: what the service is and which standards it keeps."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from gis_pipeline.crs import output_crs
from tile_server import documents, making
from tile_server.documents import REL
from tile_server.draw import MOST_FEATURES
from tile_server.feeds import ATOM
from tile_server.openapi import OPENAPI_TYPE, api_document, described
from tile_server.respond import HTML, JSON, Link, Wanted, both_forms, link, reply, reply_both, reply_page
from tile_server.site import Asked, View
from tile_server.window import MOST_SIDE_PX

router = APIRouter()

_FEATURES = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
_TILES = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/"
_MAPS = "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/"
_WMS_111 = "application/vnd.ogc.wms_xml"
_STYLES = "http://www.opengis.net/spec/ogcapi-styles-1/0.0/conf/"
_COMMON = "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/"

_FILTERING = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/"
_SCHEMAS = "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/"

CONFORMS_TO = (
    *(f"{_COMMON}{name}" for name in ("core", "landing-page", "json", "html", "oas30")),
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    *(f"{_FEATURES}{name}" for name in ("core", "oas30", "html", "geojson")),
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    *(f"{_FILTERING}{name}" for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")),
    *(f"{_CQL2}{name}" for name in ("cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators")),
    *(f"{_CQL2}{name}" for name in ("case-insensitive-comparison", "property-property")),
    *(f"{_CQL2}{name}" for name in ("basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions")),
    *(f"{_SCHEMAS}{name}" for name in ("schemas", "core-roles-features", "returnables-and-receivables")),
    *(f"{_SCHEMAS}{name}" for name in ("queryables", "sortables")),
    *(f"{_TILES}{name}" for name in ("core", "tileset", "tilesets-list", "dataset-tilesets", "geodata-tilesets")),
    *(f"{_TILES}{name}" for name in ("mvt", "png", "jpeg", "oas30")),
    *(f"{_MAPS}{name}" for name in ("core", "collection-map", "dataset-map", "collections-selection", "crs")),
    *(f"{_MAPS}{name}" for name in ("tilesets", "png", "jpeg", "oas30")),
    *(f"{_STYLES}{name}" for name in ("core", "json", "html", "mapbox-styles", "sld-11")),
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
            *_tiles(view),
            link(view.url("api", "tileMatrixSets", f="json"), REL + "tiling-schemes", JSON, "タイル行列集合"),
            link(view.url("api", "styles", f="json"), REL + "styles", JSON, "スタイルの一覧"),
            link(view.url("api", "map"), REL + "map", "image/png", "地図を重ねた画像 (OGC API – Maps)"),
            link(_capabilities(view, "wms", "WMS", "1.3.0"), "service-meta", "text/xml", "WMS 1.3.0"),
            link(_capabilities(view, "wms", "WMS", "1.1.1"), "service-meta", _WMS_111, "WMS 1.1.1"),
            link(view.url("wmts", "1.0.0", "WMTSCapabilities.xml"), "service-meta", "text/xml", "WMTS 1.0.0"),
            link(view.url("api", "stac"), "related", JSON, "目録 (STAC)"),
            link(view.url("api", "changes", f="html"), "related", HTML, "地図の更新"),
            link(view.url("api", "changes", f="atom"), "related", ATOM, "地図の更新の知らせ (Atom)"),
            link(view.url("layers.txt"), "related", "text/plain", "地理院地図の形のレイヤー一覧"),
            link(view.base + "/", "related", HTML, "地図を見る"),
        ],
        "crs": [crs.uri for crs in output_crs(view.service.crs)],
        "storageCrs": output_crs(view.service.crs)[-1].uri,
        "extent": documents.extent(view, view.snapshot.collections(), documents.current_editions(view)),
        "service": documents.service_document(view),
        "limits": _limits(view),
    }


def _capabilities(view: View, path: str, service: str, version: str) -> str:
    return view.url(path, SERVICE=service, REQUEST="GetCapabilities", VERSION=version)


def _tiles(view: View) -> list[Link]:
    if not any(published.edition.asset_of("pmtiles") for published in documents.current_editions(view)):
        return []
    return [link(view.url("api", "tiles", f="json"), REL + "tilesets-vector", JSON, "全部の地図のベクトルタイル")]


def _limits(view: View) -> dict[str, Any]:
    """What one request may ask for at most; beyond it the answer is 413, beyond `…Direct…` a job (202)."""
    settings = view.site.settings
    return {
        "itemsMaximum": settings.max_limit,
        "mapWidthMaximum": MOST_SIDE_PX,
        "mapHeightMaximum": MOST_SIDE_PX,
        "mapFeaturesMaximum": MOST_FEATURES,
        "downloadFeaturesDirect": settings.direct_download_features,
        "downloadFeaturesDirectByFormat": {
            suffix: settings.direct_download_features // making.effort(member)
            for suffix, member in making.formats().items()
            if making.effort(member) > 1
        },
        "downloadFeaturesMaximum": settings.max_download_features,
        "downloadPixelsDirect": settings.direct_download_pixels,
        "downloadPixelsMaximum": settings.max_download_pixels,
        "downloadAreaKm2Maximum": settings.max_download_area_km2,
        "areaCharactersMaximum": settings.max_area_characters,
        "areaVerticesMaximum": settings.max_area_vertices,
        "bufferMetresMaximum": settings.max_buffer_m,
        "jobsAtOnce": settings.max_jobs,
        "jobKeepSeconds": settings.job_keep_s,
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
