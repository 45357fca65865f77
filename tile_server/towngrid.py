"""The town's tile matrix set: the town frame at the true scales that plans are drawn at (OGC 17-083r4).

Its id is the frame's code and `Scales` (`EPSG6677Scales`); the matrices 0 … 7 are 1:50000 … 1:250 at OGC's pixel of
0.28 mm. Tiles have 256 pixels; the set's corner is the north-west corner of the frame's area, for 平面直角座標系
X = 300 km, Y = −160 km, where the 国土基本図 sheets begin too. The ladder is not one of halves: 2500 lies above 1000.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyproj

from gis_pipeline.crs import OutputCrs, frame_crs, label, output_crs, to_lonlat
from gis_pipeline.model import BBox
from gis_pipeline.sheets import NORTH_EDGE_M, WEST_EDGE_M
from tile_server.area import FrameBox, cover
from tile_server.window import Window

SCALES = (50000, 25000, 10000, 5000, 2500, 1000, 500, 250)
PIXEL_M = 0.00028
TILE_PX = 256
Limits = tuple[int, int, int, int]
"""First and last row, first and last column."""


@dataclass(frozen=True)
class TownGrid:
    """The set for one frame; edges in metres of the frame."""

    frame: str
    west_m: float
    south_m: float
    east_m: float
    north_m: float

    @property
    def id(self) -> str:
        """`EPSG6677Scales`; `TownScales` for a frame without a code."""
        code = label(frame_crs(self.frame))
        return f"{code.replace(':', '')}Scales" if re.fullmatch(r"EPSG:[0-9]+", code) else "TownScales"

    @property
    def crs(self) -> OutputCrs:
        """The town frame as it is offered."""
        return output_crs(self.frame)[-1]

    def cell_m(self, matrix: int) -> float:
        """Metres a pixel."""
        return SCALES[matrix] * PIXEL_M

    def size(self, matrix: int) -> tuple[int, int]:
        """How many columns and rows the matrix has."""
        tile_m = self.cell_m(matrix) * TILE_PX
        return math.ceil((self.east_m - self.west_m) / tile_m), math.ceil((self.north_m - self.south_m) / tile_m)

    def holds(self, matrix: int, col: int, row: int) -> bool:
        """Whether there is such a tile."""
        if not 0 <= matrix < len(SCALES):
            return False
        cols, rows = self.size(matrix)
        return 0 <= col < cols and 0 <= row < rows

    def tile(self, matrix: int, col: int, row: int, size_px: int = TILE_PX) -> Window:
        """The window of a tile."""
        tile_m = self.cell_m(matrix) * TILE_PX
        west, north = self.west_m + col * tile_m, self.north_m - row * tile_m
        return Window(self.crs, self.frame, west, north - tile_m, west + tile_m, north, size_px, size_px, tiled=True)

    def limits(self, matrix: int, extent: BBox) -> Limits:
        """The rows and columns that can hold something of a lon/lat box."""
        cols, rows = self.size(matrix)
        box = _around(self.frame, extent)
        tile_m = self.cell_m(matrix) * TILE_PX

        def bound(metres: float, count: int) -> int:
            return min(count - 1, max(0, math.floor(metres / tile_m)))

        return (
            bound(self.north_m - box.north_m, rows),
            bound(self.north_m - box.south_m, rows),
            bound(box.west_m - self.west_m, cols),
            bound(box.east_m - self.west_m, cols),
        )

    def document(self) -> dict[str, Any]:
        """The definition (OGC 17-083r4, 7.2): corner and axes in the order of the frame's definition."""
        corner = [self.west_m, self.north_m]
        # By direction, as OGC's own sets do (E, N): EPSG calls north X here, which readers take for east.
        axes = ["N", "E"] if self.crs.northing_first else ["E", "N"]
        return {
            "id": self.id,
            "title": f"縮尺どおりの区切り（{label(frame_crs(self.frame))}、1:50000〜1:250）",
            "description": "1 画素を 0.28 mm として、図面と同じ縮尺になる町の座標系の区切り",
            "crs": self.crs.uri,
            "orderedAxes": axes,
            "tileMatrices": [
                {
                    "id": str(matrix),
                    "title": f"1:{scale}",
                    "scaleDenominator": float(scale),
                    "cellSize": self.cell_m(matrix),
                    "cornerOfOrigin": "topLeft",
                    "pointOfOrigin": corner[::-1] if self.crs.northing_first else corner,
                    "tileWidth": TILE_PX,
                    "tileHeight": TILE_PX,
                    "matrixWidth": self.size(matrix)[0],
                    "matrixHeight": self.size(matrix)[1],
                }
                for matrix, scale in enumerate(SCALES)
            ],
        }


def _around(frame: str, extent: BBox) -> FrameBox:
    """The box in town metres around a lon/lat box."""
    steps = np.linspace(0.0, 1.0, 21)
    lon, lat = np.meshgrid(
        extent.west + steps * (extent.east - extent.west), extent.south + steps * (extent.north - extent.south)
    )
    easting, northing = to_lonlat(frame).inverse(lon.ravel(), lat.ravel())
    return FrameBox(float(easting.min()), float(northing.min()), float(easting.max()), float(northing.max()))


def _is_plane(crs: pyproj.CRS) -> bool:
    """Whether it is one of the 19 planes of 平面直角座標系 (JGD2011, JGD2000, Tokyo Datum)."""
    code = crs.to_epsg() or 0
    return 6669 <= code <= 6687 or 2443 <= code <= 2461 or 30161 <= code <= 30179


@cache
def town_grid(frame: str) -> TownGrid:
    """The town's tile matrix set; it depends on the frame alone, so it never moves."""
    crs = frame_crs(frame)
    if _is_plane(crs):
        return TownGrid(frame, WEST_EDGE_M, -NORTH_EDGE_M, -WEST_EDGE_M, NORTH_EDGE_M)
    use = crs.area_of_use
    if use is None or use.west >= use.east:
        edge = 10_000_000.0
        return TownGrid(frame, -edge, -edge, edge, edge)
    box = _around(frame, BBox(west=use.west, south=use.south, east=use.east, north=use.north))
    step = 10_000.0
    low = [math.floor(value / step) * step for value in (box.west_m, box.south_m)]
    high = [math.ceil(value / step) * step for value in (box.east_m, box.north_m)]
    return TownGrid(frame, low[0], low[1], high[0], high[1])


def empty_outside(grid: TownGrid, window: Window, extent: BBox) -> bool:
    """Whether a tile shows nothing of a lon/lat box."""
    return cover(FrameBox(window.west, window.south, window.east, window.north), extent, grid.frame) is None
