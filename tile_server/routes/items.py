"""/api/collections/{collectionId}/items and …/items/{featureId}: the features of a map."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from gis_pipeline.catalog import Published
from gis_pipeline.errors import UnknownEdition, UnknownItem
from tile_server import documents
from tile_server.boxes import AskedArea, Output
from tile_server.features import feature_texts, with_members
from tile_server.openapi import described
from tile_server.params import CollectionId, FeatureId, Filters, Instant, Interval, Moment, Page
from tile_server.respond import GEOJSON, HTML, JSON, Link, Wanted, both_forms, link, reply, reply_page
from tile_server.site import Asked, View
from tile_server.store import FeatureStore, Selection, Stored, select

router = APIRouter()


def _editions(view: View, collection_id: str, moment: dt.date | Interval | None) -> Sequence[Published]:
    """The editions asked for, newest first; データ無し if none was in force."""
    if not isinstance(moment, Interval):
        return (view.published(collection_id, moment),)
    found = view.snapshot.in_interval(collection_id, moment.start, moment.end)
    if not found:
        title = view.snapshot.collection(collection_id).declaration.title
        raise UnknownEdition(f"「{title}」は、その期間のデータがありません（データ無し）。")
    return found[::-1]


def _store(view: View, published: Published) -> FeatureStore:
    return view.site.stores.open(published.file("store.sqlite"))


@router.get(
    "/api/collections/{collectionId}/items",
    **described("featureCollectionGeoJSON", GEOJSON, HTML, summary="地物の一覧"),
)
def items(
    view: Asked,
    request: Request,
    collection_id: CollectionId,
    filters: Filters,
    page: Page,
    area: AskedArea,
    moment: Moment,
    crs: Output,
    form: Wanted,
) -> Response:
    """OGC 17-069r4, 7.15; 18-058r1: features by box, time and property, a page at a time."""
    editions = _editions(view, collection_id, moment)
    chosen = select([_store(view, published) for published in editions], area, filters)
    features = chosen.read(page.offset, page.limit)
    links = _page_links(view, request, collection_id, form, chosen, page.offset, page.limit)
    headers = {"content-crs": f"<{crs.uri}>", "x-machizu-edition": editions[0].edition.id}
    if form == "html":
        return reply_page(
            view,
            request,
            "items.html",
            collection=editions[0].declaration,
            edition=editions[0].edition,
            fields=documents.fields(editions[0].declaration),
            features=[orjson.loads(stored.geojson) for stored in features],
            matched=chosen.count,
            offset=page.offset,
            links={entry["rel"]: entry for entry in links},
        )
    downloadable = editions[0].declaration.downloadable
    texts = feature_texts(features, crs, view.service.crs, downloadable=downloadable)
    text = _collection_text(texts, links, chosen.count)
    return reply(view, request, text, GEOJSON, headers)


def _collection_text(texts: Sequence[bytes], links: list[Link], matched: int) -> bytes:
    """A FeatureCollection put together from the prepared text of its features."""
    about = {
        "type": "FeatureCollection",
        "timeStamp": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "numberMatched": matched,
        "numberReturned": len(texts),
        "links": links,
    }
    return orjson.dumps(about)[:-1] + b',"features":[' + b",".join(texts) + b"]}"


def _page_links(
    view: View, request: Request, collection_id: str, form: Wanted, chosen: Selection, offset: int, limit: int
) -> list[Link]:
    """self, alternate, next and prev; every parameter of the request is carried along."""
    at = ("api", "collections", collection_id, "items")
    query: dict[str, Any] = {name: value for name, value in request.query_params.items() if name != "f"}
    links = both_forms(view, form, *at, media_type=GEOJSON, **query)
    kind = HTML if form == "html" else GEOJSON
    if offset + limit < chosen.count:
        following = query | {"limit": limit, "offset": offset + limit, "f": form}
        links.append(link(view.url(*at, **following), "next", kind, "次のページ"))
    if offset > 0:
        before = query | {"limit": limit, "offset": max(0, offset - limit), "f": form}
        links.append(link(view.url(*at, **before), "prev", kind, "前のページ"))
    links.append(link(view.url("api", "collections", collection_id, f="json"), "collection", JSON, "地図の説明"))
    return links


@router.get(
    "/api/collections/{collectionId}/items/{featureId:path}",
    **described("featureGeoJSON", GEOJSON, HTML, summary="一つの地物"),
)
def item(
    view: Asked,
    request: Request,
    collection_id: CollectionId,
    feature_id: FeatureId,
    on: Instant,
    crs: Output,
    form: Wanted,
) -> Response:
    """OGC 17-069r4, 7.16: one feature in its state of a day."""
    published = view.published(collection_id, on)
    stored = _store(view, published).by_id(feature_id)
    if stored is None:
        raise UnknownItem(
            f"「{published.declaration.title}」{published.edition.id} 版に地物「{feature_id[:60]}」はありません。"
        )
    links = _item_links(view, published, stored, on, form)
    if form == "html":
        document = orjson.loads(stored.geojson)
        return reply_page(
            view,
            request,
            "item.html",
            collection=published.declaration,
            edition=published.edition,
            rows=documents.labelled(published.declaration, document["properties"]),
            feature=document,
            links=links,
        )
    headers = {"content-crs": f"<{crs.uri}>", "x-machizu-edition": published.edition.id}
    (text,) = feature_texts([stored], crs, view.service.crs, downloadable=published.declaration.downloadable)
    return reply(view, request, with_members(text, {"links": links}), GEOJSON, headers)


def _item_links(view: View, published: Published, stored: Stored, on: dt.date | None, form: Wanted) -> list[Link]:
    collection_id = published.declaration.id
    day = None if on is None else on.isoformat()
    at = ("api", "collections", collection_id, "items", stored.fid)
    links = both_forms(view, form, *at, media_type=GEOJSON, datetime=day)
    links.append(link(view.url("api", "collections", collection_id, f="json"), "collection", JSON, "地図の説明"))
    if published.declaration.scan is not None and published.declaration.downloadable:
        code = orjson.loads(stored.geojson)["properties"].get("sheet")
        sheet = published.edition.asset(f"sheets/{code}.tif")
        if sheet is not None:
            href = documents.download_url(view, published, sheet)
            links.append(link(href, "enclosure", sheet.media_type, "この図郭の画像", length=sheet.size))
    return links
