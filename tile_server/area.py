"""The area a client asks for, as values: a box in degrees, or in the town frame, and how one pre-selects the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gis_pipeline.crs import to_lonlat
from gis_pipeline.model import BBox

_MARGIN_M = 100.0

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
    """A lon/lat box that holds whatever of `extent` can lie in `asked`; None if nothing can.

    The asked box is first cut to the extent's own surroundings, because far from a projection's origin its inverse
    is meaningless and would pre-select the wrong features.
    """
    way = to_lonlat(frame)
    steps = np.linspace(0.0, 1.0, 21)
    across, up = extent.west + steps * (extent.east - extent.west), extent.south + steps * (extent.north - extent.south)
    lon = np.concatenate([across, across, np.full(21, extent.west), np.full(21, extent.east)])
    lat = np.concatenate([np.full(21, extent.south), np.full(21, extent.north), up, up])
    easting, northing = way.inverse(lon, lat)
    west = max(asked.west_m, float(easting.min()) - _MARGIN_M)
    south = max(asked.south_m, float(northing.min()) - _MARGIN_M)
    east = min(asked.east_m, float(easting.max()) + _MARGIN_M)
    north = min(asked.north_m, float(northing.max()) + _MARGIN_M)
    if west > east or south > north:
        return None
    return way.bbox(west - _MARGIN_M, south - _MARGIN_M, east + _MARGIN_M, north + _MARGIN_M)
