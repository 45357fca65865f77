"""/api/records: which maps there are about a word, in a box, at a time (OGC API – Records, 20-004r1, record core)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from gis_pipeline.catalog import Published
from gis_pipeline.model import BBox
from gis_pipeline.outputs.search import fold
from tile_server import documents, stac
from tile_server.area import Area
from tile_server.boxes import area_of
from tile_server.errors import RequestError
from tile_server.openapi import described
from tile_server.params import Moment, Page
from tile_server.respond import GEOJSON, HTML, JSON, Link, link, reply_json
from tile_server.site import Asked, View

router = APIRouter()

LONGEST = 100
_CORE = "http://www.opengis.net/spec/ogcapi-records-1/1.0/req/record-core"


async def _box(view: Asked, bbox: Annotated[str | None, Query(description="範囲（経度・緯度）")] = None) -> Area | None:
    return await area_of(view, bbox, None)


@router.get("/api/records", **described("featureCollectionGeoJSON", GEOJSON, summary="地図をさがす"))
def records(
    view: Asked,
    request: Request,
    when: Moment,
    page: Page,
    area: Annotated[Area | None, Depends(_box)],
    q: Annotated[str | None, Query(description="ことば（コンマで区切ると、どれか）")] = None,
) -> Response:
    """One record per map in force today or at the time asked for; `q` as OGC has it: any of the terms."""
    if q is not None and len(q) > LONGEST:
        raise RequestError(f"q は {LONGEST} 文字までです。", f"q has at most {LONGEST} characters.", "q")
    terms = [fold(term) for term in (q or "").split(",") if term.strip()]
    moment = when if when is not None else view.today
    found = [
        offered[-1]
        for entry in view.snapshot.collections()
        if (offered := stac.offered(view, entry, moment))
        and _about(offered[-1], terms)
        and (area is None or _meets(offered[-1].edition.bbox, area))
    ]
    shown = found[page.offset : page.offset + page.limit]
    document = {
        "type": "FeatureCollection",
        "features": [_record(view, published) for published in shown],
        "numberMatched": len(found),
        "numberReturned": len(shown),
        "timeStamp": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "links": _links(view, request, page.offset, page.limit, len(found)),
    }
    return reply_json(view, request, document, GEOJSON)


def _links(view: View, request: Request, offset: int, limit: int, matched: int) -> list[Link]:
    asked: dict[str, str | int | None] = {**request.query_params}
    links = [link(view.url("api", "records", **asked), "self", GEOJSON)]
    if offset + limit < matched:
        links.append(link(view.url("api", "records", **(asked | {"offset": offset + limit})), "next", GEOJSON))
    return links


def _about(published: Published, terms: list[str]) -> bool:
    declaration = published.declaration
    texts = (declaration.title, declaration.description, declaration.theme, declaration.legal_basis, declaration.id)
    words = fold(" ".join([*texts, *(entry.title for entry in declaration.classes)]))
    return not terms or any(term in words for term in terms)


def _meets(box: BBox | None, area: Area) -> bool:
    """Whether two boxes touch; what has no place meets every box (OGC 17-069r4, fc-bbox-response B)."""
    if box is None:
        return True
    return any(
        box.west <= other.east and other.west <= box.east and box.south <= other.north and other.south <= box.north
        for other in area.boxes
    )


def _record(view: View, published: Published) -> dict[str, Any]:
    declaration, edition, box = published.declaration, published.edition, published.edition.bbox
    at = ("api", "collections", declaration.id)
    ring = [] if box is None else _ring(box)
    return {
        "type": "Feature",
        "id": declaration.id,
        "conformsTo": [_CORE],
        "time": {"interval": [edition.takes_effect.isoformat(), ".."]},
        "geometry": {"type": "Polygon", "coordinates": [ring]} if ring else None,
        "properties": {
            "type": "dataset",
            "title": declaration.title,
            "description": declaration.description or declaration.title,
            "keywords": [text for text in (declaration.theme, view.service.name) if text],
            "language": {"code": "ja"},
            "license": declaration.licence or "other",
            "rights": documents.attribution_of(view, published),
            "contacts": [{"organization": declaration.authority or view.service.name, "roles": ["owner"]}],
            "edition": edition.id,
            "mapLevel": edition.map_level,
            "accuracyM": edition.accuracy_m,
        },
        "links": [
            link(view.url(*at, f="json"), "about", JSON, declaration.title),
            link(view.url(*at, f="html"), "about", HTML, declaration.title),
            link(view.url("api", "stac", "collections", declaration.id, "items", edition.id), "item", GEOJSON, "STAC"),
        ],
    }


def _ring(box: BBox) -> list[list[float]]:
    west, south, east, north = documents.numbers(box)
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]
