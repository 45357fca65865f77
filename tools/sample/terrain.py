"""Heights and contour lines: a flat valley with a river, wooded hills to the north and the south-west."""

from __future__ import annotations

from functools import cache

import contourpy
import numpy as np
import scipy.ndimage
import shapely

from tools.sample.frame import Array
from tools.sample.layout import BROOK, RIVER, RURAL_ROADS, URBAN

STEP_M = 8.0
WEST_M, SOUTH_M, EAST_M, NORTH_M = -120.0, -120.0, 4120.0, 3120.0
INTERVAL_M, INDEX_INTERVAL_M = 2.0, 10.0
FARMLAND = shapely.union_all(
    [
        shapely.Polygon(((-400, 1760), (200, 1740), (520, 1560), (640, 700), (420, 600), (120, 690), (-400, 760))),
        shapely.Polygon(((3500, 1800), (3640, 1880), (3760, 1760), (4400, 1700), (4400, 260), (3560, 300))),
    ]
)
FLAT = shapely.union_all([URBAN, FARMLAND])


@cache
def heights() -> tuple[Array, Array, Array]:
    """(eastings, northings, heights in metres above the sea) on a grid, rows from the south."""
    east, north = np.arange(WEST_M, EAST_M + 1, STEP_M), np.arange(SOUTH_M, NORTH_M + 1, STEP_M)
    grid_east, grid_north = np.meshgrid(east, north)
    away = shapely.distance(FLAT, shapely.points(grid_east, grid_north))
    ridges = 1.0 - np.abs(_noise(grid_east.shape, 22, 1)) * 0.75
    rough = _noise(grid_east.shape, 11, 2)
    hill = (
        118.0 * (1.0 - np.exp(-away / 330.0)) * np.clip(ridges, 0.15, 1.2) + np.minimum(away / 60.0, 1.0) * rough * 4.5
    )
    for line, depth in ((BROOK, 0.75), *((road.line, 0.45) for road in RURAL_ROADS)):
        near = shapely.distance(line, shapely.points(grid_east, grid_north))
        hill *= 1.0 - depth * np.exp(-((near / 70.0) ** 2))
    floor = 172.0 - grid_east * 0.0052 + np.clip(grid_north - 1750.0, 0, None) * 0.020
    floor += np.clip(np.abs(grid_north - _river_north(grid_east)) - 60.0, 0, 260.0) * 0.012
    floor += _noise(grid_east.shape, 45, 3) * 1.6
    return east, north, np.asarray(scipy.ndimage.gaussian_filter(floor + hill, 1.4), dtype=np.float64)


def contours() -> list[tuple[float, list[Array]]]:
    """(height, lines as (n, 2) arrays of east, north) for every 2 m."""
    east, north, height = heights()
    generator = contourpy.contour_generator(east, north, height, line_type="Separate")
    levels = np.arange(np.ceil(height.min() / INTERVAL_M) * INTERVAL_M, height.max(), INTERVAL_M)
    found: list[tuple[float, list[Array]]] = []
    for level in levels:
        lines = [np.asarray(line, dtype=np.float64) for line in generator.lines(float(level)) if len(line) > 4]
        found.append((float(level), lines))
    return found


def height_at(east_m: float, north_m: float) -> float:
    """Height in metres at a point (nearest grid node)."""
    east, north, height = heights()
    column = int(np.clip(round((east_m - east[0]) / STEP_M), 0, len(east) - 1))
    row = int(np.clip(round((north_m - north[0]) / STEP_M), 0, len(north) - 1))
    return float(height[row, column])


def _noise(shape: tuple[int, ...], smooth_cells: float, seed: int) -> Array:
    """Smooth noise with unit deviation."""
    raw = np.random.default_rng([2026, seed]).standard_normal(shape)
    soft = scipy.ndimage.gaussian_filter(raw, smooth_cells, mode="reflect")
    return np.asarray(soft / soft.std(), dtype=np.float64)


def _river_north(east: Array) -> Array:
    points = shapely.get_coordinates(RIVER)
    return np.asarray(np.interp(east, points[:, 0], points[:, 1]), dtype=np.float64)
