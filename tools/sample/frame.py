"""Where 見本町 lies: its frame, its four sheets, and small helpers for curves and chance.

The generator works in block metres: east and north of the south-west corner of the block of four sheets.
Only `to_town` adds the corner, so nothing else knows where on earth the town is.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Array = NDArray[np.float64]
Points = tuple[tuple[float, float], ...]
"""(east, north) pairs in block metres."""

CRS = "EPSG:6677"
CORNER_EASTING_M, CORNER_NORTHING_M = -52_000.0, -30_000.0
"""South-west corner of 09KC973: the 5000 sheet 09KC97 is X -27000…-30000, Y -52000…-48000 (plane IX)."""
BLOCK_WIDTH_M, BLOCK_HEIGHT_M = 4_000.0, 3_000.0
SHEET_WIDTH_M, SHEET_HEIGHT_M = 2_000.0, 1_500.0


@dataclass(frozen=True)
class Sheet:
    """One of the four 1:2500 sheets; west/south in block metres."""

    code: str
    west_m: float
    south_m: float

    @property
    def east_m(self) -> float:
        """East edge in block metres."""
        return self.west_m + SHEET_WIDTH_M

    @property
    def north_m(self) -> float:
        """North edge in block metres."""
        return self.south_m + SHEET_HEIGHT_M


SHEETS = (
    Sheet("09KC971", 0.0, 1_500.0),
    Sheet("09KC972", 2_000.0, 1_500.0),
    Sheet("09KC973", 0.0, 0.0),
    Sheet("09KC974", 2_000.0, 0.0),
)


def sheet_at(point: shapely.Point) -> str:
    """The sheet code of a point; a south or east edge belongs to the next sheet."""
    column = int(point.x >= SHEET_WIDTH_M)
    row = int(point.y <= SHEET_HEIGHT_M)
    return SHEETS[2 * row + column].code


def chance(*key: object) -> random.Random:
    """An independent stream of chance for one thing, so that a change there changes nothing elsewhere."""
    return random.Random("/".join(("見本町", *map(str, key))))


def to_town(geometry: shapely.Geometry) -> shapely.Geometry:
    """Block metres → town frame (easting, northing), on the millimetre; equal vertices stay equal."""

    corner = np.array([CORNER_EASTING_M, CORNER_NORTHING_M])

    def moved(coordinates: Array) -> Array:
        return np.asarray(np.round(coordinates + corner, 3), dtype=np.float64)

    return shapely.transform(geometry, moved)


def spline(points: Points, *, closed: bool = False, step_m: float = 15.0) -> shapely.LineString:
    """A smooth line through the points (Catmull-Rom), a vertex about every `step_m`, on the millimetre."""
    knots = np.array(points, dtype=np.float64)
    if closed:
        padded = np.vstack([knots[-1], knots, knots[0], knots[1]])
    else:
        padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    pieces = []
    for index in range(1, len(padded) - 2):
        before, start, end, after = padded[index - 1 : index + 3]
        count = max(2, int(np.hypot(*(end - start)) / step_m))
        t = np.linspace(0.0, 1.0, count, endpoint=False)[:, None]
        pieces.append(
            0.5
            * (
                2 * start
                + (end - before) * t
                + (2 * before - 5 * start + 4 * end - after) * t**2
                + (3 * start - before - 3 * end + after) * t**3
            )
        )
    pieces.append(padded[-2:-1])
    return shapely.LineString(np.round(np.vstack(pieces), 3))


def lines_of(geometry: shapely.Geometry) -> list[shapely.LineString]:
    """The line strings of a geometry, in its order."""
    return [part for part in shapely.get_parts(geometry) if isinstance(part, shapely.LineString) and part.length > 0]


def polygons_of(geometry: shapely.Geometry) -> list[shapely.Polygon]:
    """The polygons of a geometry, in its order."""
    return [part for part in shapely.get_parts(geometry) if isinstance(part, shapely.Polygon) and part.area > 0]
