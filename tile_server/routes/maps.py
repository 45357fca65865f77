"""OGC API – Maps Part 1: Core (OGC 20-058): one picture of a box at a size, of one collection or of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from PIL import ImageColor

from gis_pipeline.catalog import Published
from gis_pipeline.crs import OutputCrs, output_crs
from gis_pipeline.errors import UnknownItem
from gis_pipeline.model import BBox
from tile_server import documents, draw, mapping
from tile_server.archives import MEDIA_TYPES
from tile_server.boxes import crs_named
from tile_server.draw import Ground
from tile_server.errors import RequestError
from tile_server.images import ImageFormat
from tile_server.limits import charge
from tile_server.openapi import described
from tile_server.params import CollectionId, Instant
from tile_server.respond import quality, reply
from tile_server.site import Asked, View
from tile_server.window import MOST_SIDE_PX, Box, Window, around_in, window_of

router = APIRouter()

DEFAULT_SIDE_PX = 1024
AROUND_DEG = 0.001
_NAMES: dict[str, ImageFormat] = {"png": "png", "jpeg": "jpg", "webp": "webp"}
_PICTURES = tuple(mapping.MEDIA)


@dataclass(frozen=True)
class Picture:
    """What is asked for, as it was written."""

    bbox: str | None
    bbox_crs: str | None
    crs: str | None
    width: str | None
    height: str | None
    form: ImageFormat
    ground: Ground


def asked_picture(
    request: Request,
    bbox: Annotated[str | None, Query(description="範囲。なければ地図の全体")] = None,
    bbox_crs: Annotated[str | None, Query(alias="bbox-crs", description="bbox の座標系")] = None,
    crs: Annotated[str | None, Query(description="画像の座標系。なければ町の座標系 (storageCrs)")] = None,
    width: Annotated[str | None, Query(description="画像の幅（画素）。なければ範囲の形から")] = None,
    height: Annotated[str | None, Query(description="画像の高さ（画素）。なければ範囲の形から")] = None,
    f: Annotated[str | None, Query(description="画像の形式")] = None,
    transparent: Annotated[str | None, Query(description="背景を透明にするか。なければ bgcolor がないときだけ")] = None,
    bgcolor: Annotated[str | None, Query(description="背景の色。0xRRGGBB か CSS の色名")] = None,
) -> Picture:
    """OGC 20-058, 9–12: transparent unless a background is given; `transparent` decides where both are."""
    form = _accepted(request.headers.get("accept", "")) if f is None else _NAMES.get(f)
    if form is None:
        raise RequestError("f は png、jpeg、webp のどれかです。", "f must be png, jpeg or webp.", "f")
    if transparent not in (None, "true", "false"):
        raise RequestError("transparent は true か false です。", "transparent must be true or false.", "transparent")
    ground = "#ffffff" if bgcolor is None else _named(bgcolor) or mapping.colour(bgcolor, "bgcolor")
    clear = bgcolor is None if transparent is None else transparent == "true"
    return Picture(bbox, bbox_crs, crs, width, height, form, Ground(ground, clear))


def _accepted(accept: str) -> ImageFormat:
    """The format that Accept likes best; PNG among equals."""
    return mapping.MEDIA[max(mapping.MEDIA, key=lambda media: quality(accept, media))]


def _named(text: str) -> str | None:
    """The colour of a W3C name in any case."""
    value = ImageColor.colormap.get(text.lower())
    return value if isinstance(value, str) else None


AskedPicture = Annotated[Picture, Depends(asked_picture)]


def _window(view: View, listed: Sequence[Published], asked: Picture) -> Window:
    offered = output_crs(view.service.crs)
    crs = offered[-1] if asked.crs is None else crs_named(view, asked.crs, "crs")
    box_crs = offered[0] if asked.bbox_crs is None else crs_named(view, asked.bbox_crs, "bbox-crs")
    if asked.bbox is None:
        whole = documents.extent_of(listed)
        if whole is None:
            raise UnknownItem("この地図には形がありません。")
        turned = around_in(_with_area(whole), crs)
    else:
        turned = mapping.moved(mapping.four(asked.bbox), box_crs, crs)
    size = _size(turned, crs, asked.width, asked.height)
    return mapping.on_grid(window_of(crs, view.service.crs, turned, size, northing_first=False))


def _with_area(box: BBox) -> BBox:
    """A map of one point, or of points on one line, is shown with about a hundred metres around it."""
    wide, high = (0.0 if box.east > box.west else AROUND_DEG), (0.0 if box.north > box.south else AROUND_DEG)
    return BBox(west=box.west - wide, south=box.south - high, east=box.east + wide, north=box.north + high)


def _size(box: Box, crs: OutputCrs, width: str | None, height: str | None) -> tuple[int, int]:
    """As given; what is not given follows from the box's shape (a degree of longitude is shorter)."""
    wide = None if width is None else mapping.pixels(width, "width")
    high = None if height is None else mapping.pixels(height, "height")
    across, up = box[2] - box[0], box[3] - box[1]
    if not (across > 0 and up > 0):
        raise mapping.no_area()
    ratio = across / up * mapping.shortening(crs, (box[1] + box[3]) / 2)
    if wide is None and high is None:
        wide, high = _fitting(DEFAULT_SIDE_PX * ratio), _fitting(DEFAULT_SIDE_PX / ratio)
        wide, high = min(wide, DEFAULT_SIDE_PX), min(high, DEFAULT_SIDE_PX)
    return wide or _fitting(ratio * (high or 1)), high or _fitting((wide or 1) / ratio)


