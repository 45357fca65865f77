"""Pixels of the sheets under a window: from the masters' own overviews, sampled once, put together. Blocking.

Editions never change, so a sheet that was opened stays open: most of what a picture cost was opening the file,
setting up a warp and decoding blocks that the picture before had just decoded. Bounded by OPEN_FILES a thread and
CACHE_BYTES of decoded blocks in the whole process.

A pixel is the mean of so many bilinear samples that nothing of a line drawing falls between them, as in the prebuilt
pictures (`gis_pipeline.outputs.image_pmtiles`), and as GDAL's warper would show it (tests/tile_server/test_images.py).
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import MaskFlags
from rasterio.windows import Window as Part

from tile_server.window import Window

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]

CACHE_BYTES = 64 << 20
OPEN_FILES = 64
_GDAL = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_CACHEMAX": CACHE_BYTES, "GDAL_NUM_THREADS": "1"}
_BLOCK_PX = 512
_NODE_PX = 32
"""Places are projected at the nodes of a grid of so many pixels; between them they lie linearly, within 0.01 pixel."""
_FINEST = 0.8
"""An overview is taken up to pixels this much coarser than asked for (GDAL's own readers: 1 / 1.2)."""
_SPACING = 1.25
"""Samples lie at most so many pixels of the overview apart …"""
_MOST_SAMPLES = 16
"""… unless that took more samples than this along one side of a pixel."""


@dataclass(frozen=True)
class Sheet:
    """A master as it lies in the town frame; `factors`: its own resolution and those of its overviews, in pixels."""

    west_m: float
    north_m: float
    pixel_m: float
    width_px: int
    height_px: int
    bands: int
    masked: bool
    factors: tuple[int, ...]

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """West, south, east, north in metres."""
        east_m, south_m = self.west_m + self.width_px * self.pixel_m, self.north_m - self.height_px * self.pixel_m
        return self.west_m, south_m, east_m, self.north_m


class Masters:
    """Open sheets, the most recently used of each thread."""

    def __init__(self) -> None:
        self._local = threading.local()

    def sheet(self, path: Path) -> Sheet:
        """How a sheet lies."""
        found = self._opened(path, 0)
        size = (found.width, found.height, min(found.count, 3))
        masked = MaskFlags.all_valid not in found.mask_flag_enums[0]
        place = found.transform
        return Sheet(place.c, place.f, place.a, *size, masked, (1, *found.overviews(1)))

    def read(self, path: Path, level: int, part: Part) -> tuple[Pixels, Pixels | None]:
        """(rows, columns, bands) of a part at one of the sheet's factors, and its mask if it has one."""
        source = self._opened(path, level)
        bands = source.read(list(range(1, min(source.count, 3) + 1)), window=part)
        masked = MaskFlags.all_valid not in source.mask_flag_enums[0]
        mask = source.read_masks(1, window=part) if masked else None
        return np.asarray(cv2.merge(list(bands)), dtype=np.uint8), mask

    def _opened(self, path: Path, level: int) -> Any:
        opened: OrderedDict[tuple[Path, int], Any] | None = getattr(self._local, "opened", None)
        if opened is None:
            opened = self._local.opened = OrderedDict()
        found = opened.get((path, level))
        if found is None:
            with rasterio.Env(**_GDAL):
                found = rasterio.open(path, **({"overview_level": level - 1} if level else {}))
            opened[path, level] = found
            if len(opened) > OPEN_FILES:
                opened.popitem(last=False)[1].close()
        opened.move_to_end((path, level))
        return found


def sampled(masters: Masters, paths: Sequence[Path], window: Window) -> Pixels | None:
    """RGBA, (height, width, 4), of the sheets under a window; where they overlap the first covers. None: no pixel."""
    placed = [(path, sheet, _reach(sheet, window)) for path in paths for sheet in (masters.sheet(path),)]
    if not placed:
        return None
    picture = np.zeros((window.height_px, window.width_px, 4), dtype=np.uint8)
    seen = False
    for block in _blocks(window, [reach for _, _, reach in placed]):
        shared = [(path, sheet, _common(reach, block)) for path, sheet, reach in placed]
        near = [(path, sheet, part) for path, sheet, part in shared if part is not None]
        pixels = _block(masters, near, window, block)
        if pixels is not None:
            left, top, right, bottom = block
            picture[top:bottom, left:right] = pixels
            seen = True
    return picture if seen else None


# ------------------------------------------------------------------ which part of the window

Block = tuple[int, int, int, int]
"""First col, first row, the col after the last, the row after the last."""


def _reach(sheet: Sheet, window: Window) -> Block:
    """The pixels of the window that a sheet can reach; its sides may be curves there."""
    west_m, south_m, east_m, north_m = sheet.corners
    steps = np.linspace(0.0, 1.0, 9)
    across, up = west_m + steps * (east_m - west_m), south_m + steps * (north_m - south_m)
    easting = np.concatenate([across, across, np.full(9, west_m), np.full(9, east_m)])
    northing = np.concatenate([np.full(9, south_m), np.full(9, north_m), up, up])
    at = window.pixels(np.column_stack([easting, northing]))
    low = np.clip(np.floor(at.min(axis=0)) - 1, 0, (window.width_px, window.height_px))
    high = np.clip(np.ceil(at.max(axis=0)) + 1, 0, (window.width_px, window.height_px))
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _blocks(window: Window, reaches: Sequence[Block]) -> Iterator[Block]:
    """The window in pieces that bound memory; a tile is one."""
    left, top = min(reach[0] for reach in reaches), min(reach[1] for reach in reaches)
    right, bottom = max(reach[2] for reach in reaches), max(reach[3] for reach in reaches)
    for row in range(top, bottom, _BLOCK_PX):
        for col in range(left, right, _BLOCK_PX):
            yield col, row, min(right, col + _BLOCK_PX), min(bottom, row + _BLOCK_PX)


def _common(one: Block, other: Block) -> Block | None:
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[2], other[2]), min(one[3], other[3])
    return (left, top, right, bottom) if left < right and top < bottom else None


