"""The masters of a collection of scans as one picture on the town lattice, read in pieces and warped to tiles."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import cv2
import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.io import DatasetReader
from rasterio.windows import Window

from gis_pipeline import crs
from gis_pipeline.members import Array, Product
from gis_pipeline.model import BBox

EARTH_RADIUS_M = 6378137.0
STRIP_ROWS = 512
NODE_PX = 64
"""The projection is computed exactly every 64 samples and linearly between: at 2 m a sample that is 0.0003 m off."""

CACHE_BYTES = 64 << 20
"""GDAL's block cache; rasterio takes an integer GDAL_CACHEMAX as bytes. Its default is a twentieth of the memory."""

Pixels = NDArray[np.float32]
"""Shape (height, width, bands + 1): colours times coverage (0–255), then coverage (0–1): can be averaged as it is."""


@dataclass(frozen=True)
class Sheet:
    """One master on the lattice; `col_px`/`row_px` is its upper left corner, counted east and south."""

    path: str
    col_px: int
    row_px: int
    width_px: int
    height_px: int
    bands: int
    bbox: BBox


@dataclass(frozen=True)
class Lattice:
    """All masters of a product on their common lattice of `pixel_m` metres.

    The lattice's corner (col 0, row 0) is `west_m`, `north_m` in the town frame: the upper left of all masters.
    """

    frame: str
    pixel_m: float
    west_m: float
    north_m: float
    bands: int
    sheets: tuple[Sheet, ...]


def lattice(product: Product) -> Lattice:
    """Opens every master for its place and size. Raises ValueError if they share no lattice."""
    placed = []
    for master in product.masters:
        with rasterio.open(master.path) as dataset:
            placed.append((str(master.path), dataset.transform, dataset.width, dataset.height, dataset.count))
    pixel_m = float(placed[0][1].a)
    west_m = min(transform.c for _, transform, *_ in placed)
    north_m = max(transform.f for _, transform, *_ in placed)
    to_lonlat = crs.to_lonlat(product.service.crs)
    sheets = []
    for path, transform, width, height, count in placed:
        east_m, south_m = transform.c + width * pixel_m, transform.f - height * pixel_m
        sheets.append(
            Sheet(
                path,
                _steps(transform.c - west_m, pixel_m, path),
                _steps(north_m - transform.f, pixel_m, path),
                width,
                height,
                3 if count >= 3 else 1,
                to_lonlat.bbox(transform.c, south_m, east_m, transform.f),
            )
        )
    bands = max(sheet.bands for sheet in sheets)
    return Lattice(product.service.crs, pixel_m, west_m, north_m, bands, tuple(sheets))


def _steps(offset_m: float, pixel_m: float, path: str) -> int:
    steps = offset_m / pixel_m
    if abs(steps - round(steps)) > 0.01:
        raise ValueError(f"{path} lies off the common lattice by {steps - round(steps):.3f} px")
    return round(steps)


# ------------------------------------------------------------------ warping


def sample_m(zoom: int, tile_px: int) -> float:
    """Size of a pixel of WebMercatorQuad in metres of EPSG:3857."""
    return 2 * math.pi * EARTH_RADIUS_M / (tile_px << zoom)


def warp(source: Lattice, left_px: int, top_px: int, size_px: int, pixel_3857_m: float) -> Pixels | None:
    """A square of Web Mercator pixels, area-averaged from the masters; None where no sheet has a pixel.

    `left_px`, `top_px`: upper left corner counted from the corner of the world. Each pixel is the mean of two
    by two bilinear samples, taken from the masters reduced so that samples lie about one reduced pixel apart:
    nothing of a line drawing falls between samples, nothing is read twice as fine as needed.
    """
    samples = 2 * size_px
    col, row = _positions(source, left_px, top_px, samples, pixel_3857_m / 2)
    spacing_px = (col.max() - col.min()) / samples
    factor = max(1, round(float(spacing_px)))
    window = _window(source, col, row, factor)
    reduced = _read(source, window, factor)
    if reduced is None:
        return None
    # A reduced pixel's centre lies at (index + 0.5) · factor.
    map_x = ((col - window.west_px) / factor - 0.5).astype(np.float32)
    map_y = ((row - window.north_px) / factor - 0.5).astype(np.float32)
    sampled = cv2.remap(reduced, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return halve(np.asarray(sampled, dtype=np.float32))


def _window(source: Lattice, col: Array, row: Array, factor: int) -> _Window:
    """The part of the lattice that samples at col, row need, edges on multiples of `factor`."""
    margin = 2 * factor

    def edge(value: float) -> int:
        return math.floor(value / factor) * factor

    return _Window(
        edge(max(float(col.min()) - margin, -margin)),
        edge(max(float(row.min()) - margin, -margin)),
        edge(min(float(col.max()), max(sheet.col_px + sheet.width_px for sheet in source.sheets)) + margin) + factor,
        edge(min(float(row.max()), max(sheet.row_px + sheet.height_px for sheet in source.sheets)) + margin) + factor,
    )


def halve(pixels: Pixels) -> Pixels:
    """The mean of two by two pixels, weighted by coverage."""
    height, width, _ = pixels.shape
    return np.asarray(cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA), dtype=np.float32)