def _fitting(pixels: float) -> int:
    """A side that is computed stays within what is drawn; the box is the one asked for all the same."""
    return round(max(1.0, min(float(MOST_SIDE_PX), pixels)))


async def _answer(view: View, request: Request, listed: Sequence[Published], asked: Picture) -> Response:
    window = _window(view, listed, asked)

    def drawn() -> bytes:
        layers = [draw.layer_of(view, published) for published in listed]
        made = draw.picture(layers, window, asked.form, asked.ground)
        return draw.blank(window.size_px, asked.form, asked.ground) if made is None else made

    charge(request)
    content = await view.site.rendering.run(drawn)
    headers = {
        "content-crs": f"<{window.crs.uri}>",
        "content-datetime": view.today.isoformat(),
        "x-machizu-edition": ",".join(one.edition.id for one in listed),
    }
    low, high = (window.west, window.south), (window.east, window.north)
    corners = (*low[::-1], *high[::-1]) if window.crs.northing_first else (*low, *high)
    headers["content-bbox"] = ",".join(repr(value) for value in corners)
    return reply(view, request, content, MEDIA_TYPES[asked.form], headers)


@router.get(
    "/api/collections/{collectionId}/map",
    **described("", *_PICTURES, summary="地図の画像", operation="collection.getMap"),
)
async def collection_map(
    view: Asked, request: Request, collection_id: CollectionId, asked: AskedPicture, on: Instant
) -> Response:
    """OGC 20-058, /req/core/map-op: one collection as a picture of a box."""
    view = view.at(on)
    published = view.published(collection_id)
    if not mapping.drawable(published):
        raise UnknownItem(f"「{published.declaration.title}」は図形のない台帳です。")
    return await _answer(view, request, [published], asked)


@router.get(
    "/api/map",
    **described("", *_PICTURES, summary="いくつかの地図を重ねた画像", operation="dataset.getMap"),
)
async def dataset_map(
    view: Asked,
    request: Request,
    asked: AskedPicture,
    on: Instant,
    collections: Annotated[str | None, Query(description="重ねる地図の id か URL。先に書いたものが下")] = None,
) -> Response:
    """OGC 20-058, /req/collections-selection: several collections, the first lowest; without `collections` all."""
    view = view.at(on)
    if collections is None:
        listed = [one for one in mapping.layers_in_force(view) if one.declaration.status == "決定"]
    else:
        names = collections.split(",") if len(collections) <= 10_000 else []
        names = [name.removeprefix(view.url("api", "collections") + "/") for name in names]
        if not 0 < len(names) <= mapping.MOST_LAYERS or len(set(names)) != len(names):
            most = mapping.MOST_LAYERS
            raise RequestError(
                f"collections は {most} 個までの異なる id です。",
                f"collections: up to {most} different ids.",
                "collections",
            )
        listed = [view.published(name) for name in names]
    drawable = [one for one in listed if mapping.drawable(one)]
    return await _answer(view, request, drawable, asked)
