"""OGC API – Maps Part 1: Core (OGC 20-058): one picture of a box at a size, of one collection or of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from gis_pipeline.catalog import Published
from gis_pipeline.crs import OutputCrs, output_crs
from gis_pipeline.errors import UnknownItem
from tile_server import draw, mapping
from tile_server.archives import MEDIA_TYPES
from tile_server.boxes import crs_named
from tile_server.draw import Ground
from tile_server.errors import RequestError
from tile_server.images import ImageFormat
from tile_server.limits import charge
from tile_server.openapi import described
from tile_server.params import CollectionId, Instant
from tile_server.respond import reply
from tile_server.site import Asked, View
from tile_server.window import Window, window_of

router = APIRouter()

DEFAULT_WIDTH_PX = 1024
_NAMES: dict[str, ImageFormat] = {"png": "png", "jpeg": "jpg", "jpg": "jpg", "webp": "webp"}
_PICTURES = ("image/png", "image/jpeg", "image/webp")


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
    bbox: Annotated[str | None, Query(description="範囲。なければ地図の全体")] = None,
    bbox_crs: Annotated[str | None, Query(alias="bbox-crs", description="bbox の座標系")] = None,
    crs: Annotated[str | None, Query(description="画像の座標系。なければ Web メルカトル")] = None,
    width: Annotated[str | None, Query(description="画像の幅（画素）")] = None,
    height: Annotated[str | None, Query(description="画像の高さ（画素）")] = None,
    f: Annotated[str | None, Query(description="画像の形式")] = None,
    transparent: Annotated[str | None, Query(description="背景を透明にするか")] = None,
    bgcolor: Annotated[str | None, Query(description="背景の色。例: 0xffffff")] = None,
) -> Picture:
    """OGC 20-058, 7–13: transparent unless a background is given; `transparent` decides where both are."""
    form = _NAMES.get(f or "png")
    if form is None:
        raise RequestError("f は png、jpeg、webp のどれかです。", "f must be png, jpeg or webp.", "f")
    if transparent not in (None, "true", "false"):
        raise RequestError("transparent は true か false です。", "transparent must be true or false.", "transparent")
    colour = "#ffffff" if bgcolor is None else mapping.colour(bgcolor, "bgcolor")
    ground = Ground(colour, bgcolor is None if transparent is None else transparent == "true")
    return Picture(bbox, bbox_crs, crs, width, height, form, ground)


AskedPicture = Annotated[Picture, Depends(asked_picture)]


def _window(view: View, listed: Sequence[Published], asked: Picture) -> Window:
    offered = output_crs(view.service.crs)
    mercator = next(crs for crs in offered if crs.code == "EPSG:3857")
    crs = mercator if asked.crs is None else crs_named(view, asked.crs, "crs")
    box_crs = offered[0] if asked.bbox_crs is None else crs_named(view, asked.bbox_crs, "bbox-crs")
    if asked.bbox is None:
        whole = mapping.union(listed)
        if whole is None:
            raise UnknownItem("この地図には形がありません。")
        turned = mapping.around_in(whole, crs)
    else:
        turned = mapping.moved(mapping.four(asked.bbox), box_crs, crs)
    size = _size(turned, crs, asked.width, asked.height)
    return window_of(crs, view.service.crs, turned, size, northing_first=False)


def _size(
    box: tuple[float, float, float, float], crs: OutputCrs, width: str | None, height: str | None
) -> tuple[int, int]:
    """As given; what is not given follows from the box's shape (a degree of longitude is shorter)."""
    wide = None if width is None else mapping.pixels(width, "width")
    high = None if height is None else mapping.pixels(height, "height")
    across, up = box[2] - box[0], box[3] - box[1]
    if not (across > 0 and up > 0):
        raise RequestError("bbox の上限は下限より大きくしてください。", "bbox: the box has no area.", "bbox")
    ratio = min(1e4, max(1e-4, across / up * mapping.shortening(crs, (box[1] + box[3]) / 2)))
    if wide is None:
        wide = DEFAULT_WIDTH_PX if high is None else max(1, round(high * ratio))
    return wide, high if high is not None else max(1, round(wide / ratio))


async def _answer(view: View, request: Request, listed: Sequence[Published], asked: Picture) -> Response:
    window = _window(view, listed, asked)

    def drawn() -> bytes:
        layers = [draw.layer_of(view, published) for published in listed]
        made = draw.picture(layers, window, asked.form, asked.ground)
        return draw.blank(window.size_px, asked.form, asked.ground) if made is None else made

    charge(request)
    content = await view.site.rendering.run(drawn)
    headers = {"content-crs": f"<{window.crs.uri}>", "x-machizu-edition": ",".join(one.edition.id for one in listed)}
    low, high = (window.west, window.south), (window.east, window.north)
    corners = (*low[::-1], *high[::-1]) if window.crs.northing_first else (*low, *high)
    headers["content-bbox"] = ",".join(f"{value:.10g}" for value in corners)
    return reply(view, request, content, MEDIA_TYPES[asked.form], headers)


@router.get(
    "/api/collections/{collectionId}/map", include_in_schema=False, **described("", *_PICTURES, summary="地図の画像")
)
async def collection_map(
    view: Asked, request: Request, collection_id: CollectionId, asked: AskedPicture, on: Instant
) -> Response:
    """OGC 20-058, /req/core/map-op: one collection as a picture of a box."""
    published = view.published(collection_id, on)
    if not mapping.drawable(published):
        raise UnknownItem(f"「{published.declaration.title}」は図形のない台帳です。")
    return await _answer(view, request, [published], asked)


@router.get("/api/map", include_in_schema=False, **described("", *_PICTURES, summary="いくつかの地図を重ねた画像"))
async def dataset_map(
    view: Asked,
    request: Request,
    asked: AskedPicture,
    on: Instant,
    collections: Annotated[str | None, Query(description="重ねる地図の id。先に書いたものが下")] = None,
) -> Response:
    """OGC 20-058, /req/collections-selection: several collections, the first lowest; without `collections` all."""
    view = view.at(on)
    if collections is None:
        listed = [one for one in mapping.layers_in_force(view) if one.declaration.status == "決定"]
    else:
        names = collections.split(",") if len(collections) <= 2000 else []
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
