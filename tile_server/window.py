"""What a picture shows: a box in an offered CRS at a size in pixels. Values and arithmetic only.

x is easting or longitude and y northing or latitude here, whatever the axis order of the CRS's definition; who reads
a request turns its box round first (`window_of`). Pixels count from the top left corner: col to the right, row down.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gis_pipeline.crs import OutputCrs, frame_code, parse, to_lonlat
from gis_pipeline.model import BBox
from tile_server.area import FrameBox, cover
from tile_server.errors import Nowhere, TooLarge

Array = NDArray[np.float64]
Box = tuple[float, float, float, float]

MOST_SIDE_PX = 2048
"""The greatest width and height of one picture, in pixels; published as a limit."""
_MIDDLE = 21
_DEGREE_M = 111_132.0
_FURTHEST = 1e8


_ROUNDED_DEG = 1e-8
"""Stored coordinates have nine decimals and an extent more: the outermost point of a map may lie just beyond it."""


@dataclass(frozen=True)
class Window:
    """The box `west, south, east, north` in units of `crs`, drawn `width_px` × `height_px`; `frame` is the town's.

    A `tiled` window is one of many that are shown side by side: what reaches over its edge must go on next door.
    """

    crs: OutputCrs
    frame: str
    west: float
    south: float
    east: float
    north: float
    width_px: int
    height_px: int
    tiled: bool = False

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.width_px, self.height_px

    @cached_property
    def in_frame(self) -> bool:
        """Whether the window stands in the town frame: then nothing is reprojected."""
        return self.crs.code == frame_code(self.frame)

    def pixels(self, pairs: Array) -> Array:
        """(easting_m, northing_m) rows of the town frame → (col, row) rows, fractions of pixels."""
        x, y = pairs[:, 0], pairs[:, 1]
        if not self.in_frame:
            first, second = self.crs.from_lonlat(*to_lonlat(self.frame).points(x, y))
            x, y = (second, first) if self.crs.northing_first else (first, second)
        col = (x - self.west) * (self.width_px / (self.east - self.west))
        row = (self.north - y) * (self.height_px / (self.north - self.south))
        return np.column_stack([col, row])

    def town(self, col: Array, row: Array) -> tuple[Array, Array]:
        """Places in pixels → easting_m, northing_m of the town frame; the way back from `pixels`."""
        x, y = self._place(col, row)
        return (x, y) if self.in_frame else to_lonlat(self.frame).inverse(*self.crs.lonlat(x, y))

    def place(self, col: float, row: float) -> tuple[float, float]:
        """The longitude and latitude of a place in pixels; not finite where the projection has none."""
        lon, lat = self.crs.lonlat(*self._place(np.array([col]), np.array([row])))
        return float(lon[0]), float(lat[0])

    def _place(self, col: Array, row: Array) -> tuple[Array, Array]:
        """Places in pixels → x, y in units of the CRS."""
        x = self.west + col * ((self.east - self.west) / self.width_px)
        return x, self.north - row * ((self.north - self.south) / self.height_px)

    def grown(self, margin_px: float) -> Window:
        """The same window with a margin on every side."""
        dx = margin_px * (self.east - self.west) / self.width_px
        dy = margin_px * (self.north - self.south) / self.height_px
        size = self.width_px + round(2 * margin_px), self.height_px + round(2 * margin_px)
        edges = self.west - dx, self.south - dy, self.east + dx, self.north + dy
        return Window(self.crs, self.frame, *edges, *size, self.tiled)

    def within(self, extent: BBox) -> BBox | None:
        """A lon/lat box that holds whatever of `extent` the window can show; None if it shows nothing of it."""
        if self.in_frame:
            box = cover(FrameBox(self.west, self.south, self.east, self.north), extent, self.frame)
        else:
            low, high = (self.west, self.south), (self.east, self.north)
            box = self.crs.bbox_to_lonlat(*(low[::-1] + high[::-1] if self.crs.northing_first else low + high))
        if box is None or not all(math.isfinite(edge) for edge in (box.west, box.south, box.east, box.north)):
            return None
        west, south = max(box.west, extent.west - _ROUNDED_DEG), max(box.south, extent.south - _ROUNDED_DEG)
        east, north = min(box.east, extent.east + _ROUNDED_DEG), min(box.north, extent.north + _ROUNDED_DEG)
        return None if west > east or south > north else BBox(west=west, south=south, east=east, north=north)

    @cached_property
    def metres_px(self) -> float:
        """Metres on the ground that one pixel stands for, from north to south."""
        height = (self.north - self.south) / self.height_px
        if parse(self.crs.code).is_geographic:
            return height * _DEGREE_M
        if self.in_frame:
            return height
        middle = (self.south + self.north) / 2 / 6_378_137.0
        return height / math.cosh(max(-20.0, min(20.0, middle)))


def window_of(
    crs: OutputCrs, frame: str, box: Sequence[float], size_px: tuple[int, int], *, northing_first: bool
) -> Window:
    """A window from the four numbers of a request: first and second axis, lower then upper bound.

    `northing_first` is the order in which the request gives them. Nowhere for a box without an area, beyond the
    CRS; TooLarge beyond MOST_SIDE_PX.
    """
    width_px, height_px = size_px
    if max(size_px) > MOST_SIDE_PX:
        raise too_large()
    west, south, east, north = (box[1], box[0], box[3], box[2]) if northing_first else box
    if not (west < east and south < north):
        raise Nowhere("bbox の上限は下限より大きくしてください。", "bbox: the box has no area.", "bbox")
    if not all(abs(edge) <= _FURTHEST for edge in (west, south, east, north)):
        raise Nowhere("bbox が座標系の範囲の外です。", "bbox: outside the coordinate reference system.", "bbox")
    if min((east - west) / width_px, (north - south) / height_px) < 1e-9:
        raise Nowhere("bbox が小さすぎます。", "bbox: the box is too small.", "bbox")
    geographic = parse(crs.code).is_geographic
    if geographic and not (west >= -360 and east <= 360 and south >= -90 and north <= 90):
        raise Nowhere("経度は ±360、緯度は ±90 の範囲です。", "bbox: latitudes lie within ±90.", "bbox")
    return Window(crs, frame, west, south, east, north, width_px, height_px)


def around_in(box: BBox, crs: OutputCrs) -> Box:
    """West, south, east, north in a CRS of the smallest box around a lon/lat box (its sides may be curves)."""
    steps = np.linspace(0.0, 1.0, _MIDDLE)
    across, up = box.west + steps * (box.east - box.west), box.south + steps * (box.north - box.south)
    lon = np.concatenate([across, across, np.full(_MIDDLE, box.west), np.full(_MIDDLE, box.east)])
    lat = np.concatenate([np.full(_MIDDLE, box.south), np.full(_MIDDLE, box.north), up, up])
    first, second = crs.from_lonlat(lon, lat)
    x, y = (second, first) if crs.northing_first else (first, second)
    values = float(x.min()), float(y.min()), float(x.max()), float(y.max())
    if not all(math.isfinite(value) for value in values):
        raise Nowhere("bbox が座標系の範囲の外です。", "bbox: outside the coordinate reference system.", "bbox")
    return values


def too_large() -> TooLarge:
    """A picture of more pixels than are ever drawn."""
    most = MOST_SIDE_PX
    return TooLarge(
        f"画像は {most} × {most} 画素までです。", f"At most {most} × {most} pixels are drawn in one picture.", "width"
    )