# ------------------------------------------------------------------ one block


@dataclass(frozen=True)
class Nodes:
    """Eastings and northings in metres at the nodes of a grid of _NODE_PX pixels, (rows, columns)."""

    easting_m: Floats
    northing_m: Floats

    @cached_property
    def spacing_m(self) -> tuple[float, float]:
        """Metres of the town frame from a pixel to the next: along a row, and along a column."""

        def apart(row: int, col: int) -> float:
            east, north = self.easting_m, self.northing_m
            return math.hypot(east[row, col] - east[0, 0], north[row, col] - north[0, 0]) / _NODE_PX

        return apart(0, 1), apart(1, 0)


def _block(masters: Masters, near: Sequence[tuple[Path, Sheet, Block]], window: Window, block: Block) -> Pixels | None:
    """RGBA of a block; `near`: the sheets with the part of it that each can reach. None where none has a pixel."""
    if not near:
        return None
    size = (block[2] - block[0], block[3] - block[1])
    nodes = _nodes(window, block)
    across, down = _level(near[0][1], nodes.spacing_m)[1]
    colours = np.zeros((size[1] * down, size[0] * across, 3), dtype=np.uint8)
    covered = np.zeros(colours.shape[:2], dtype=np.uint8)
    for path, sheet, (left, top, right, bottom) in near:
        rows = slice((top - block[1]) * down, (bottom - block[1]) * down)
        cols = slice((left - block[0]) * across, (right - block[0]) * across)
        found = _sheet(masters, path, sheet, nodes, (across, down), (rows, cols))
        if found is not None:
            free = cv2.bitwise_and(found[1], cv2.bitwise_not(covered[rows, cols]))
            cv2.copyTo(found[0], free, colours[rows, cols])
            cv2.bitwise_or(covered[rows, cols], found[1], covered[rows, cols])
    return _reduced(colours, covered, size) if covered.any() else None


def _nodes(window: Window, block: Block) -> Nodes:
    """The grid over a block: a node in the middle of every cell, and one cell more on every side."""
    cols = block[0] + _NODE_PX * (np.arange(-1, math.ceil((block[2] - block[0]) / _NODE_PX) + 1) + 0.5)
    rows = block[1] + _NODE_PX * (np.arange(-1, math.ceil((block[3] - block[1]) / _NODE_PX) + 1) + 0.5)
    grid = np.meshgrid(cols, rows)
    easting, northing = window.town(grid[0].ravel(), grid[1].ravel())
    return Nodes(easting.reshape(grid[0].shape), northing.reshape(grid[0].shape))


