"""The lie of the land, drawn by hand: river, railway, main roads, the edge of the town and of its urban area.

Everything is in block metres (see `frame`). Main roads also divide the use districts, as they do in real towns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import shapely

from tools.sample.frame import Points, spline

RoadKind = Literal["prefectural", "first", "second", "other", "private", "farm", "foot"]
"""県道, 1級町道, 2級町道, その他の町道, 私道, 農道・林道, 歩行者専用の町道."""


@dataclass(frozen=True)
class Spine:
    """A main road: `planned` names its 都市計画道路, `divides` is its part in dividing the town."""

    key: str
    name: str
    kind: RoadKind
    width_m: float
    points: Points
    planned: str = ""

    @cached_property
    def line(self) -> shapely.LineString:
        """The centre line."""
        return spline(self.points)


RIVER_WIDTH_M = 34.0
RIVER = spline(
    ((-300, 1215), (-50, 1180), (350, 1105), (800, 905), (1250, 865), (1650, 1000), (2070, 1010), (2450, 815),
     (2900, 650), (3350, 690), (3750, 610), (4050, 500), (4300, 420))
)  # fmt: skip
BROOK = spline(((640, 3300), (700, 2980), (860, 2700), (790, 2430), (700, 2150), (640, 1850), (560, 1520), (600, 1180),
                (640, 990)))  # fmt: skip
RAILWAY = spline(((-300, 1580), (-50, 1555), (600, 1540), (1300, 1500), (2000, 1492), (2700, 1462), (3300, 1400),
                  (4050, 1352), (4300, 1340)))  # fmt: skip
RAILWAY_CORRIDOR_M = 10.0
STATION = shapely.Point(2000.0, 1492.0)
STATION_SQUARE = shapely.Polygon(
    ((1962, 1476), (2040, 1475), (2041, 1420), (2022, 1412), (2008, 1398), (1992, 1398), (1978, 1413), (1961, 1422))
)

SPINES = (
    Spine("K", "見本街道", "prefectural", 11.0,
          ((-300, 1350), (-50, 1336), (600, 1300), (1200, 1262), (1800, 1300), (2300, 1262), (2900, 1120),
           (3400, 1060), (4050, 985), (4300, 960))),
    Spine("A1", "駅前大通り線", "first", 18.0,
          ((2000, 1398), (2004, 1289), (2040, 1150), (2062, 1010), (2090, 800), (2120, 480), (2140, 300), (2160, 90)),
          planned="3・4・1"),
    Spine("A2", "西通り線", "first", 12.0,
          ((1010, 2445), (1090, 2200), (1092, 1900), (1075, 1520), (1060, 1272), (1052, 880), (1020, 480), (1010, 290)),
          planned="3・4・2"),
    Spine("A3", "東通り線", "first", 16.0,
          ((3000, 2330), (2985, 2100), (2950, 1800), (2930, 1440), (2905, 1118), (2880, 655), (2890, 380), (2910, 110)),
          planned="3・4・3"),
    Spine("A4", "北通り線", "first", 14.0,
          ((470, 1845), (760, 1868), (1092, 1900), (1550, 1975), (1990, 1980), (2450, 1925), (2950, 1800), (3300, 1775),
           (3600, 1820)), planned="3・5・4"),
    Spine("A5", "工業団地線", "first", 14.0,
          ((600, 520), (1020, 480), (1500, 492), (2120, 480), (2500, 430), (2890, 380), (3250, 335), (3590, 360)),
          planned="3・5・5"),
    Spine("A6", "北口通り線", "first", 12.0,
          ((1998, 1506), (1996, 1700), (1990, 1980), (2010, 2230), (1985, 2460)), planned="3・4・6"),
    Spine("B1", "本町通り線", "second", 8.0,
          ((1600, 1983), (1612, 1740), (1622, 1498), (1630, 1292), (1652, 1000), (1640, 760), (1585, 490))),
    Spine("B2", "学校通り線", "second", 9.0,
          ((2452, 1925), (2440, 1700), (2425, 1474), (2402, 1237), (2372, 850), (2385, 640), (2400, 444))),
)  # fmt: skip

RURAL_ROADS = (
    Spine("N1", "谷戸入線", "second", 5.5,
          ((1010, 2445), (1040, 2540), (1130, 2620), (1120, 2740), (1010, 2830), (1030, 2930), (960, 3020),
           (980, 3200))),
    Spine("N2", "試原峠線", "second", 6.0,
          ((3000, 2330), (3040, 2430), (2980, 2540), (3050, 2640), (3180, 2680), (3190, 2800), (3100, 2890),
           (3130, 3010), (3090, 3200))),
    Spine("N3", "見晴台配水場線", "other", 4.0,
          ((1985, 2460), (2040, 2540), (2150, 2575), (2190, 2660), (2120, 2740))),
    Spine("N4", "林道雛形沢線", "farm", 3.0,
          ((470, 1845), (380, 1920), (330, 2060), (250, 2170), (280, 2330), (210, 2480), (250, 2640))),
    Spine("W1", "仮谷集落線", "other", 4.2,
          ((-200, 1760), (60, 1735), (180, 1660), (300, 1650), (400, 1720), (470, 1845))),
    Spine("W2", "仮谷川端線", "other", 3.6,
          ((80, 1336), (150, 1430), (240, 1480), (300, 1650))),
    Spine("W3", "下仮谷線", "second", 5.0,
          ((330, 1316), (345, 1180), (350, 1080), (330, 900), (390, 700), (480, 590), (600, 520))),
    Spine("W4", "農道下仮谷1号", "farm", 3.5, ((-200, 960), (60, 930), (330, 900))),
    Spine("W5", "見取山線", "other", 3.8,
          ((390, 700), (280, 610), (240, 480), (330, 380), (300, 250), (380, 150))),
    Spine("S1", "大見南線", "second", 5.5,
          ((1010, 290), (1100, 180), (1400, 150), (1800, 175), (2160, 90), (2500, 20), (2800, -60), (3000, -200))),
    Spine("E1", "東試原線", "second", 6.0,
          ((3600, 1820), (3720, 1700), (3740, 1500), (3690, 1365), (3660, 1200), (3700, 1030))),
    Spine("E2", "試原東谷線", "other", 4.0,
          ((3600, 1820), (3700, 1900), (3760, 2040), (3720, 2200), (3790, 2340))),
    Spine("E3", "川東線", "other", 4.5,
          ((3700, 1030), (3690, 830), (3660, 655), (3690, 500), (3590, 360))),
)  # fmt: skip

URBAN_EDGE = spline(
    ((455, 1260), (520, 1545), (455, 1850), (540, 2050), (560, 2260), (760, 2400), (1010, 2440), (1170, 2350),
     (1330, 2260), (1500, 2290), (1650, 2420), (1985, 2462), (2300, 2470), (2470, 2380), (2620, 2230), (2800, 2270),
     (3000, 2325), (3230, 2190), (3380, 2010), (3600, 1815), (3520, 1640), (3560, 1390), (3660, 1200), (3640, 1040),
     (3500, 860), (3560, 650), (3590, 360), (3420, 190), (2910, 130), (2155, 130), (1900, 290), (1600, 330),
     (1300, 240), (1010, 300), (860, 420), (700, 480), (600, 640), (660, 820), (560, 1000)),
    closed=True,
)  # fmt: skip
URBAN = shapely.Polygon(URBAN_EDGE)
TOWN = shapely.Polygon(
    spline(
        ((150, 360), (70, 640), (120, 900), (60, 1180), (130, 1420), (75, 1680), (60, 1950), (150, 2250), (170, 2480),
         (330, 2690), (420, 2810), (700, 2850), (900, 2930), (1160, 2890), (1400, 2800), (1620, 2860), (1900, 2945),
         (2200, 2900), (2500, 2840), (2800, 2920), (3080, 2950), (3330, 2850), (3560, 2780), (3640, 2600), (3850, 2420),
         (3870, 2150), (3945, 1880), (3900, 1600), (3860, 1350), (3930, 1080), (3900, 850), (3950, 640), (3840, 420),
         (3780, 220), (3550, 110), (3300, 60), (2950, 70), (2700, 45), (2350, 75), (2000, 40), (1700, 90), (1350, 80),
         (1000, 55), (700, 95), (480, 70), (280, 180)),
        closed=True,
    )
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """Where a point lies between the dividing lines: `column` 0–5 from the west, `row` 0–7 from the north."""

    column: int
    row: int


@dataclass(frozen=True)
class Facility:
    """A public place that keeps its land in one piece: `kind` chooses its map symbol, `area_m2` about its size."""

    name: str
    kind: Literal[
        "hall", "school", "high_school", "park", "shrine", "temple", "post", "police", "hospital", "works", "station"
    ]
    east_m: float
    north_m: float
    area_m2: float


FACILITIES = (
    Facility("見本町役場", "hall", 2130.0, 1215.0, 11000.0),
    Facility("見本小学校", "school", 2300.0, 1130.0, 15000.0),
    Facility("見本中学校", "school", 2560.0, 1640.0, 20000.0),
    Facility("平沢小学校", "school", 1380.0, 2180.0, 15000.0),
    Facility("大見小学校", "school", 1260.0, 700.0, 14000.0),
    Facility("県立見本高等学校", "high_school", 3200.0, 1690.0, 30000.0),
    Facility("中央公園", "park", 1830.0, 1120.0, 13000.0),
    Facility("見晴公園", "park", 2250.0, 2250.0, 14000.0),
    Facility("川端公園", "park", 1000.0, 960.0, 7000.0),
    Facility("試原運動公園", "park", 3330.0, 800.0, 32000.0),
    Facility("平沢神社", "shrine", 820.0, 2230.0, 9000.0),
    Facility("八幡神社", "shrine", 1480.0, 1760.0, 7000.0),
    Facility("例示寺", "temple", 2760.0, 1300.0, 8000.0),
    Facility("大見寺", "temple", 1760.0, 640.0, 7000.0),
    Facility("見本郵便局", "post", 1790.0, 1385.0, 4000.0),
    Facility("見本警察署", "police", 2290.0, 1360.0, 5500.0),
    Facility("町立病院", "hospital", 1240.0, 1620.0, 11000.0),
    Facility("浄水場", "works", 690.0, 1060.0, 9000.0),
)

ROADSIDE_M = 30.0
"""沿道: the depth of the roadside districts along the 県道, from its centre line."""


def cell_at(east_m: float, north_m: float) -> Cell:
    """The cell of a point. Rows: 0 north of A4, 1 to the railway, 2 to 30 m north of the 県道, 3 to the 県道,
    4 to 30 m south of it, 5 to the river, 6 to A5, 7 south of it."""
    lines = {spine.key: spine.line for spine in SPINES}
    column = sum(east_m > _east_at(lines[key], north_m) for key in ("A2", "B1", "A1", "B2", "A3"))
    if north_m > _north_at(RAILWAY, east_m):
        west_of_station = east_m < _east_at(lines["A6"], north_m)
        column = 0 if column == 0 else 5 if column == 5 else 1 if west_of_station else 3
    road = _north_at(lines["K"], east_m)
    edges = (_north_at(lines["A4"], east_m), _north_at(RAILWAY, east_m), road + ROADSIDE_M, road, road - ROADSIDE_M,
             _north_at(RIVER, east_m), _north_at(lines["A5"], east_m))  # fmt: skip
    return Cell(column, sum(north_m < edge for edge in edges))


def _north_at(line: shapely.LineString, east_m: float) -> float:
    """Northing of a west–east line at an easting."""
    coordinates = shapely.get_coordinates(line)
    return float(np.interp(east_m, coordinates[:, 0], coordinates[:, 1]))


def _east_at(line: shapely.LineString, north_m: float) -> float:
    """Easting of a north–south line at a northing."""
    coordinates = shapely.get_coordinates(line)
    order = np.argsort(coordinates[:, 1])
    return float(np.interp(north_m, coordinates[order, 1], coordinates[order, 0]))
