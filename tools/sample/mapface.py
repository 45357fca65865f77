"""The face of a sheet: what lies inside the neatline, drawn from the same geometry as the vector collections."""

from __future__ import annotations

import itertools
import math
from functools import cache

import numpy as np
import shapely

from tools.sample.buildings import buildings
from tools.sample.canvas import Canvas, Colour, dashes
from tools.sample.districts import districts, fire_shapes, shape_of, urban_shape
from tools.sample.frame import chance, lines_of
from tools.sample.layout import (
    BROOK,
    RAILWAY,
    RIVER,
    RIVER_WIDTH_M,
    SPINES,
    STATION_SQUARE,
    TOWN,
    URBAN,
)
from tools.sample.streets import Road, network
from tools.sample.terrain import FLAT, INDEX_INTERVAL_M, contours

INK: Colour = (58, 54, 52)
ROAD_EDGE: Colour = (92, 86, 84)
CONTOUR: Colour = (186, 150, 112)
WATER: Colour = (206, 228, 240)
WATER_EDGE: Colour = (98, 150, 190)
GREEN: Colour = (120, 152, 98)
PLAN_RED: Colour = (206, 44, 48)
FIRE_RED: Colour = (214, 30, 60)
FIRE_ORANGE: Colour = (232, 128, 20)
BOUNDARY: Colour = (150, 84, 160)

TINTS: dict[int, Colour] = {
    1: (196, 240, 214), 2: (186, 232, 194), 3: (222, 243, 178), 4: (176, 228, 150), 5: (252, 248, 196),
    6: (252, 224, 190), 7: (250, 222, 128), 8: (224, 234, 160), 9: (250, 218, 234), 10: (248, 178, 200),
    11: (216, 208, 242), 12: (214, 234, 246), 13: (176, 210, 242),
}  # fmt: skip
"""Printing inks near the customary palette, a little softer than the digital layer's colours."""


@cache
def road_surface() -> shapely.Geometry:
    """All roads as one area, so that crossings are open and every edge is where the register's width says."""
    surfaces = [
        road.line.buffer(road.width_m / 2, cap_style="round" if road.kind == "farm" else "square", join_style="round")
        for road in network()[0]
    ]
    return shapely.union_all([*surfaces, STATION_SQUARE])


@cache
def river_surface() -> shapely.Geometry:
    """The water of the river, its width breathing a little."""
    points = shapely.get_coordinates(RIVER)
    widths = RIVER_WIDTH_M / 2 + 3.0 * np.sin(points[:, 0] / 170.0)
    discs = [shapely.Point(p).buffer(w) for p, w in zip(points, widths, strict=True)]
    hulls = [shapely.convex_hull(shapely.union(a, b)) for a, b in itertools.pairwise(discs)]
    return shapely.union_all(hulls)


def draw_face(canvas: Canvas) -> None:
    """Everything inside the neatline but the writing; the caller cuts off what is drawn beyond it."""
    window = shapely.box(
        canvas.sheet.west_m - 15, canvas.sheet.south_m - 15, canvas.sheet.east_m + 15, canvas.sheet.north_m + 15
    )
    _tints(canvas, window)
    _parks(canvas, window)
    _relief(canvas, window)
    _vegetation(canvas, window)
    _water(canvas, window)
    _buildings(canvas, window)
    _roads(canvas, window)
    _plans(canvas, window)
    _railway(canvas, window)


def _tints(canvas: Canvas, window: shapely.Polygon) -> None:
    for district in districts(2026):
        canvas.fill([shapely.intersection(shape_of(district), window)], TINTS[district.code], 0.94)


def _parks(canvas: Canvas, window: shapely.Polygon) -> None:
    grounds = {"park": (198, 228, 172), "school": (238, 230, 208), "high_school": (238, 230, 208),
               "shrine": (206, 228, 184), "temple": (206, 228, 184)}  # fmt: skip
    for block in network()[1]:
        if block.facility is not None and block.facility.kind in grounds:
            canvas.fill([shapely.intersection(block.shape, window)], grounds[block.facility.kind], 0.85)


def _relief(canvas: Canvas, window: shapely.Polygon) -> None:
    west, south, east, north = window.bounds
    for height, lines in contours():
        index = height % INDEX_INTERVAL_M == 0
        near = [
            line
            for line in lines
            if line[:, 0].max() > west
            and line[:, 0].min() < east
            and line[:, 1].max() > south
            and line[:, 1].min() < north
        ]
        canvas.stroke(near, CONTOUR, 2 if index else 1)


def _vegetation(canvas: Canvas, window: shapely.Polygon) -> None:
    """Symbols of land use on a shaken grid: woods on the hills, paddies and fields on the flat land."""
    west, south, east, north = window.bounds
    open_land = shapely.difference(FLAT, URBAN)
    roads = road_surface()
    shapely.prepare(open_land)
    shapely.prepare(roads)
    flat = FLAT.buffer(12)
    shapely.prepare(flat)
    pitch = 34.0
    for row in range(math.floor(south / pitch), math.ceil(north / pitch)):
        for column in range(math.floor(west / pitch), math.ceil(east / pitch)):
            luck = chance("tree", column, row)
            x = (column + luck.uniform(0.15, 0.85)) * pitch
            y = (row + luck.uniform(0.15, 0.85)) * pitch
            point = shapely.Point(x, y)
            if shapely.dwithin(roads, point, 6.0) or shapely.dwithin(RIVER, point, 40.0):
                continue
            if open_land.contains(point):
                _field_symbol(canvas, x, y, luck.random() < 0.75)
            elif not flat.contains(point) and luck.random() < 0.72:
                _tree_symbol(canvas, x, y, luck.random() < 0.6)


