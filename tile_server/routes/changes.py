"""/api/collections/{collectionId}/changes: what differs between two editions; /api/changes: every edition as news.

Both as a page, as data and as a feed (Atom, JSON Feed 1.1), both for a part of the town only (`bbox`, `area`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

import anyio
import orjson
import shapely
from fastapi import APIRouter, Depends, Query, Request, Response

from gis_pipeline.catalog import Published
from gis_pipeline.errors import UnknownEdition, Withdrawn
from gis_pipeline.model import CollectionEntry, EditionEntry
from tile_server import changes, documents
from tile_server.area import Area
from tile_server.boxes import AskedArea
from tile_server.comparing import Comparison, Counts, comparable
from tile_server.errors import RequestError
from tile_server.feeds import ATOM, JSON_FEED, Entry, Feed, atom, json_feed
from tile_server.openapi import described
from tile_server.outline import AskedOutline
from tile_server.params import CollectionId, Instant, Page, Paging, parse_instant
from tile_server.respond import GEOJSON, HTML, JSON, Link, link, quality, reply, reply_json, reply_page
from tile_server.site import Asked, View

router = APIRouter()

Form = Literal["json", "html", "atom", "jsonfeed"]
_TYPES: dict[Form, str] = {"json": GEOJSON, "html": HTML, "atom": ATOM, "jsonfeed": JSON_FEED}
_NUMBERED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.[0-9]{1,4}")


def form_of(request: Request, f: Annotated[str | None, Query(description="返す形式")] = None) -> Form:
    """`f` decides; without it the best quality of Accept; JSON where nothing is preferred."""
    if f is not None:
        for name in _TYPES:
            if f == name:
                return name
        raise RequestError(f"f は {'、'.join(_TYPES)} のどれかです。", f"f must be one of {', '.join(_TYPES)}.", "f")
    accept = request.headers.get("accept", "")
    return max(_TYPES, key=lambda name: quality(accept, _TYPES[name]))


Wanted = Annotated[Form, Depends(form_of)]


@dataclass(frozen=True)
class Part:
    """The part of the town that is asked about; everything where both are None."""

    area: Area | None
    outline: shapely.Geometry | None

    @property
    def limited(self) -> bool:
        """Whether it is only a part."""
        return self.area is not None or self.outline is not None


def part_of(area: AskedArea, outline: AskedOutline) -> Part:
    """`bbox` and `area`; both together mean what lies in both."""
    return Part(area, outline)


AskedPart = Annotated[Part, Depends(part_of)]


# ------------------------------------------------------------------ two editions


def _edition(view: View, collection_id: str, text: str, parameter: str) -> Published:
    """A day means the edition in force on it; with a number it is that very edition (.1 the first of its day)."""
    if _NUMBERED.fullmatch(text):
        return view.snapshot.edition(collection_id, edition_id=text.removesuffix(".1"))
    try:
        day = parse_instant(text)
    except RequestError as error:
        raise RequestError(
            f"{parameter} は 2026-04-01 のような日か、2026-04-01.2 のような版の番号で書いてください。",
            f"{parameter} must be a date or the id of an edition.",
            parameter,
        ) from error
    return view.published(collection_id, day)


def _before(view: View, after: Published) -> Published:
    """The edition before another one; one that was withdrawn is passed over."""
    found = view.before(after)
    if found is None:
        raise UnknownEdition(
            f"「{after.declaration.title}」に {after.edition.id} 版より前の版はありません（データ無し）。"
        )
    return found


@router.get(
    "/api/collections/{collectionId}/changes",
    **described("featureCollectionGeoJSON", GEOJSON, HTML, ATOM, JSON_FEED, summary="二つの版で変わったところ"),
)
async def collection_changes(
    view: Asked,
    request: Request,
    collection_id: CollectionId,
    on: Instant,
    part: AskedPart,
    page: Page,
    form: Wanted,
    start: Annotated[str | None, Query(alias="from", description="前の版（日か版の番号）")] = None,
    end: Annotated[str | None, Query(alias="to", description="後の版（日か版の番号）")] = None,
) -> Response:
    """What was added, removed, changed and moved between two editions; by default the last change in force.

    The geometry of each feature is what changed. `from` and `to` take a day (the edition in force on it) or the id of
    an edition; the first edition of a day is named with .1. With `bbox` or `area` only what lies there.
    """
    view = view.at(on)
    after = view.published(collection_id) if end is None else _edition(view, collection_id, end, "to")
    before = _before(view, after) if start is None else _edition(view, collection_id, start, "from")
    comparison = await view.site.comparisons.of(view.site.stores, before, after)
    return await anyio.to_thread.run_sync(partial(_answer, view, request, comparison, part, page, form))


def _answer(view: View, request: Request, comparison: Comparison, part: Part, page: Paging, form: Form) -> Response:
    chosen = comparison.within(part.area, part.outline)
    shown = chosen[page.offset : page.offset + page.limit]
    links = _links(view, request, comparison, form, page, len(chosen))
    counts = comparison.counts(chosen)
    declaration = comparison.after.declaration
    if form == "json":
        about = {
            "type": "FeatureCollection",
            "title": f"{declaration.title}の変更",
            "collection": declaration.id,
            "from": changes.edition_document(comparison.before),
            "to": changes.edition_document(comparison.after),
            "published": _moment(view.snapshot.published_at(comparison.after.entry)),
            "counts": changes.counts_document(counts),
            "attribution": documents.attribution_of(view, comparison.after),
            "numberMatched": len(chosen),
            "numberReturned": len(shown),
            "links": links,
        }
        texts = changes.feature_texts(view, comparison, shown)
        return reply(view, request, orjson.dumps(about)[:-1] + b',"features":[' + b",".join(texts) + b"]}", GEOJSON)
    if form == "html":
        return reply_page(
            view,
            request,
            "changes.html",
            comparison=comparison,
            collection=declaration,
            counts=changes.counts_text(counts),
            rows=changes.rows(view, comparison, shown),
            matched=len(chosen),
            offset=page.offset,
            limited=part.limited,
            planned=comparison.after.edition.takes_effect > view.today,
            links={entry["rel"] + entry["type"]: entry for entry in links},
        )
    feed = Feed(
        id=changes.entry_id(view, "changes", declaration.id),
        title=f"{declaration.title}の変更（{comparison.before.edition.id} 版 → {comparison.after.edition.id} 版）",
        author=declaration.authority or view.service.name,
        page=next(entry["href"] for entry in links if entry["type"] == HTML),
        address=links[0]["href"],
        following=next((entry["href"] for entry in links if entry["rel"] == "next"), ""),
        updated=view.snapshot.published_at(comparison.after.entry),
        entries=changes.entries(view, comparison, shown),
        rights=documents.attribution_of(view, comparison.after),
    )
    return _feed(view, request, feed, form)


def _feed(view: View, request: Request, feed: Feed, form: Form) -> Response:
    if form == "atom":
        return reply(view, request, atom(feed), ATOM)
    return reply_json(view, request, json_feed(feed), JSON_FEED)


def _moment(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _links(view: View, request: Request, comparison: Comparison, form: Form, page: Paging, matched: int) -> list[Link]:
    at = ("api", "collections", comparison.after.declaration.id)
    links = _forms(view, request, (*at, "changes"), form, GEOJSON)
    links += _turning(view, request, (*at, "changes"), (form, _TYPES[form]), page, matched)
    links.append(link(view.url(*at, datetime=view.day, f="json"), "collection", JSON, "地図の説明"))
    return links


def _turning(
    view: View, request: Request, at: tuple[str, ...], form: tuple[Form, str], page: Paging, matched: int
) -> list[Link]:
    """`next` and `prev`; every parameter of the request is carried along."""
    query: dict[str, Any] = dict(request.query_params)
    links: list[Link] = []
    for rel, offset, title in (
        ("next", page.offset + page.limit, "次のページ"),
        ("prev", max(0, page.offset - page.limit), "前のページ"),
    ):
        if offset < matched if rel == "next" else page.offset > 0:
            turned = query | {"limit": page.limit, "offset": offset, "f": form[0]}
            links.append(link(view.url(*at, **turned), rel, form[1], title))
    return links


def _forms(view: View, request: Request, at: tuple[str, ...], form: Form, json_type: str) -> list[Link]:
    """`self` first, then the other forms; every parameter of the request is carried along."""
    query: dict[str, Any] = {name: value for name, value in request.query_params.items() if name != "f"}
    ordered: list[Form] = [form, *(name for name in _TYPES if name != form)]
    return [
        link(
            view.url(*at, **query, f=name),
            "self" if name == form else "alternate",
            json_type if name == "json" else _TYPES[name],
            {"json": "JSON", "html": "HTML", "atom": "Atom", "jsonfeed": "JSON Feed"}[name],
        )
        for name in ordered
    ]


# ------------------------------------------------------------------ all collections


@dataclass(frozen=True)
class News:
    """One edition of one collection as a piece of news. `counts` is None where there was nothing to compare with."""

    declaration_id: str
    title: str
    edition: EditionEntry
    state: Literal["in force", "past", "planned", "withdrawn"]
    updated: dt.datetime
    published: Published | None
    counts: Counts | None
    reason: str = ""


_STATES = {"in force": "公開", "past": "公開（過去）", "planned": "予定", "withdrawn": "取り下げ"}


@router.get(
    "/api/changes",
    **described("document", JSON, HTML, ATOM, JSON_FEED, summary="公開された版とこれからの版"),
)
async def all_changes(
    view: Asked, request: Request, on: Instant, part: AskedPart, page: Page, form: Wanted
) -> Response:
    """Every edition of every map, the newest release first: in force, coming (予定, with its day), withdrawn.

    With `bbox` or `area` only editions that changed something there.
    """
    view = view.at(on)
    found = sorted(await _news(view, part), key=lambda news: (news.updated, news.edition.id), reverse=True)
    shown = found[page.offset : page.offset + page.limit]
    return await anyio.to_thread.run_sync(partial(_news_answer, view, request, shown, len(found), form, part, page))


async def _news(view: View, part: Part) -> list[News]:
    found: list[News] = []
    for entry in view.snapshot.collections():
        for edition in view.snapshot.history(entry.declaration.id):
            news = await _one(view, entry, edition, part)
            if news is not None:
                found.append(news)
    return found


async def _one(view: View, entry: CollectionEntry, edition: EditionEntry, part: Part) -> News | None:
    """None where the edition changed nothing in the part of the town asked about."""
    collection_id, title = entry.declaration.id, entry.declaration.title
    try:
        published = view.snapshot.edition(collection_id, edition_id=edition.id)
    except Withdrawn as error:
        when = view.snapshot.withdrawn_at(collection_id, edition.id)
        return News(collection_id, title, edition, "withdrawn", when, None, None, error.reason)
    updated = view.snapshot.published_at(edition)
    counts = await _counts(view, published, part)
    if part.limited and counts is not None and not counts.any:
        return None
    state: Literal["in force", "past", "planned"] = "planned" if edition.takes_effect > view.today else "past"
    current, _ = view.current(entry)
    if current is not None and current.edition.id == edition.id:
        state = "in force"
    return News(collection_id, title, edition, state, updated, published, counts)


async def _counts(view: View, after: Published, part: Part) -> Counts | None:
    before = view.before(after)
    if before is None or not comparable(before, after):
        return None
    comparison = await view.site.comparisons.of(view.site.stores, before, after)
    return comparison.counts(await anyio.to_thread.run_sync(comparison.within, part.area, part.outline))


def _news_answer(
    view: View, request: Request, shown: Sequence[News], matched: int, form: Form, part: Part, page: Paging
) -> Response:
    at, kind = ("api", "changes"), JSON if form == "json" else _TYPES[form]
    links = _forms(view, request, at, form, JSON) + _turning(view, request, at, (form, kind), page, matched)
    entries = [_entry(view, news) for news in shown]
    if form == "json":
        about = {"numberMatched": matched, "numberReturned": len(shown), "links": links}
        return reply_json(view, request, about | {"changes": [_document(view, news) for news in shown]})
    if form == "html":
        feeds = [entry for entry in links if entry["type"] in (ATOM, JSON_FEED)]
        turns = [entry for entry in links if entry["rel"] in ("next", "prev")]
        return reply_page(view, request, "news.html", entries=entries, feeds=feeds, limited=part.limited, turns=turns)
    feed = Feed(
        id=changes.entry_id(view, "news"),
        title=f"{documents.title_of(view.service)}の更新",
        author=view.service.name,
        page=next(entry["href"] for entry in links if entry["type"] == HTML),
        address=links[0]["href"],
        following=next((entry["href"] for entry in links if entry["rel"] == "next"), ""),
        updated=max((entry.updated for entry in entries), default=view.snapshot.release.made_at),
        entries=entries,
        rights=view.service.attribution,
    )
    return _feed(view, request, feed, form)


def _href(view: View, news: News) -> str:
    """Where to read on: what changed, or the map itself where there is nothing to compare or it was withdrawn."""
    at = ("api", "collections", news.declaration_id)
    if news.counts is None:
        return view.url(*at, f="html")
    return view.url(*at, "changes", to=changes.named(news.edition.id), f="html")


def _document(view: View, news: News) -> dict[str, Any]:
    return {
        "collection": news.declaration_id,
        "title": news.title,
        "edition": news.edition.id,
        "takesEffect": news.edition.takes_effect.isoformat(),
        "state": news.state,
        "reason": news.reason or None,
        "published": _moment(news.updated),
        "counts": None if news.counts is None else changes.counts_document(news.counts),
        "links": [link(_href(view, news), "related", HTML, news.title)],
    }


def _entry(view: View, news: News) -> Entry:
    day = news.edition.takes_effect
    told = f"{day.year}年{day.month}月{day.day}日"
    if news.state == "withdrawn":
        title = f"取り下げ: {news.title} {news.edition.id} 版"
        lines = [f"公開を取り下げました。理由: {news.reason}"]
    elif news.state == "planned":
        title = f"予定: {news.title} {told}から"
        lines = [f"{told}から効力をもつ予定の版です。"]
    else:
        title = f"公開: {news.title} {news.edition.id} 版"
        lines = [f"{told}から効力をもつ版です。"]
    if news.published is not None:
        edition = news.published.edition
        lines += [text for text in (edition.title, edition.notice_number) if text]
        lines.append("前の版はありません。" if news.counts is None else changes.counts_text(news.counts))
    return Entry(
        id=changes.entry_id(view, "edition", news.declaration_id, news.edition.id),
        title=title,
        updated=news.updated,
        url=_href(view, news),
        text="\n".join(lines),
        tags=(_STATES[news.state], news.title),
    )
