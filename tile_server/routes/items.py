"""/api/collections/{collectionId}/items and …/items/{featureId}: the features of a map."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from gis_pipeline.catalog import Published
from gis_pipeline.crs import output_crs
from gis_pipeline.errors import UnknownEdition, UnknownItem
from tile_server import documents
from tile_server.area import Area
from tile_server.boxes import AskedArea, Output
from tile_server.errors import RequestError
from tile_server.exports import MEDIA_TYPES, WRITERS, FileForm, applies, export
from tile_server.features import Shown, feature_texts, with_members
from tile_server.openapi import described
from tile_server.params import CollectionId, FeatureId, Filters, Instant, Interval, Moment, Page, Paging
from tile_server.provenance import provenance
from tile_server.querying import Asking, Filter, Order, Selected
from tile_server.respond import (
    GEOJSON,
    HTML,
    JSON,
    Form,
    Link,
    Wanted,
    both_forms,
    form_of,
    link,
    quality,
    reply,
    reply_page,
)
from tile_server.selection import Selection, Wish, select
from tile_server.site import Asked, View
from tile_server.store import FeatureStore, Stored

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


async def _form(request: Request, f: Annotated[str | None, Query(description="返す形式")] = None) -> Form | FileForm:
    """`f`, or Accept where it prefers a file to both documents."""
    if f in MEDIA_TYPES:
        return f
    if f is None:
        accept = request.headers.get("accept", "")
        best = max(quality(accept, kind) for kind in (JSON, GEOJSON, HTML))
        named: list[FileForm] = [form for form, kind in MEDIA_TYPES.items() if quality(accept, _bare(kind)) > best]
        if named:
            return max(named, key=lambda form: quality(accept, _bare(MEDIA_TYPES[form])))
    elif f not in ("json", "html"):
        raise RequestError("f は json, html, csv, fgb, parquet です。", "f: json, html, csv, fgb or parquet.", "f")
    return await form_of(request, f)


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0]


async def _wish(filters: Filters, area: AskedArea, asking: Filter, order: Order) -> tuple[Wish, Asking]:
    """Everything that chooses features, but for the filter, which is read off the event loop."""
    return Wish(area, filters, None, order), asking


@router.get(
    "/api/collections/{collectionId}/items",
    **described("featureCollectionGeoJSON", GEOJSON, HTML, *MEDIA_TYPES.values(), summary="地物の一覧"),
)
def items(
    view: Asked,
    request: Request,
    collection_id: CollectionId,
    wished: Annotated[tuple[Wish, Asking], Depends(_wish)],
    page: Page,
    moment: Moment,
    crs: Output,
    shown: Selected,
    form: Annotated[Form | FileForm, Depends(_form)],
) -> Response:
    """OGC 17-069r4, 7.15; 18-058r1; 19-079r2: features by box, time, property and filter, a page at a time."""
    editions = _editions(view, collection_id, moment)
    newest = editions[0]
    wish, asking = wished
    wish = replace(wish, condition=asking.condition(view, newest.declaration))
    chosen = select([_store(view, published) for published in editions], wish)
    links = _page_links(view, request, newest, form, chosen, page)
    headers = {"content-crs": f"<{crs.uri}>", "x-machizu-edition": newest.edition.id}
    if form == "html":
        return reply_page(
            view,
            request,
            "items.html",
            collection=newest.declaration,
            edition=newest.edition,
            fields=_shown_fields(newest, shown),
            features=[orjson.loads(stored.geojson) for stored in chosen.read(page.offset, page.limit)],
            matched=chosen.count,
            offset=page.offset,
            links={entry["rel"]: entry for entry in reversed(links)},
        )
    if form != "json":
        part = chosen.page(page.offset, page.limit)
        exported = export(view.service, newest, part, form, crs, shown)
        headers |= _file_headers(newest, form, chosen.count, part.count, links)
        headers["content-crs"] = f"<{exported.crs.uri}>"
        return reply(view, request, exported.content, MEDIA_TYPES[form], headers, form)
    features = chosen.read(page.offset, page.limit)
    downloadable = newest.declaration.downloadable
    texts = feature_texts(features, crs, view.service.crs, downloadable=downloadable, shown=shown)
    about = {"numberMatched": chosen.count, "numberReturned": len(texts), "links": links}
    text = _collection_text(texts, about | {"provenance": provenance(view, newest)})
    return reply(view, request, text, GEOJSON, headers)


def quick(view: View, request: Request, collection_id: str, area: Area | None, page: Paging) -> Response:
    """What `items` answers to a box and a page alone, for `tile_server.quick`."""
    crs = output_crs(view.service.crs)[0]
    return items(view, request, collection_id, (Wish(area), Asking()), page, None, crs, Shown(), "json")


def _shown_fields(published: Published, shown: Shown) -> list[dict[str, str]]:
    listed = documents.fields(published.declaration)
    return [entry for entry in listed if shown.names is None or entry["name"] in shown.names]


def _file_headers(
    published: Published, form: FileForm, matched: int, returned: int, links: list[Link]
) -> dict[str, str]:
    """What a GeoJSON document says in its members, where the file has no room for it."""
    name = f"{published.declaration.id}_{published.edition.id}.{WRITERS[form].SUFFIX}"
    turning = [entry for entry in links if entry["rel"] in ("next", "prev")]
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "ogc-numbermatched": str(matched),
        "ogc-numberreturned": str(returned),
    }
    if turning:
        headers["link"] = ", ".join(
            f'<{entry["href"]}>; rel="{entry["rel"]}"; type="{_bare(entry["type"])}"' for entry in turning
        )
    return headers


def _collection_text(texts: Sequence[bytes], about: dict[str, Any]) -> bytes:
    """A FeatureCollection put together from the prepared text of its features."""
    head = {"type": "FeatureCollection", "timeStamp": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")} | about
    return orjson.dumps(head)[:-1] + b',"features":[' + b",".join(texts) + b"]}"


def _page_links(
    view: View, request: Request, published: Published, form: Form | FileForm, chosen: Selection, page: Paging
) -> list[Link]:
    """self, alternate, next and prev; every parameter of the request is carried along."""
    declaration = published.declaration
    at = ("api", "collections", declaration.id, "items")
    query: dict[str, Any] = {name: value for name, value in request.query_params.items() if name != "f"}
    kinds: dict[str, str] = {"json": GEOJSON, "html": HTML}
    kinds |= {name: kind for name, kind in MEDIA_TYPES.items() if applies(declaration, name)}
    here = view.url(*at, **query)
    here += "&f=" if query else "?f="
    links = [
        link(here + name, "self" if name == form else "alternate", kind, f"この文書 ({name})")
        for name, kind in kinds.items()
    ]
    kind = kinds.get(form, GEOJSON)
    if page.offset + page.limit < chosen.count:
        following = query | {"limit": page.limit, "offset": page.offset + page.limit, "f": form}
        links.append(link(view.url(*at, **following), "next", kind, "次のページ"))
    if page.offset > 0:
        before = query | {"limit": page.limit, "offset": max(0, page.offset - page.limit), "f": form}
        links.append(link(view.url(*at, **before), "prev", kind, "前のページ"))
    links.append(link(view.url("api", "collections", declaration.id, f="json"), "collection", JSON, "地図の説明"))
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
    members = {"links": links, "provenance": provenance(view, published)}
    return reply(view, request, with_members(text, members), GEOJSON, headers)


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
