"""Masters for tests: an asymmetric drawing cut into neighbouring sheets on one lattice, with a blank corner."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray

from gis_pipeline.members import Master
from tests.outputs.samples import FRAME

WEST_M, NORTH_M = -52000.0, -27000.0
"""The upper left corner of the drawing in the town frame: sheet corners of the 2500 level lie here."""


def drawing(width_px: int, height_px: int, bands: int) -> NDArray[np.uint8]:
    """A slope with rings off the centre, thin lines and a black wedge: no flip or turn maps it to itself."""
    col, row = np.meshgrid(np.arange(width_px), np.arange(height_px))
    u, v = col / width_px, row / height_px
    rings = np.cos(40 * np.hypot(u - 0.3, 0.7 * (v - 0.6))) * 40
    first = 90 + 100 * u + rings
    second = 230 - 150 * v
    third = 60 + 120 * u * v - rings / 2
    picture = np.stack([first, second, third])[:bands]
    wedge = (v < 0.35) & (u > 0.55) & (u - 0.55 < v)
    picture[:, wedge] = 20
    picture[:, (col % 97 < 3) | ((row + col // 3) % 71 < 3)] -= 60
    pixels: NDArray[np.uint8] = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    return pixels


def masters(
    folder: Path, *, pixel_m: float, sheet_px: tuple[int, int], bands: int, layout: tuple[int, int] = (2, 1)
) -> tuple[tuple[Master, ...], dict[str, shapely.Polygon]]:
    """Writes `layout` (across, down) sheets of `sheet_px` (width, height) and returns them with their neatlines.

    The first sheet's upper left tenth is masked out.
    """
    width, height = sheet_px
    across, down = layout
    whole = drawing(width * across, height * down, bands)
    made, neatlines = [], {}
    for col in range(across):
        for row in range(down):
            code = f"09KC97{1 + col + 2 * row}"
            west_m, north_m = WEST_M + col * width * pixel_m, NORTH_M - row * height * pixel_m
            path = folder / f"{code}.tif"
            mask = np.full((height, width), 255, dtype=np.uint8)
            if col == row == 0:
                mask[: height // 10, : width // 10] = 0
            profile = {
                "driver": "GTiff", "width": width, "height": height, "count": bands, "dtype": "uint8", "crs": FRAME,
                "transform": Affine(pixel_m, 0, west_m, 0, -pixel_m, north_m),
                "tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate",
            }  # fmt: skip
            if bands == 3:
                profile["photometric"] = "RGB"
            with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "w", **profile) as dataset:
                dataset.write(whole[:, row * height : (row + 1) * height, col * width : (col + 1) * width])
                dataset.write_mask(mask)
                dataset.update_tags(TIFFTAG_ARTIST="測量 太郎", TIFFTAG_HOSTCOMPUTER="PC-0123", 作成者="測量 太郎")
            made.append(Master(code, path, bitonal=False))
            neatlines[code] = shapely.box(west_m, north_m - height * pixel_m, west_m + width * pixel_m, north_m)
    return tuple(made), neatlines
