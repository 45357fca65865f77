"""image.tif: the sheets, or a part of them, as one GeoTIFF in the town frame, pixel for pixel."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import numpy as np
import shapely
from PIL import Image

from gis_pipeline.members import Product, Reread
from gis_pipeline.model import Act
from gis_pipeline.outputs import _files, _picture

TITLE = "GeoTIFF"
VERSION = 1
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "image/tiff; application=geotiff"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"sheets"})
ALWAYS = False
SUFFIX = "tif"
FRAMES: Final[Literal["any", "lonlat", "town"]] = "town"

_SCALE, _TIEPOINT = 33550, 33922
"""ModelPixelScaleTag and ModelTiepointTag (OGC 19-008r4, GeoTIFF 1.1)."""


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes image.tif: the masters' own pixels in the town frame (metres), losslessly compressed, tiled.

    Whole pixels around the area that was asked for; outside the sheets it is white and masked.
    """
    target = folder / "image.tif"
    made = _picture.picture(product)
    with _files.beside(target) as part:
        _picture.write(
            made, part, mask=True, compress="DEFLATE", predictor=2, tiled=True, blockxsize=256, blockysize=256
        )
        _files.expect(target, int(shapely.equals_exact(*_corners(part, made), tolerance=1e-6)), 1, "か所")
    return (target,)


def _corners(path: Path, made: _picture.Picture) -> tuple[shapely.Geometry, shapely.Geometry]:
    return shapely.normalize(reread(path).geometry[0]), shapely.normalize(made.footprint)


def reread(path: Path) -> Reread:
    """By Pillow and the standard's own tags: the rectangle on the ground. Only the header is read."""
    with Image.open(path) as image:
        width, height = image.size
        step_x, step_y = image.tag_v2[_SCALE][:2]  # type: ignore[attr-defined]
        west_m, north_m = image.tag_v2[_TIEPOINT][3:5]  # type: ignore[attr-defined]
    box = shapely.box(west_m, north_m - height * step_y, west_m + width * step_x, north_m)
    return Reread(np.array([box], dtype=object))
