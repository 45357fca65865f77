"""/styles/…, /api/styles/…, /api/collections/{collectionId}/styles: how the declared classes are drawn (OGC 20-009)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from gis_pipeline.cartography import legend
from gis_pipeline.errors import UnknownItem
from tile_server import documents, sprites, stylesheets
from tile_server.errors import RequestError
from tile_server.openapi import described
from tile_server.params import CollectionId, Instant
from tile_server.provenance import provenance
from tile_server.respond import HTML, JSON, Wanted, both_forms, reply, reply_both, reply_json, reply_page
from tile_server.site import Asked, View
from tile_server.stylesheets import MAPBOX, QML, SHEETS, SLD

router = APIRouter()

PNG = "image/png"
StyleId = Annotated[str, Path(alias="styleId", description="スタイルの id（地図の id と同じ）")]
Encoding = Annotated[str | None, Query(alias="f", description="スタイルの形式")]

# ------------------------------------------------------------------ the pictures of the patterns


@router.get("/styles/sprite.json", **described("document", JSON, summary="模様の一覧"))
def sprite_index(view: Asked, request: Request) -> Response:
    """Where each pattern lies in sprite.png (MapLibre style specification, sprite)."""
    return reply_json(view, request, sprites.index(1))


@router.get("/styles/sprite@2x.json", **described("document", JSON, summary="模様の一覧（高精細）"))
def sprite_index_fine(view: Asked, request: Request) -> Response:
    """The same for sprite@2x.png."""
    return reply_json(view, request, sprites.index(2))


@router.get("/styles/sprite.png", **described("", PNG, summary="模様"))
def sprite(view: Asked, request: Request) -> Response:
    """The patterns side by side."""
    return reply(view, request, sprites.picture(1), PNG)


@router.get("/styles/sprite@2x.png", **described("", PNG, summary="模様（高精細）"))
def sprite_fine(view: Asked, request: Request) -> Response:
    """The patterns side by side, two pixels for one."""
    return reply(view, request, sprites.picture(2), PNG)


# ------------------------------------------------------------------ one style


@router.get("/styles/{collectionId}.json", **described("document", JSON, summary="MapLibre のスタイル"))
def style(view: Asked, request: Request, collectionId: str, on: Instant) -> Response:  # noqa: N803
    """MapLibre style version 8 of one collection over the tiles of the edition in force on the day."""
    return reply_json(view, request, stylesheets.maplibre(view, view.published(collectionId, on)))


@router.get("/styles/{collectionId}.qml", **described("", QML, summary="QGIS のスタイル (QML)"))
def style_qml(view: Asked, request: Request, collectionId: str, on: Instant) -> Response:  # noqa: N803
    """QGIS layer style: symbols of every class, patterns and labels."""
    return _desktop(view, request, collectionId, on, "qml")


@router.get("/styles/{collectionId}.sld", **described("", SLD, summary="スタイル (SLD 1.1)"))
def style_sld(view: Asked, request: Request, collectionId: str, on: Instant) -> Response:  # noqa: N803
    """Styled Layer Descriptor 1.1 (OGC 05-078r4)."""
    return _desktop(view, request, collectionId, on, "sld")


@router.get("/styles/{collectionId}.html", **described("", HTML, summary="凡例"))
def style_legend(view: Asked, request: Request, collectionId: str, on: Instant) -> Response:  # noqa: N803
    """The legend (凡例) as a page: colour, pattern and name of every class."""
    published = view.published(collectionId, on)
    return reply_page(
        view,
        request,
        "legend.html",
        declaration=published.declaration,
        entries=legend(published.declaration),
        about=provenance(view, published),
    )


def _desktop(view: View, request: Request, style_id: str, on: Instant, ending: Literal["qml", "sld"]) -> Response:
    text = stylesheets.desktop(view.published(style_id, on), ending)
    return reply(view, request, text.encode("utf-8"), SHEETS[ending][0])


# ------------------------------------------------------------------ OGC API – Styles


@router.get("/api/styles", **described("styles", JSON, HTML, summary="スタイルの一覧"))
def styles(view: Asked, request: Request, on: Instant, form: Wanted) -> Response:
    """OGC 20-009, styles-list: the style of every collection in force on the day."""
    view = view.at(on)
    found = [stylesheets.entry(view, item) for item in documents.current_editions(view) if stylesheets.encodings(item)]
    document: dict[str, Any] = {
        "links": both_forms(view, form, "api", "styles", datetime=view.day),
        "styles": found,
    }
    return reply_both(view, request, form, document, "styles.html", title="スタイルの一覧")


@router.get(
    "/api/collections/{collectionId}/styles",
    **described("styles", JSON, HTML, summary="一つの地図のスタイル"),
)
def collection_styles(
    view: Asked, request: Request, collection_id: CollectionId, on: Instant, form: Wanted
) -> Response:
    """OGC 20-009: the styles of one collection; there is one, named after it."""
    view = view.at(on)
    published = view.published(collection_id)
    document: dict[str, Any] = {
        "links": both_forms(view, form, "api", "collections", collection_id, "styles", datetime=view.day),
        "styles": [stylesheets.entry(view, published)] if stylesheets.encodings(published) else [],
    }
    if document["styles"]:
        document["default"] = collection_id
    title = f"「{published.declaration.title}」のスタイル"
    return reply_both(view, request, form, document, "styles.html", title=title)


@router.get("/api/styles/{styleId}", **described("document", MAPBOX, SLD, QML, summary="一つのスタイル"))
def one_style(view: Asked, request: Request, style_id: StyleId, on: Instant, f: Encoding = None) -> Response:
    """OGC 20-009, style: the style sheet in the encoding that `f` or Accept names, else the first there is."""
    if f is not None and f not in SHEETS:
        names = "、".join(SHEETS)
        raise RequestError(f"f は {names} のどれかです。", f"f must be one of {', '.join(SHEETS)}.", "f")
    published = view.published(style_id, on)
    offered = stylesheets.encodings(published)
    accept = request.headers.get("accept", "")
    wanted = next((ending for ending in offered if SHEETS[ending][0].partition(";")[0] in accept), None)
    ending = f or wanted or next(iter(offered), "json")
    if ending not in offered:
        raise UnknownItem(f"「{published.declaration.title}」に {ending} のスタイルはありません。")
    if ending == "json":
        content = orjson.dumps(stylesheets.maplibre(view, published))
    else:
        content = stylesheets.desktop(published, ending).encode("utf-8")
    return reply(view, request, content, SHEETS[ending][0], form=ending)


@router.get("/api/styles/{styleId}/metadata", **described("document", JSON, summary="スタイルの説明"))
def style_metadata(
    view: Asked, request: Request, style_id: StyleId, on: Instant, f: Literal["json"] = "json"
) -> Response:
    """OGC 20-009, style metadata: whose style it is, its encodings, the layer it draws."""
    view = view.at(on)
    return reply_json(view, request, stylesheets.metadata(view, view.published(style_id)))
