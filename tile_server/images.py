"""Pictures made on request: what is not prebuilt, from the masters of the sheets. Bounded in pixels; blocking.

No file name, URL, expression or band ever comes from a request: the sheets are those of a published edition.
"""

from __future__ import annotations

import zlib
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import morecantile
import numpy as np
import orjson
import rasterio
from PIL import Image
from rasterio.crs import CRS as RasterCrs  # noqa: N811
from rasterio.enums import Resampling
from rasterio.warp import reproject

from gis_pipeline.catalog import Published
from gis_pipeline.crs import parse
from gis_pipeline.model import BBox
from tile_server.archives import Archive
from tile_server.area import Area
from tile_server.masters import CACHE_BYTES, Masters, sampled
from tile_server.store import FeatureStore
from tile_server.window import Window

ImageFormat = Literal["png", "jpg", "webp"]
SIZES = (256, 512)
"""The only tile sizes there are, in pixels: 512 is what @2x asks for."""
MOST_SHEETS = 64
"""A tile that touches more sheets than this is only to be had prebuilt."""
MOST_TILES = 64
"""So many prebuilt tiles are put together for one picture."""

_EQUATOR_M = 40_075_016.68557849
_PILLOW: dict[ImageFormat, dict[str, Any]] = {
    "png": {"format": "PNG", "compress_type": zlib.Z_RLE},
    "jpg": {"format": "JPEG", "quality": 85},
    "webp": {"format": "WEBP", "quality": 85, "method": 1},
}
"""How much effort goes into a picture that is looked at once. Runs alone pack scans as small as a long search would."""


def web_mercator() -> morecantile.TileMatrixSet:
    """The tile matrix set WebMercatorQuad."""
    return morecantile.tms.get("WebMercatorQuad")


def sheets_under(published: Published, store: FeatureStore, box: BBox) -> list[Path]:
    """The masters of the sheets whose footprint meets the box, in published order."""
    seqs = store.matching(Area((box,)), ())
    codes = [orjson.loads(stored.geojson)["properties"].get("sheet") for stored in store.read(seqs)]
    names = [f"sheets/{code}.tif" for code in codes]
    return [published.file(name) for name in names if published.edition.asset(name) is not None]


def scanned(
    published: Published, store: FeatureStore, masters: Masters, archive: Archive | None, window: Window
) -> Image.Image | None:
    """The sheets under a window, in its CRS and size: from the masters where they are published and few, else from
    the prebuilt pictures. None where no sheet has a pixel."""
    extent = published.edition.bbox
    box = window.within(extent) if extent is not None else None
    if box is None:
        return None
    sheets = sheets_under(published, store, box)
    if published.edition.asset_of("cog") is not None and len(sheets) <= MOST_SHEETS:
        pixels = sampled(masters, sheets, window)
        return None if pixels is None else Image.fromarray(pixels, "RGBA")
    return None if archive is None else _from_archive(archive, box, window)


def _target(window: Window) -> RasterCrs:
    return RasterCrs.from_user_input(parse(window.crs.code).to_wkt())


def _from_archive(archive: Archive, box: BBox, window: Window) -> Image.Image | None:
    """Prebuilt tiles of the zoom that is fine enough (and few enough), put together and warped into the window."""
    zoom = archive.max_zoom
    while zoom > archive.min_zoom and (
        _tile_count(box, zoom) > MOST_TILES or _EQUATOR_M / (256 << (zoom - 1)) <= window.metres_px
    ):
        zoom -= 1
    tms = web_mercator()
    tiles = list(tms.tiles(box.west, box.south, box.east, box.north, [zoom]))
    if not tiles or len(tiles) > 4 * MOST_TILES:
        return None
    first_col, first_row = min(tile.x for tile in tiles), min(tile.y for tile in tiles)
    cols = max(tile.x for tile in tiles) - first_col + 1
    rows = max(tile.y for tile in tiles) - first_row + 1
    sheet = Image.new("RGBA", (cols * 256, rows * 256))
    for tile in tiles:
        content = archive.tile(zoom, tile.x, tile.y)
        if content is not None:
            with Image.open(BytesIO(archive.plain(content))) as piece:
                sheet.paste(piece.convert("RGBA"), ((tile.x - first_col) * 256, (tile.y - first_row) * 256))
    corner = tms.xy_bounds(morecantile.Tile(first_col, first_row, zoom))
    step = (corner.right - corner.left) / 256
    warped = np.zeros((4, window.height_px, window.width_px), dtype=np.uint8)
    across = (window.east - window.west) / window.width_px
    up = (window.north - window.south) / window.height_px
    with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES):
        reproject(
            np.moveaxis(np.asarray(sheet), 2, 0).copy(),
            warped,
            src_transform=rasterio.Affine(step, 0, corner.left, 0, -step, corner.top),
            src_crs="EPSG:3857",
            dst_transform=rasterio.Affine(across, 0, window.west, 0, -up, window.north),
            dst_crs=_target(window),
            resampling=Resampling.bilinear,
        )
    return Image.fromarray(np.moveaxis(warped, 0, 2).copy(), "RGBA") if warped[3].any() else None


def _tile_count(box: BBox, zoom: int) -> int:
    low = web_mercator().tile(box.west, box.north, zoom)
    high = web_mercator().tile(box.east, box.south, zoom)
    return int((high.x - low.x + 1) * (high.y - low.y + 1))


def encode(picture: Image.Image, form: ImageFormat) -> bytes:
    """RGBA in a format, without alpha where all is covered; JPEG has none: what nothing covers is white."""
    alpha = picture.getchannel("A")
    whole = alpha.getextrema() == (255, 255)
    if whole:
        picture = picture.convert("RGB")
    elif form == "jpg":
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=alpha)
        picture = ground
    out = BytesIO()
    picture.save(out, **_PILLOW[form])
    return out.getvalue()


def recoded(archive: Archive, zoom: int, col: int, row: int, form: ImageFormat) -> bytes | None:
    """A prebuilt tile in another format; None where there is no tile."""
    content = archive.tile(zoom, col, row)
    if content is None:
        return None
    with Image.open(BytesIO(archive.plain(content))) as picture:
        return encode(picture.convert("RGBA"), form)
