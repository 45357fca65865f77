"""One tile for the routes: prebuilt where it is stored so, else drawn off the event loop."""

from __future__ import annotations

import datetime as dt
from importlib.metadata import version
from typing import cast

import anyio
from starlette.requests import Request
from starlette.responses import Response

from gis_pipeline.catalog import Published
from gis_pipeline.errors import UnknownItem
from tile_server import caching, draw, images, vectortiles
from tile_server.archives import MEDIA_TYPES, Archive, archive_of, check_matrix, check_zoom
from tile_server.blank import blank
from tile_server.front import accepts_encoding
from tile_server.images import ImageFormat
from tile_server.limits import charge
from tile_server.site import View
from tile_server.tilesets import TileSet, mercator_tile


def choose(view: View, collection_id: str, edition_id: str | None, on: dt.date | None) -> Published:
    """The edition named in the path, or the one in force on the day."""
    return view.snapshot.edition(collection_id, on=on or view.today, edition_id=edition_id)


def archive_for(view: View, published: Published, form: str) -> Archive:
    """The archive that holds, or can be turned into, tiles of a format; UnknownItem if the map has none."""
    name = archive_of(published, form)
    if name is None:
        what = "ベクトルタイル" if form == "mvt" else "画像タイル"
        raise UnknownItem(f"「{published.declaration.title}」に{what}はありません。")
    return view.site.archives.open(published.file(name))


async def tile_response(
    view: View,
    request: Request,
    published: Published,
    at: tuple[int, int, int],
    form: str,
    *,
    size_px: int = 256,
    immutable: bool = False,
) -> Response:
    """The tile at (zoom, col, row): 200, 304 if the client has it; UnknownItem outside. Where there is nothing a
    picture is blank, and a vector tile is 204."""
    zoom, col, row = at
    check_matrix(zoom, col, row)
    archive = await anyio.to_thread.run_sync(archive_for, view, published, form)
    check_zoom(archive, published, zoom)
    headers = _headers(view, published, immutable)
    gzipped = archive.format == form == "mvt" and archive.gzipped
    packed = gzipped and accepts_encoding(request.headers.get("accept-encoding"), "gzip")
    if gzipped:
        headers["vary"] = "Accept-Encoding"
    tag = f"{published.edition.key[:16]}-{form}{size_px}-{zoom}-{col}-{row}{'-gz' if packed else ''}"
    headers["etag"] = f'"{tag}"'
    if caching.matches(request.headers.get("if-none-match"), headers["etag"]):
        return Response(status_code=304, headers=headers)
    if archive.format == form and size_px == 256:
        content = archive.tile(zoom, col, row)
        content = content if content is None or packed else archive.plain(content)
    else:
        charge(request)
        content = await view.site.rendering.run(_drawn, view, published, archive, at, size_px, cast(ImageFormat, form))
    if content is None:
        return _nothing(form, headers, size_px)
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)


async def set_response(view: View, request: Request, one: TileSet, at: tuple[int, int, int], form: str) -> Response:
    """The tile at (matrix, row, col) of a tile set, stored or made on request; UnknownItem outside its limits."""
    matrix, row, col = at
    one.check(matrix, row, col)
    if not one.drawn:
        return await tile_response(view, request, one.published, (matrix, col, row), form)
    headers = _headers(view, one.published, False)
    tag = caching.weak_tag(
        view.snapshot.release.number, one.published.edition.key, one.id, form, *at, version("machizu")
    )
    headers["etag"] = tag
    if caching.matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    charge(request)
    content = await view.site.rendering.run(_made, view, one, at, form)
    if content is None:
        return _nothing(form, headers)
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)


def _nothing(form: str, headers: dict[str, str], size_px: int = 256) -> Response:
    content = blank(form, size_px)
    if content is None:
        return Response(status_code=204, headers=headers)
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)


def _made(view: View, one: TileSet, at: tuple[int, int, int], form: str) -> bytes | None:
    window = one.window(view.service.crs, *at)
    layer = draw.layer_of(view, one.published)
    if form == "mvt":
        return vectortiles.encoded(layer, window)
    return draw.picture([layer], window, cast(ImageFormat, form), draw.Ground())


def _headers(view: View, published: Published, immutable: bool) -> dict[str, str]:
    settings = view.site.settings
    if view.candidate:
        cache = caching.PRIVATE
    elif immutable:
        cache = caching.IMMUTABLE.format(settings.edition_max_age_s)
    else:
        cache = caching.SHORT.format(settings.latest_max_age_s)
    return {"cache-control": cache, "x-machizu-edition": published.edition.id}


def _drawn(
    view: View, published: Published, archive: Archive, at: tuple[int, int, int], size_px: int, form: ImageFormat
) -> bytes | None:
    """From the masters; an ordinary tile of a map without published masters from its prebuilt picture."""
    zoom, col, row = at
    if published.edition.asset_of("cog") is not None:
        store = view.site.stores.open(published.file("store.sqlite"))
        window = mercator_tile(view.service.crs, zoom, col, row, size_px)
        picture = images.scanned(published, store, view.site.masters, archive, window)
        return None if picture is None else images.encode(picture, form)
    if size_px != 256:
        raise UnknownItem(f"「{published.declaration.title}」のタイルは 256 画素だけです。")
    return images.recoded(archive, zoom, col, row, form)
