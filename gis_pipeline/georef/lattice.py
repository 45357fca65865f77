"""The lattice that all sheets of a collection share, and which of its pixels belong to which sheet.

Pixel edges lie at whole multiples of `pixel_m` in town metres. A pixel belongs to the sheet whose neatline contains its
centre, west and north edges included, south and east edges not (they belong to the next sheet), so neighbours meet
with neither gap nor overlap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_pipeline.members import Array


@dataclass(frozen=True)
class Lattice:
    """A sheet's part of the town lattice.

    `first_col` counts pixels eastwards and `top_row` northwards from the frame's origin: lattice row j lies between
    j·pixel_m and (j + 1)·pixel_m. Within the part, columns count from its west edge and rows down from its north edge.
    """

    pixel_m: float
    first_col: int
    top_row: int
    width_px: int
    height_px: int

    @property
    def west_m(self) -> float:
        """Easting of the west edge."""
        return self.first_col * self.pixel_m

    @property
    def north_m(self) -> float:
        """Northing of the north edge."""
        return (self.top_row + 1) * self.pixel_m

    def eastings(self, cols: Array) -> Array:
        """Easting in metres of columns (pixel edges)."""
        return np.asarray((self.first_col + cols) * self.pixel_m)

    def northings(self, rows: Array) -> Array:
        """Northing in metres of rows (pixel edges)."""
        return np.asarray((self.top_row + 1 - rows) * self.pixel_m)


def lattice_of(neatline: shapely.Polygon, pixel_m: float) -> Lattice:
    """The smallest part of the lattice that holds every pixel centre inside the neatline; may be empty."""
    west, south, east, north = neatline.bounds
    first, after = _first_centre(west, pixel_m), _first_centre(east, pixel_m)
    bottom, top = math.floor(south / pixel_m - 0.5) + 1, math.floor(north / pixel_m - 0.5)
    return Lattice(pixel_m, first, top, after - first, top - bottom + 1)


def inside_neatline(
    neatline: shapely.Polygon, lattice: Lattice, top: int, left: int, height: int, width: int
) -> NDArray[np.bool_]:
    """Which pixels of a block belong to the sheet; shape (height, width).

    Even-odd scan lines through the pixel centres. Every edge is computed from its sorted ends, so the two neighbours
    of a shared edge decide alike to the last bit.
    """
    toggles = np.zeros((height, width + 1), dtype=bool)
    northing = (lattice.top_row - top - np.arange(height) + 0.5) * lattice.pixel_m
    for ring in (neatline.exterior, *neatline.interiors):
        points = [(float(northing_m), float(easting_m)) for easting_m, northing_m in ring.coords]
        for start, end in pairwise(points):
            (low_n, low_e), (high_n, high_e) = min(start, end), max(start, end)
            crossed = np.flatnonzero((northing > low_n) & (northing <= high_n))
            if not crossed.size:
                continue
            easting = low_e + (northing[crossed] - low_n) * ((high_e - low_e) / (high_n - low_n))
            first = np.ceil(easting / lattice.pixel_m - 0.5).astype(np.int64) - lattice.first_col - left
            toggles[crossed, np.clip(first, 0, width)] ^= True
    return np.asarray(np.logical_xor.accumulate(toggles[:, :width], axis=1))


def _first_centre(easting_m: float, pixel_m: float) -> int:
    """The first column whose centre is not west of `easting_m`."""
    return math.ceil(easting_m / pixel_m - 0.5)
