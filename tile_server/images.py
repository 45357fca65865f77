"""Pictures made on request: what is not prebuilt, from the masters of the sheets. Bounded in pixels; blocking.

No file name, URL, expression or band ever comes from a request: the sheets are those of a published edition.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Literal

import morecantile
import numpy as np
import orjson
import rasterio
from PIL import Image
from rio_tiler.errors import EmptyMosaicError, TileOutsideBounds
from rio_tiler.io import Reader
from rio_tiler.models import ImageData
from rio_tiler.mosaic.reader import mosaic_reader

from gis_pipeline.catalog import Published
from gis_pipeline.model import BBox
from tile_server.archives import Archive
from tile_server.area import Area
from tile_server.store import FeatureStore

ImageFormat = Literal["png", "jpg", "webp"]
SIZES = (256, 512)
"""The only tile sizes there are, in pixels: 512 is what @2x asks for."""
MOST_SHEETS = 64
"""A tile that touches more sheets than this is only to be had prebuilt."""

_GDAL = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_CACHEMAX": 64 * 1024 * 1024, "GDAL_NUM_THREADS": "1"}
_PILLOW = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}


def web_mercator() -> morecantile.TileMatrixSet:
    """The tile matrix set WebMercatorQuad."""
    return morecantile.tms.get("WebMercatorQuad")


def tile_bounds(zoom: int, col: int, row: int) -> BBox:
    """Longitudes and latitudes of a tile's edges."""
    bounds = web_mercator().bounds(morecantile.Tile(col, row, zoom))
    return BBox(west=bounds.left, south=bounds.bottom, east=bounds.right, north=bounds.top)


def sheets_under(published: Published, store: FeatureStore, box: BBox) -> list[Path]:
    """The masters of the sheets whose footprint meets the box, in published order."""
    seqs = store.matching(Area((box,)), ())
    codes = [orjson.loads(stored.geojson)["properties"].get("sheet") for stored in store.read(seqs)]
    names = [f"sheets/{code}.tif" for code in codes]
    return [published.file(name) for name in names if published.edition.asset(name) is not None]


def draw(sheets: Sequence[Path], zoom: int, col: int, row: int, size_px: int, form: ImageFormat) -> bytes | None:
    """A tile of `size_px` from the masters; None where none of them has a pixel."""

    def read(path: Path, *_: object) -> ImageData:
        with Reader(str(path)) as source:
            image: ImageData = source.tile(col, row, zoom, tilesize=size_px, resampling_method="bilinear")
            return image

    with rasterio.Env(**_GDAL):
        try:
            image, _ = mosaic_reader(list(sheets), read, threads=0, allowed_exceptions=(TileOutsideBounds,))
        except EmptyMosaicError:
            return None
        if not image.mask.any():
            return None
        return _encode(_picture(image), form)


def _picture(image: ImageData) -> Image.Image:
    """RGBA: one band is grey; without a pixel it is transparent."""
    bands = image.data if image.count >= 3 else np.repeat(image.data[:1], 3, axis=0)
    return Image.fromarray(np.dstack([*bands[:3], image.mask]).astype(np.uint8), "RGBA")


def _encode(picture: Image.Image, form: ImageFormat) -> bytes:
    """JPEG has no transparency: what no sheet covers is white."""
    if form == "jpg":
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        picture = ground
    out = BytesIO()
    picture.save(out, _PILLOW[form], quality=85) if form != "png" else picture.save(out, "PNG")
    return out.getvalue()


def recoded(archive: Archive, zoom: int, col: int, row: int, form: ImageFormat) -> bytes | None:
    """A prebuilt tile in another format; None where there is no tile."""
    content = archive.tile(zoom, col, row)
    if content is None:
        return None
    with Image.open(BytesIO(archive.plain(content))) as picture:
        return _encode(picture.convert("RGBA"), form)
