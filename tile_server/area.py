"""The area a client asks for, as values: a box in degrees, or in the town frame, and how one pre-selects the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gis_pipeline.crs import to_lonlat
from gis_pipeline.model import BBox

_MARGIN_M = 100.0
_STEPS = 21
_BEND_DEG, _BEND_SIDE_M = 1e-5, 40_000.0
"""A side of 40 km in 20 steps bends by less than 0.2 m between two of them; of longer ones with the square."""

MERCATOR_EDGE_M = 20_037_508.342789244
"""Half the width of the Web Mercator square in metres (EPSG:3857)."""


@dataclass(frozen=True)
class FrameBox:
    """A box in the town frame, metres; sides are inclusive."""

    west_m: float
    south_m: float
    east_m: float
    north_m: float


@dataclass(frozen=True)
class Area:
    """Features that intersect any of `boxes` (degrees; two where the antimeridian is crossed) are asked for.

    `frame` is set instead of `boxes` where the box was given in the town frame.
    """

    boxes: tuple[BBox, ...] = ()
    frame: FrameBox | None = None


def cover(asked: FrameBox, extent: BBox, frame: str) -> BBox | None:
    """A lon/lat box that holds whatever of `extent` can lie in `asked`; None if nothing can."""
    cut = _cut(asked, extent, frame)
    if cut is None:
        return None
    margin = _MARGIN_M
    return to_lonlat(frame).bbox(cut.west_m - margin, cut.south_m - margin, cut.east_m + margin, cut.north_m + margin)


def core(asked: FrameBox, extent: BBox, frame: str) -> BBox | None:
    """A lon/lat box of which whatever lies in `extent` surely lies in `asked`; None if there is none."""
    cut = _cut(asked, extent, frame)
    if cut is None:
        return None
    steps = np.linspace(0.0, 1.0, _STEPS)
    across, up = cut.west_m + steps * (cut.east_m - cut.west_m), cut.south_m + steps * (cut.north_m - cut.south_m)
    way = to_lonlat(frame)
    west, east = (way.points(np.full(_STEPS, edge), up)[0] for edge in (cut.west_m, cut.east_m))
    south, north = (way.points(across, np.full(_STEPS, edge))[1] for edge in (cut.south_m, cut.north_m))
    side_m = max(cut.east_m - cut.west_m, cut.north_m - cut.south_m)
    bend = _BEND_DEG * max(1.0, (side_m / _BEND_SIDE_M) ** 2)  # so much may a side bend between two of the points
    low, high = (west.max() + bend, south.max() + bend), (east.min() - bend, north.min() - bend)
    if low[0] >= high[0] or low[1] >= high[1]:
        return None
    return BBox(west=float(low[0]), south=float(low[1]), east=float(high[0]), north=float(high[1]))


def _cut(asked: FrameBox, extent: BBox, frame: str) -> FrameBox | None:
    """The asked box cut to the extent's own surroundings.

    Far from a projection's origin its inverse is meaningless and would pre-select the wrong features.
    """
    way = to_lonlat(frame)
    steps = np.linspace(0.0, 1.0, _STEPS)
    across, up = extent.west + steps * (extent.east - extent.west), extent.south + steps * (extent.north - extent.south)
    lon = np.concatenate([across, across, np.full(_STEPS, extent.west), np.full(_STEPS, extent.east)])
    lat = np.concatenate([np.full(_STEPS, extent.south), np.full(_STEPS, extent.north), up, up])
    easting, northing = way.inverse(lon, lat)
    west = max(asked.west_m, float(easting.min()) - _MARGIN_M)
    south = max(asked.south_m, float(northing.min()) - _MARGIN_M)
    east = min(asked.east_m, float(easting.max()) + _MARGIN_M)
    north = min(asked.north_m, float(northing.max()) + _MARGIN_M)
    return None if west > east or south > north else FrameBox(west, south, east, north)
