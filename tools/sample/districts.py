"""用途地域, 防火地域, 区域区分: faces between the dividing lines, put together to districts.

All districts are unions of faces of one noded line network, so neighbours share every vertex of their boundary.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import shapely
from shapely.ops import polygonize

from tools.sample.frame import lines_of, polygons_of
from tools.sample.layout import RAILWAY, RIVER, ROADSIDE_M, SPINES, URBAN, URBAN_EDGE, Cell, cell_at

EditionYear = Literal[2019, 2026]


@dataclass(frozen=True)
class District:
    """One use district: `cells` are (columns, rows) of `layout.cell_at`; percent as in the 都市計画."""

    number: str
    code: int
    coverage_percent: int
    floor_percent: int
    cells: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    noticed: str = "昭和48年12月28日"
    notice: str = "見本町告示第31号"
    height_m: int | None = None
    setback_m: float | None = None


_CURRENT = ("令和8年4月1日", "見本町告示第12号")
_EARLIER = ("平成16年6月24日", "見本町告示第58号")

DISTRICTS: tuple[District, ...] = (
    District("01", 1, 40, 80, (((0,), (0,)),), *_EARLIER, height_m=10, setback_m=1.0),
    District("02", 1, 50, 100, (((1,), (0,)),), *_EARLIER, height_m=10, setback_m=1.0),
    District("03", 2, 50, 100, (((3,), (0,)),), *_EARLIER, height_m=10, setback_m=1.0),
    District("04", 8, 50, 100, (((5,), (0,)),), *_CURRENT, height_m=10, setback_m=1.0),
    District("05", 3, 60, 150, (((0,), (1,)),), *_EARLIER),
    District("06", 4, 60, 200, (((1,), (1,)),)),
    District("07", 5, 60, 200, (((3,), (1,)),)),
    District("08", 3, 60, 200, (((5,), (1,)),), *_EARLIER),
    District("09", 10, 80, 400, (((2, 3), (2, 3, 4)),), *_EARLIER),
    District("10", 9, 80, 200, (((1,), (2, 3, 4)),)),
    District("11", 9, 80, 300, (((4,), (2, 3, 4)),), *_CURRENT),
    District("12", 6, 60, 200, (((0,), (2,)),)),
    District("13", 7, 60, 200, (((0,), (3, 4)),), *_EARLIER),
    District("14", 11, 60, 200, (((5,), (2,)),)),
    District("15", 7, 60, 200, (((5,), (3, 4)),), *_CURRENT),
    District("16", 5, 60, 200, (((0,), (5,)),)),
    District("17", 4, 60, 200, (((1, 2), (5,)),), *_EARLIER),
    District("18", 6, 60, 200, (((3,), (5,)),)),
    District("19", 5, 60, 200, (((4,), (5,)),), *_EARLIER),
    District("20", 11, 60, 200, (((5,), (5,)),)),
    District("21", 2, 60, 100, (((0,), (6, 7)),), *_EARLIER, height_m=12, setback_m=1.5),
    District("22", 5, 60, 200, (((1, 2), (6,)),)),
    District("23", 11, 60, 200, (((3, 4), (6,)),), *_EARLIER),
    District("24", 12, 60, 200, (((5,), (6,)),)),
    District("25", 12, 60, 200, (((1, 2), (7,)),)),
    District("26", 13, 60, 200, (((3, 4, 5), (7,)),), *_CURRENT),
)  # fmt: skip
"""In force from 2026-04-01."""

_OLDER_NOTICE = ("平成16年6月24日", "見本町告示第58号")

DISTRICTS_2019: tuple[District, ...] = tuple(
    {
        "04": District("04", 1, 40, 80, (((5,), (0,)),), *_OLDER_NOTICE, height_m=10, setback_m=1.0),
        "11": District("11", 9, 80, 200, (((4,), (2, 3, 4)),), *_OLDER_NOTICE),
        "14": District("14", 11, 60, 200, (((5,), (2, 3)),)),
        "20": District("20", 11, 60, 200, (((5,), (4, 5)),)),
        "24": District("24", 12, 60, 200, (((5,), (6, 7)),)),
        "26": District("26", 13, 60, 200, (((3, 4), (7,)),)),
    }.get(district.number, district)
    for district in DISTRICTS
    if district.number != "15"
)
"""In force from 2019-04-01: before 田園住居地域 came to 試原 and before the roadside district along the 県道."""

NAMES = {
    1: "第一種低層住居専用地域", 2: "第二種低層住居専用地域",
    3: "第一種中高層住居専用地域", 4: "第二種中高層住居専用地域",
    5: "第一種住居地域", 6: "第二種住居地域", 7: "準住居地域", 8: "田園住居地域", 9: "近隣商業地域", 10: "商業地域",
    11: "準工業地域", 12: "工業地域", 13: "工業専用地域",
}  # fmt: skip
FIRE = (("24", "防火地域", ("09",)), ("25", "準防火地域", ("10", "11", "12", "07", "18", "06")))
"""(AreaCode, AreaType, use districts that it covers)."""


@cache
def faces() -> tuple[tuple[Cell, shapely.Polygon], ...]:
    """The faces of the dividing lines inside the urban area, each with its cell."""
    road = next(spine.line for spine in SPINES if spine.key == "K")
    lines = [_lengthened(spine.line) for spine in SPINES] + [RIVER, RAILWAY, URBAN_EDGE]
    lines += [part for side in (1, -1) for part in lines_of(road.offset_curve(side * ROADSIDE_M))]
    found = []
    for face in polygonize(shapely.get_parts(shapely.union_all(lines, grid_size=0.001))):
        centre = face.representative_point()
        if URBAN.contains(centre):
            found.append((cell_at(centre.x, centre.y), face))
    return tuple(sorted(found, key=lambda item: (-round(item[1].centroid.y), round(item[1].centroid.x))))


def _lengthened(line: shapely.LineString, by_m: float = 25.0) -> shapely.LineString:
    """The line drawn on straight at both ends, so that a road that stops short of an edge still divides."""
    points = shapely.get_coordinates(line)
    head, tail = points[0] - points[1], points[-1] - points[-2]
    start = points[0] + head / np.hypot(*head) * by_m
    end = points[-1] + tail / np.hypot(*tail) * by_m
    return shapely.LineString(np.round(np.vstack([start, points, end]), 3))


def shape_of(district: District) -> shapely.MultiPolygon:
    """The district's faces as one shape."""
    chosen = [face for cell, face in faces() if any(cell.column in cs and cell.row in rs for cs, rs in district.cells)]
    return shapely.MultiPolygon(polygons_of(shapely.normalize(shapely.union_all(chosen))))


def districts(year: EditionYear) -> tuple[District, ...]:
    """The districts in force from 1 April of that year."""
    return DISTRICTS if year == 2026 else DISTRICTS_2019


def fire_shapes() -> list[tuple[str, str, shapely.MultiPolygon]]:
    """(AreaCode, AreaType, shape) of 防火地域 and 準防火地域."""
    by_number = {district.number: district for district in DISTRICTS}
    return [
        (code, name, shapely.MultiPolygon(polygons_of(
            shapely.normalize(shapely.union_all([shape_of(by_number[number]) for number in numbers])))))
        for code, name, numbers in FIRE
    ]  # fmt: skip


def urban_shape() -> shapely.MultiPolygon:
    """市街化区域: all use districts together, with their vertices."""
    return shapely.MultiPolygon(polygons_of(shapely.normalize(shapely.union_all([face for _, face in faces()]))))