def _level(sheet: Sheet, spacing_m: tuple[float, float]) -> tuple[int, tuple[int, int]]:
    """Which overview is read, and how many samples make a pixel along a row and along a column."""
    across, down = spacing_m[0] / sheet.pixel_m, spacing_m[1] / sheet.pixel_m
    wanted = max(min(across, down) / _FINEST, max(across, down) / (_MOST_SAMPLES * _SPACING))
    level = max((number for number, factor in enumerate(sheet.factors) if factor <= wanted), default=0)
    factor = sheet.factors[level]

    def count(spacing: float) -> int:
        return min(_MOST_SAMPLES, max(1, math.ceil(spacing / factor / _SPACING)))

    return level, (count(across), count(down))


def _between(nodes: Floats, samples: tuple[int, int], part: tuple[slice, slice]) -> NDArray[np.float32]:
    """Values at the centres of a part of the block's samples (rows, columns), linear between the nodes."""
    across, down = _NODE_PX * samples[0], _NODE_PX * samples[1]
    size = (nodes.shape[1] * across, nodes.shape[0] * down)
    dense = np.asarray(cv2.resize(nodes.astype(np.float32), size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)
    rows, cols = part
    return dense[down + rows.start : down + rows.stop, across + cols.start : across + cols.stop]


def _sheet(
    masters: Masters,
    path: Path,
    sheet: Sheet,
    nodes: Nodes,
    samples: tuple[int, int],
    part: tuple[slice, slice],
) -> tuple[Pixels, Pixels] | None:
    """Colours (rows, columns, 3) and coverage (0 or 255) of one sheet at a part of the samples; None: no pixel."""
    level = _level(sheet, nodes.spacing_m)[0]
    # As GDAL takes it: an overview's pixels divide the sheet evenly, also where the factor does not.
    width, height = (math.ceil(side / sheet.factors[level]) for side in (sheet.width_px, sheet.height_px))
    cols = (nodes.easting_m - sheet.west_m) * (width / (sheet.width_px * sheet.pixel_m))
    rows = (sheet.north_m - nodes.northing_m) * (height / (sheet.height_px * sheet.pixel_m))
    # OpenCV counts pixel centres whole.
    map_col, map_row = _between(cols - 0.5, samples, part), _between(rows - 0.5, samples, part)
    low_col, high_col, low_row, high_row = (*_range(map_col), *_range(map_row))
    left, right = max(0, math.floor(low_col)), min(width, math.floor(high_col) + 2)
    top, bottom = max(0, math.floor(low_row)), min(height, math.floor(high_row) + 2)
    if left >= right or top >= bottom:
        return None
    pixels, mask = masters.read(path, level, Part(left, top, right - left, bottom - top))
    map_col, map_row = map_col - left, map_row - top
    colours = cv2.remap(pixels, map_col, map_row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if sheet.bands < 3:
        colours = cv2.cvtColor(colours if colours.ndim == 2 else colours[..., 0], cv2.COLOR_GRAY2RGB)
    inside = np.full(colours.shape[:2], 255, dtype=np.uint8)
    if low_col < -0.5 or low_row < -0.5 or high_col >= width - 0.5 or high_row >= height - 0.5:
        inside[(map_col < -left - 0.5) | (map_col >= width - left - 0.5)] = 0
        inside[(map_row < -top - 0.5) | (map_row >= height - top - 0.5)] = 0
    if mask is not None:
        near = cv2.remap(mask, map_col, map_row, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        inside = cv2.bitwise_and(inside, near)
    return colours, inside  # type: ignore[return-value]


def _range(values: NDArray[np.float32]) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _reduced(colours: Pixels, covered: Pixels, size: tuple[int, int]) -> Pixels:
    """RGBA: the mean of the samples of each pixel, weighted by coverage. `size`: columns, rows."""
    single = covered.shape == size[::-1]
    if covered.all():
        whole = colours if single else cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(whole, cv2.COLOR_RGB2RGBA)  # type: ignore[return-value]
    if single:
        return np.dstack([colours, covered])
    alpha = cv2.resize(covered.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(colours.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    mean = np.minimum(total * (255.0 / np.maximum(alpha, 1.0))[..., None], 255.0)
    return np.asarray(np.rint(np.dstack([mean, alpha])), dtype=np.uint8)
