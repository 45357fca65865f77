"""Warps a placed sheet once onto the town lattice: the master of everything that is published of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.io import DatasetWriter
from rasterio.transform import Affine
from rasterio.windows import Window

from gis_pipeline.errors import MachineError, PlacementError, Where
from gis_pipeline.georef._gdal_log import listening
from gis_pipeline.georef.lattice import Lattice, inside_neatline, lattice_of
from gis_pipeline.georef.pixels import Positions, SourcePixels, source_pixels
from gis_pipeline.members import Array, Master, PlacedSheet

BLOCK_PX = 1024
"""Edge of the blocks a sheet is warped in; bounds the memory."""
TILE_PX = 512
MAX_MASTER_PIXELS = 2_000_000_000
COARSEST_PX, FINEST_PX = 64, 4
"""Spacing of the nodes at which the exact inverse is computed; between them it is interpolated."""
INTERPOLATION_PX = 0.05
"""Largest error of that interpolation in scan pixels. It is measured at the middles of all cells of nodes twice as far
apart as those then used, whose own error is a third of it or less."""
SHRINK_FROM = 1.5
"""From this many scan pixels to one lattice pixel on, the scan is averaged first: thin lines would drop out."""

_GDAL = {"GDAL_PAM_ENABLED": "NO", "GDAL_TIFF_INTERNAL_MASK": "YES", "GDAL_CACHEMAX": 64 * 2**20}
_NOWHERE = -1e7


def warp(sheet: PlacedSheet, pixel_m: float, path: Path) -> Master:
    """Writes the master of `sheet` at `path`: a tiled lossless 8-bit GeoTIFF in the town frame, grey or RGB.

    It has an internal mask where pixels of its rectangle are outside the neatline or the page. Raises MaterialError
    where the scan cannot be decoded to its end, PlacementError where the fit has no inverse inside the neatline,
    MachineError where the master cannot be written whole.
    """
    where = Where(file=sheet.page.file, sheet=sheet.code)
    lattice = lattice_of(sheet.neatline, pixel_m)
    if min(lattice.width_px, lattice.height_px) < 1 or lattice.width_px * lattice.height_px > MAX_MASTER_PIXELS:
        raise PlacementError(
            f"pixel_m = {pixel_m} では図郭が {lattice.width_px}×{lattice.height_px} 画素になります。",
            where,
            "[scan] の pixel_m を直してください。",
        )
    inverse = _inverse(sheet, lattice, where)
    ratio = pixel_m / sheet.fit.pixel_size_m
    scan = source_pixels(sheet.page, path.parent).reduced(max(1, round(ratio)) if ratio > SHRINK_FROM else 1)
    with listening() as heard:
        try:
            with _master_file(path, lattice, sheet.transformation.target_crs, scan.bands) as out:
                _fill(out, sheet.neatline, lattice, inverse, scan)
            _read_back(path, lattice)
        except RasterioError as error:
            heard.append(str(error))
    if heard:
        raise MachineError(f"図郭 {sheet.code} の画像を書けません（{heard[0]}）。ディスクの空きを確かめてください。")
    return Master(sheet.code, path, sheet.page.bitonal)


def _fill(out: DatasetWriter, neatline: shapely.Polygon, lattice: Lattice, inverse: _Nodes, scan: SourcePixels) -> None:
    """Warps block by block; the mask comes last, because most sheets turn out to need none."""
    masks: list[tuple[Window, NDArray[np.uint8]]] = []
    full = True
    for top, left, height, width in _blocks(lattice):
        cols, rows = inverse.interpolate(top, left, height, width)
        mask = inside_neatline(neatline, lattice, top, left, height, width) & scan.covers(cols, rows)
        window = Window(left, top, width, height)
        if mask.any():
            pixels = scan.sample(cols, rows)
            if not mask.all():
                pixels[~mask] = 0
            out.write(pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, 2, 0), window=window)
        full = full and bool(mask.all())
        masks.append((window, np.packbits(mask)))
    if full:
        return
    for window, packed in masks:
        bits = np.unpackbits(packed, count=window.width * window.height)
        out.write_mask(bits.reshape(window.height, window.width) * np.uint8(255), window=window)


def _read_back(path: Path, lattice: Lattice) -> None:
    """Raises RasterioError unless every tile is there: what GDAL writes on closing may fail without a word."""
    with rasterio.Env(**_GDAL), rasterio.open(path, driver="GTiff") as written:
        for top, left, height, width in _blocks(lattice):
            window = Window(left, top, width, height)
            written.read(window=window)
            written.dataset_mask(window=window)


def _blocks(lattice: Lattice) -> Iterator[tuple[int, int, int, int]]:
    """top, left, height, width of each block."""
    for top in range(0, lattice.height_px, BLOCK_PX):
        for left in range(0, lattice.width_px, BLOCK_PX):
            yield top, left, min(BLOCK_PX, lattice.height_px - top), min(BLOCK_PX, lattice.width_px - left)


@contextmanager
def _master_file(path: Path, lattice: Lattice, frame: str, bands: int) -> Iterator[DatasetWriter]:
    transform = Affine(lattice.pixel_m, 0.0, lattice.west_m, 0.0, -lattice.pixel_m, lattice.north_m)
    with (
        rasterio.Env(**_GDAL),
        rasterio.open(
            path,
            "w",
            driver="GTiff",
            width=lattice.width_px,
            height=lattice.height_px,
            count=bands,
            dtype="uint8",
            crs=frame,
            transform=transform,
            photometric="rgb" if bands == 3 else "minisblack",
            interleave="pixel",
            tiled=True,
            blockxsize=TILE_PX,
            blockysize=TILE_PX,
            compress="zstd",
            zstd_level=1,
            BIGTIFF="IF_SAFER",
        ) as out,
    ):
        yield out


# ------------------------------------------------------------------ the inverse, between nodes


@dataclass(frozen=True)
class _Nodes:
    """Page positions at nodes every `spacing` lattice pixels from the sheet's north-west corner."""

    spacing: int
    cols: Array
    rows: Array

    def interpolate(self, top: int, left: int, height: int, width: int) -> tuple[Positions, Positions]:
        """Page positions (corner convention) of the pixel centres of a block, bilinear between the nodes."""
        down, across = _weights(height, self.spacing), _weights(width, self.spacing)
        first_row, first_col = top // self.spacing, left // self.spacing
        part = np.s_[first_row : first_row + down.shape[1], first_col : first_col + across.shape[1]]
        return down @ (self.cols[part].astype(np.float32) @ across.T), down @ (
            self.rows[part].astype(np.float32) @ across.T
        )