def _field_symbol(canvas: Canvas, x: float, y: float, paddy: bool) -> None:
    if paddy:
        canvas.stroke([np.array([[x + d, y], [x + d, y + 3.4]]) for d in (-1.1, 1.1)], GREEN, 1)
    else:
        canvas.stroke([np.array([[x - 1.8, y + 3.0], [x, y], [x + 1.8, y + 3.0]])], GREEN, 1)


def _tree_symbol(canvas: Canvas, x: float, y: float, conifer: bool) -> None:
    if conifer:
        canvas.stroke([np.array([[x - 2.0, y - 3.6], [x, y + 3.4], [x + 2.0, y - 3.6]])], GREEN, 1)
        canvas.stroke([np.array([[x - 0.2, y - 3.6], [x + 3.4, y - 3.6]])], GREEN, 1)
    else:
        canvas.circle(x, y + 1.2, 0.75, GREEN, 1)
        canvas.stroke([np.array([[x, y - 0.7], [x, y - 3.4], [x + 2.2, y - 3.4]])], GREEN, 1)


def _water(canvas: Canvas, window: shapely.Polygon) -> None:
    river = shapely.intersection(river_surface(), window)
    canvas.fill([river], WATER)
    canvas.outline([shapely.intersection(river_surface(), window.buffer(20))], WATER_EDGE, 2)
    for side in (1, -1):
        bank = RIVER.offset_curve(side * (RIVER_WIDTH_M / 2 + 5.0))
        canvas.dash(shapely.intersection(bank, window), (1.6, 2.6), ROAD_EDGE, 2)
    brook = shapely.intersection(BROOK, window)
    for part in shapely.get_parts(brook):
        points = shapely.get_coordinates(part)
        canvas.stroke([points], WATER_EDGE, 6)
        canvas.stroke([points], WATER, 3)


def _buildings(canvas: Canvas, window: shapely.Polygon) -> None:
    shown = [item for item in buildings() if window.intersects(item.shape)]
    canvas.fill([item.shape for item in shown if not item.solid], (226, 220, 214), 0.6)
    canvas.fill([item.shape for item in shown if item.solid], (196, 188, 186), 0.75)
    canvas.outline([item.shape for item in shown], (104, 97, 95), 1)


def _roads(canvas: Canvas, window: shapely.Polygon) -> None:
    surface = shapely.intersection(road_surface(), window)
    canvas.fill([surface], (254, 253, 250), 0.86)
    canvas.outline([surface], ROAD_EDGE, 1)
    for road in network()[0]:
        if road.width_m >= 12 and road.line.intersects(window):
            _sidewalks(canvas, road, window)


def _sidewalks(canvas: Canvas, road: Road, window: shapely.Polygon) -> None:
    for side in (1, -1):
        edge = shapely.intersection(road.line.offset_curve(side * (road.width_m / 2 - 2.5)), window)
        canvas.stroke([shapely.get_coordinates(part) for part in shapely.get_parts(edge)], (188, 184, 180), 1)


def _railway(canvas: Canvas, window: shapely.Polygon) -> None:
    for part in shapely.get_parts(shapely.intersection(RAILWAY, window)):
        points = shapely.get_coordinates(part)
        canvas.stroke([points], INK, 7)
        canvas.stroke([points], (250, 249, 246), 4)
        canvas.stroke(dashes(points, (14.0, 14.0)), INK, 5)
    station = lines_of(shapely.intersection(RAILWAY, shapely.box(1925, 1300, 2085, 1700)))[0]
    for side in (7.0, -7.0):
        platform = shapely.Polygon(
            [*station.offset_curve(side).coords, *reversed(station.offset_curve(side * 1.7).coords)]
        )
        canvas.fill([platform], (214, 208, 204))
        canvas.outline([platform], INK, 1)
    house = shapely.box(1972, 1466, 2030, 1479)
    canvas.fill([house], (178, 168, 166))
    canvas.outline([house], INK, 2)
    plaza = STATION_SQUARE.centroid
    canvas.circle(plaza.x, plaza.y, 4.2, ROAD_EDGE, 1)
    canvas.circle(plaza.x, plaza.y, 3.0, (200, 222, 180), -1)


def _plans(canvas: Canvas, window: shapely.Polygon) -> None:
    """What the 都市計画 decides: district lines, fire districts, 区域区分, planned roads, and the town's edge."""
    canvas.outline([shapely.intersection(shape_of(item), window.buffer(30)) for item in districts(2026)], PLAN_RED, 2)
    for code, _, shape in fire_shapes():
        inside = shape.buffer(-5.0, join_style="mitre")
        colour = FIRE_RED if code == "24" else FIRE_ORANGE
        pattern = (9.0, 4.0) if code == "24" else (5.0, 4.0, 1.2, 4.0)
        canvas.dash(shapely.intersection(inside.boundary, window), pattern, colour, 3)
    edge = shapely.intersection(urban_shape().boundary, window)
    canvas.dash(edge, (22.0, 6.0, 3.0, 6.0), (40, 40, 44), 5)
    for spine in SPINES:
        if spine.planned and spine.line.intersects(window):
            for side in (1, -1):
                line = shapely.intersection(spine.line.offset_curve(side * spine.width_m / 2), window)
                canvas.stroke([shapely.get_coordinates(part) for part in shapely.get_parts(line)], PLAN_RED, 3)
    town = shapely.intersection(TOWN.boundary, window)
    canvas.stroke([shapely.get_coordinates(part) for part in shapely.get_parts(town)], (226, 206, 232), 12)
    canvas.dash(town, (26.0, 6.0, 2.5, 5.0, 2.5, 6.0), BOUNDARY, 4)
