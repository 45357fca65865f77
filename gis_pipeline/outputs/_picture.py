"""The masters of a collection of scans as one picture of the town frame, pixel for pixel, in bounded memory."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.features
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window

from gis_pipeline.errors import MaterialError
from gis_pipeline.members import Product
from gis_pipeline.outputs import _files, _lattice

STRIP_ROWS = 512
PAPER = 255
"""What lies outside the sheets is white, as paper is."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """A rectangle of whole pixels of the masters' common lattice.

    `col_px`, `row_px`: its upper left corner counted east and south from the lattice's corner.
    """

    lattice: _lattice.Lattice
    frame: str
    col_px: int
    row_px: int
    width_px: int
    height_px: int
    cut: shapely.Geometry | None

    @property
    def transform(self) -> Affine:
        """col, row → easting_m, northing_m."""
        step = self.lattice.pixel_m
        west_m = self.lattice.west_m + self.col_px * step
        return Affine(step, 0.0, west_m, 0.0, -step, self.lattice.north_m - self.row_px * step)

    @property
    def footprint(self) -> shapely.Geometry:
        """The rectangle on the ground."""
        across, _, west_m, _, down, north_m = tuple(self.transform)[:6]
        box: shapely.Geometry = shapely.box(
            west_m, north_m + down * self.height_px, west_m + across * self.width_px, north_m
        )
        return box

    def strips(self) -> Iterator[tuple[int, Pixels, Pixels]]:
        """First row, pixels (bands, rows, width) and mask (rows, width; 255 where a sheet has a pixel)."""
        for top in range(0, self.height_px, STRIP_ROWS):
            rows = min(STRIP_ROWS, self.height_px - top)
            yield (top, *self._strip(top, rows))

    def _strip(self, top: int, rows: int) -> tuple[Pixels, Pixels]:
        pixels = np.full((self.lattice.bands, rows, self.width_px), PAPER, dtype=np.uint8)
        mask = np.zeros((rows, self.width_px), dtype=np.uint8)
        first_col, first_row = self.col_px, self.row_px + top
        for sheet in self.lattice.sheets:
            west, east = max(first_col, sheet.col_px), min(first_col + self.width_px, sheet.col_px + sheet.width_px)
            north, south = max(first_row, sheet.row_px), min(first_row + rows, sheet.row_px + sheet.height_px)
            if west >= east or north >= south:
                continue
            window = Window(west - sheet.col_px, north - sheet.row_px, east - west, south - north)
            with rasterio.open(sheet.path) as master:
                bands = list(range(1, sheet.bands + 1)) * (self.lattice.bands // sheet.bands)
                read, seen = master.read(bands, window=window), master.dataset_mask(window=window) > 0
            here = np.s_[north - first_row : south - first_row, west - first_col : east - first_col]
            pixels[(slice(None), *here)][:, seen] = read[:, seen]
            mask[here][seen] = 255
        if self.cut is not None:
            transform = self.transform @ Affine.translation(0, top)
            outside = rasterio.features.geometry_mask([self.cut], mask.shape, transform)
            pixels[:, outside], mask[outside] = PAPER, 0
        return pixels, mask


def picture(product: Product) -> Picture:
    """The part of the masters that the product's area needs, widened to whole pixels; all of them without an area.

    Raises MaterialError if no sheet lies there.
    """
    whole = _lattice.lattice(product)
    east_px = max(sheet.col_px + sheet.width_px for sheet in whole.sheets)
    south_px = max(sheet.row_px + sheet.height_px for sheet in whole.sheets)
    col, row, right, below = 0, 0, east_px, south_px
    area = product.part.area
    if area is not None:
        west_m, south_m, east_m, north_m = shapely.bounds(area).tolist()
        # A thousandth of a pixel is no reason for another row of pixels.
        col = max(0, math.floor((west_m - whole.west_m) / whole.pixel_m + 1e-3))
        row = max(0, math.floor((whole.north_m - north_m) / whole.pixel_m + 1e-3))
        right = min(east_px, math.ceil((east_m - whole.west_m) / whole.pixel_m - 1e-3))
        below = min(south_px, math.ceil((whole.north_m - south_m) / whole.pixel_m - 1e-3))
        if right <= col or below <= row:
            raise MaterialError("その範囲に図郭の画像はありません。", advice="範囲を確かめてください。")
    cut = area if product.part.clipped else None
    return Picture(whole, product.service.crs, col, row, right - col, below - row, cut)


def write(made: Picture, path: Path, *, mask: bool, **coding: Any) -> None:
    """Writes the picture with GDAL, losslessly, and reads it again: pixels that differ raise OSError."""
    profile = {
        "driver": "GTiff",
        "width": made.width_px,
        "height": made.height_px,
        "count": made.lattice.bands,
        "dtype": "uint8",
        "crs": made.frame,
        "transform": made.transform,
        "photometric": "RGB" if made.lattice.bands == 3 else "MINISBLACK",
        "BIGTIFF": "IF_SAFER",
    } | coding
    written = 0
    with rasterio.Env(GDAL_CACHEMAX=_lattice.CACHE_BYTES, GDAL_TIFF_INTERNAL_MASK=True):
        with rasterio.open(path, "w", **profile) as target:
            for top, pixels, seen in made.strips():
                window = Window(0, top, made.width_px, pixels.shape[1])
                target.write(pixels, window=window)
                if mask:
                    target.write_mask(seen > 0, window=window)
                written = zlib.crc32(pixels.tobytes(), written)
        found = 0
        with rasterio.open(path) as read:
            for top in range(0, made.height_px, STRIP_ROWS):
                rows = min(STRIP_ROWS, made.height_px - top)
                found = zlib.crc32(read.read(window=Window(0, top, made.width_px, rows)).tobytes(), found)
    if found != written:
        raise OSError("書いた画像の画素が元の画像と違います。")
    _files.expect(path, path.stat().st_size > 0, 1, "ファイル")


def world(made: Picture) -> bytes:
    """A world file: six lines a, d, b, e, c, f with c, f at the centre of the upper left pixel."""
    a, b, c, d, e, f = tuple(made.transform)[:6]
    lines = (a, d, b, e, c + a / 2 + b / 2, f + d / 2 + e / 2)
    return "".join(f"{value!r}\r\n" for value in lines).encode("ascii")