def _weights(count: int, spacing: int) -> Positions:
    """(count, nodes): the share of each node in each pixel centre."""
    position = (np.arange(count) + 0.5) / spacing
    node = position.astype(np.int64)
    weights = np.zeros((count, node[-1] + 2), dtype=np.float32)
    weights[np.arange(count), node] = 1 - (position - node)
    weights[np.arange(count), node + 1] = position - node
    return weights


def _inverse(sheet: PlacedSheet, lattice: Lattice, where: Where) -> _Nodes:
    """Nodes so close that interpolation is good to `INTERPOLATION_PX`: halved until the middles agree."""
    spacing = COARSEST_PX
    down, across = -(-lattice.height_px // spacing), -(-lattice.width_px // spacing)
    nodes = _at_nodes(sheet, lattice, spacing, down, across)
    while True:
        finer = _at_nodes(sheet, lattice, spacing // 2, 2 * down, 2 * across)
        error_px = max(_middle_error(nodes.cols, finer.cols), _middle_error(nodes.rows, finer.rows))
        nodes, spacing, down, across = finer, spacing // 2, 2 * down, 2 * across
        if error_px <= INTERPOLATION_PX:
            break
        if spacing <= FINEST_PX:
            raise _no_inverse(where)
    lost = ~np.isfinite(nodes.cols)
    if lost.any():
        easting, northing = _positions(lattice, spacing, down, across)
        if shapely.contains_xy(sheet.neatline.buffer(spacing * lattice.pixel_m), easting[lost], northing[lost]).any():
            raise _no_inverse(where)
    return _Nodes(spacing, np.where(lost, _NOWHERE, nodes.cols), np.where(lost, _NOWHERE, nodes.rows))


def _at_nodes(sheet: PlacedSheet, lattice: Lattice, spacing: int, down: int, across: int) -> _Nodes:
    return _Nodes(spacing, *sheet.georeference.to_pixel(*_positions(lattice, spacing, down, across)))


def _positions(lattice: Lattice, spacing: int, down: int, across: int) -> tuple[Array, Array]:
    """Eastings and northings of the nodes, (down + 1, across + 1)."""
    eastings = lattice.eastings(np.arange(across + 1, dtype=np.float64) * spacing)
    northings = lattice.northings(np.arange(down + 1, dtype=np.float64) * spacing)
    easting, northing = np.meshgrid(eastings, northings)
    return easting, northing


def _middle_error(coarse: Array, fine: Array) -> float:
    """The largest difference at the middles of the cells' sides and of the cells, where both are known."""
    guess = np.empty_like(fine)
    guess[::2, ::2] = coarse
    guess[::2, 1::2] = (coarse[:, :-1] + coarse[:, 1:]) / 2
    guess[1::2, ::2] = (coarse[:-1] + coarse[1:]) / 2
    guess[1::2, 1::2] = (guess[1::2, :-1:2] + guess[1::2, 2::2]) / 2
    error = np.abs(guess - fine)
    return float(np.max(error, initial=0.0, where=np.isfinite(error)))


def _no_inverse(where: Where) -> PlacementError:
    return PlacementError(
        "変換が図郭の中で滑らかでなく、画素の位置が決まりません。",
        where,
        "近すぎる基準点の矛盾を確かめるか、[scan] の method を affine か projective にしてください。",
    )