@dataclass(frozen=True)
class _Window:
    """Part of the lattice, edges in pixels from its corner."""

    west_px: int
    north_px: int
    east_px: int
    south_px: int


def _positions(source: Lattice, left_px: int, top_px: int, samples: int, step_m: float) -> tuple[Array, Array]:
    """Lattice col and row (pixel corners) of the centre of every sample, shape (samples, samples)."""
    nodes = np.arange(0, samples + 1, NODE_PX, dtype=np.float64)
    half_world_m = math.pi * EARTH_RADIUS_M
    x_m = (2 * left_px + nodes) * step_m - half_world_m
    y_m = half_world_m - (2 * top_px + nodes) * step_m
    # EPSG:3857 is spherical (EPSG method 1024): longitude and latitude follow in closed form.
    lon = np.degrees(x_m / EARTH_RADIUS_M)
    lat = np.degrees(2 * np.arctan(np.exp(y_m / EARTH_RADIUS_M)) - math.pi / 2)
    grid_lon, grid_lat = np.meshgrid(lon, lat)
    easting_m, northing_m = crs.to_lonlat(source.frame).inverse(grid_lon.ravel(), grid_lat.ravel())
    col = ((easting_m - source.west_m) / source.pixel_m).reshape(grid_lon.shape)
    row = ((source.north_m - northing_m) / source.pixel_m).reshape(grid_lon.shape)
    # Hat functions: linear between the nodes, along both axes.
    centres = np.arange(samples) + 0.5
    weights = np.maximum(0.0, 1.0 - np.abs(centres[:, None] - nodes[None, :]) / NODE_PX)
    return weights @ col @ weights.T, weights @ row @ weights.T


# ------------------------------------------------------------------ reading


def _read(source: Lattice, window: _Window, factor: int) -> Pixels | None:
    """A window of the lattice reduced `factor` times by area mean; None if no sheet has a pixel in it.

    Where sheets overlap, the first covers. They are put together before they are reduced, so that a pixel
    shared by two neighbours is covered whole.
    """
    near = [sheet for sheet in source.sheets if _part(sheet, window) is not None]
    if not near:
        return None
    height = (window.south_px - window.north_px) // factor
    width = (window.east_px - window.west_px) // factor
    reduced = np.zeros((height, width, source.bands + 1), dtype=np.float32)
    seen = False
    with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES), ExitStack() as stack:
        opened = [(sheet, stack.enter_context(rasterio.open(sheet.path))) for sheet in near]
        for strip in _strips(window, factor):
            pixels = _compose(opened, strip, source.bands)
            if pixels is None:
                continue
            seen = True
            first = (strip.north_px - window.north_px) // factor
            last = (strip.south_px - window.north_px) // factor
            reduced[first:last] = cv2.resize(pixels, (width, last - first), interpolation=cv2.INTER_AREA)
    return reduced if seen else None


def _strips(window: _Window, factor: int) -> Iterator[_Window]:
    rows = max(1, STRIP_ROWS // factor) * factor
    for top in range(window.north_px, window.south_px, rows):
        yield _Window(window.west_px, top, window.east_px, min(top + rows, window.south_px))


def _compose(opened: list[tuple[Sheet, DatasetReader]], strip: _Window, bands: int) -> Pixels | None:
    width, height = strip.east_px - strip.west_px, strip.south_px - strip.north_px
    pixels = np.zeros((height, width, bands + 1), dtype=np.float32)
    seen = False
    for sheet, dataset in opened:
        part = _part(sheet, strip)
        if part is None:
            continue
        inside = Window(
            part.west_px - sheet.col_px,
            part.north_px - sheet.row_px,
            part.east_px - part.west_px,
            part.south_px - part.north_px,
        )
        target = pixels[
            part.north_px - strip.north_px : part.south_px - strip.north_px,
            part.west_px - strip.west_px : part.east_px - strip.west_px,
        ]
        free = (dataset.read_masks(1, window=inside) > 0) & (target[..., -1] == 0)
        if not free.any():
            continue
        seen = True
        colours = dataset.read(list(range(1, sheet.bands + 1)), window=inside)
        for band in range(bands):
            np.copyto(target[..., band], colours[min(band, sheet.bands - 1)], where=free)
        np.copyto(target[..., -1], 1.0, where=free)
    return pixels if seen else None


def _part(sheet: Sheet, window: _Window) -> _Window | None:
    """The part of a sheet that lies in the window."""
    part = _Window(
        max(sheet.col_px, window.west_px),
        max(sheet.row_px, window.north_px),
        min(sheet.col_px + sheet.width_px, window.east_px),
        min(sheet.row_px + sheet.height_px, window.south_px),
    )
    return part if part.west_px < part.east_px and part.north_px < part.south_px else None
