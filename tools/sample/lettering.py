"""The writing on the face of a sheet: names, numbers, stamps and symbols, most important first."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import shapely

from tools.sample.canvas import SANS, SANS_BOLD, SERIF_BOLD, Canvas, Colour, Ink
from tools.sample.districts import districts, shape_of
from tools.sample.frame import chance, lines_of, polygons_of
from tools.sample.layout import RAILWAY, RIVER, SPINES, STATION, Facility, Spine
from tools.sample.lots import lots
from tools.sample.register import register
from tools.sample.streets import network
from tools.sample.terrain import height_at

RED: Colour = (196, 36, 44)
BLUE: Colour = (58, 110, 168)
BLACK: Colour = (34, 31, 30)
BROWN: Colour = (150, 108, 70)
GREY: Colour = (112, 106, 104)

STAMPS = {1: "1低専", 2: "2低専", 3: "1中高", 4: "2中高", 5: "1住居", 6: "2住居", 7: "準住居", 8: "田住", 9: "近商",
          10: "商業", 11: "準工", 12: "工業", 13: "工専"}  # fmt: skip

AZA_LABELS: tuple[tuple[str, float, float], ...] = (
    ("大字平沢", 760, 2110), ("見晴台一丁目", 1640, 2230), ("見晴台二丁目", 2560, 2090),
    ("大字試原", 3190, 1930), ("大字見本", 1500, 1640), ("大字見本", 2540, 1750), ("大字仮谷", 800, 1180),
    ("大字例森", 2700, 1010), ("大字試原", 3340, 1230), ("大字雛形", 3240, 890), ("大字大見", 1420, 790),
    ("大字大見", 1760, 400), ("大字雛形", 2640, 560), ("大字雛形", 3180, 440), ("大字平沢", 280, 2050),
    ("大字仮谷", 250, 1240), ("大字試原", 3730, 1180), ("大字大見", 560, 330),
)  # fmt: skip
HILLS: tuple[tuple[str, float, float], ...] = (
    ("見取山", 420, 470), ("雛形沢", 560, 2560), ("見晴山", 1420, 2560), ("試原峠", 3270, 2760), ("平沢入", 820, 2560),
    ("鐘撞山", 2520, 2640), ("向山", 3520, 2420),
)  # fmt: skip
SYMBOLS = {"hall": "◎", "school": "文", "high_school": "文", "post": "〒", "temple": "卍", "police": "⊗",
           "hospital": "⊞", "works": "⚙"}  # fmt: skip


def write_face(canvas: Canvas) -> None:
    """All names and numbers of the sheet's face."""
    window = shapely.box(
        canvas.sheet.west_m + 12, canvas.sheet.south_m + 12, canvas.sheet.east_m - 12, canvas.sheet.north_m - 12
    )
    _station(canvas, window)
    _stamps(canvas, window)
    for block in network()[1]:
        centre = block.shape.centroid
        if block.facility is not None and window.contains(centre):
            _facility(canvas, replace(block.facility, east_m=centre.x, north_m=centre.y))
    for name, east, north in AZA_LABELS:
        if window.buffer(-50).contains(shapely.Point(east, north)):
            _label_near(canvas, east, north, name, Ink(6.4, BLACK, SERIF_BOLD, spread=0.75, halo=0.75))
    _sample_marks(canvas)
    _along_spines(canvas, window)
    for name, east, north in HILLS:
        if window.buffer(-30).contains(shapely.Point(east, north)):
            canvas.label(east, north, name, Ink(4.2, BLACK, SERIF_BOLD, spread=0.5))
    _street_names(canvas, window)
    _lot_numbers(canvas, window)
    _spot_heights(canvas, window)


def _sample_marks(canvas: Canvas) -> None:
    """見本・架空 in the face itself, so that a clipped map still says it."""
    sheet = canvas.sheet
    for share_east, share_north in ((0.14, 0.12), (0.84, 0.10), (0.16, 0.90), (0.84, 0.88)):
        east = sheet.west_m + share_east * (sheet.east_m - sheet.west_m)
        north = sheet.south_m + share_north * (sheet.north_m - sheet.south_m)
        _label_near(canvas, east, north, "見本・架空", Ink(5.5, (214, 92, 98), SANS_BOLD, spread=0.3, halo=0.5))


def _label_near(canvas: Canvas, east_m: float, north_m: float, text: str, ink: Ink) -> None:
    """Writes a text at the first free place around a point."""
    for north_shift in (0, 24, -24, 48, -48, 72, -72):
        for east_shift in (0, 60, -60):
            if canvas.label(east_m + east_shift, north_m + north_shift, text, ink):
                return


def _station(canvas: Canvas, window: shapely.Polygon) -> None:
    ink = Ink(4.6, BLACK, SANS_BOLD, spread=0.25, firm=True)
    for shift in (-64.0, 64.0):
        place = shapely.Point(STATION.x + shift, STATION.y + 50)
        if window.buffer(-25).contains(place):
            canvas.label(place.x, place.y, "見本駅", ink)


def _stamps(canvas: Canvas, window: shapely.Polygon) -> None:
    """Each district's stamp: short name in a ring, 容積率 over 建蔽率, as on paper."""
    named = [block.shape.centroid.buffer(62) for block in network()[1] if block.facility is not None]
    free = shapely.difference(window.buffer(-25), shapely.union_all(named))
    for district in districts(2026):
        visible = shapely.intersection(shape_of(district), free)
        for part in polygons_of(visible):
            if part.area < 9000:
                continue
            spots = _roomy_points(part, 2 if part.area > 260_000 else 1)
            for spot in spots:
                _stamp(canvas, spot, district.code, f"{district.floor_percent}", f"{district.coverage_percent}")


def _roomy_points(area: shapely.Polygon, count: int) -> list[shapely.Point]:
    """Places well inside an area, far from its edge and from one another."""
    first = shapely.centroid(shapely.maximum_inscribed_circle(area, tolerance=8.0))
    if count == 1:
        return [first]
    rest = shapely.difference(area, first.buffer(260))
    largest = max(polygons_of(rest), key=lambda part: part.area, default=None)
    if largest is None:
        return [first]
    return [first, shapely.centroid(shapely.maximum_inscribed_circle(largest, tolerance=8.0))]


def _stamp(canvas: Canvas, spot: shapely.Point, code: int, floor: str, coverage: str) -> None:
    east, north = spot.x, spot.y
    canvas.circle(east - 9, north, 5.4, (252, 246, 240), -1)
    canvas.circle(east - 9, north, 5.4, RED, 2)
    short = STAMPS[code]
    firm = Ink(3.1 if len(short) < 4 else 2.6, RED, SANS_BOLD, halo=0.0, firm=True)
    canvas.label(east - 9, north + 0.6, short, firm)
    figures = Ink(3.2, RED, SANS_BOLD, halo=0.9, firm=True)
    canvas.label(east + 14.0, north + 4.6, floor, figures)
    canvas.label(east + 14.0, north - 4.6, coverage, figures)
    canvas.stroke([np.array([[east + 7.5, north], [east + 20.5, north]])], RED, 2)


def _facility(canvas: Canvas, facility: Facility) -> None:
    east, north = facility.east_m, facility.north_m
    font = SANS_BOLD if facility.kind in ("hall", "school", "high_school") else SANS
    name = Ink(3.3, BLACK, font, spread=0.08, firm=True)
    canvas.label(east, north - 13, facility.name, name)
    if facility.kind == "shrine":
        _torii(canvas, east, north)
    elif facility.kind == "park":
        _park_trees(canvas, east, north)
    elif facility.kind in SYMBOLS:
        symbol = SYMBOLS[facility.kind]
        if facility.kind in ("hall", "police", "hospital", "works"):
            _ring_symbol(canvas, facility)
        else:
            canvas.label(east, north + 1, symbol, Ink(4.8, BLACK, SANS_BOLD, firm=True))


def _ring_symbol(canvas: Canvas, facility: Facility) -> None:
    east, north = facility.east_m, facility.north_m + 1
    canvas.circle(east, north, 2.4, (252, 250, 246), -1)
    canvas.circle(east, north, 2.4, BLACK, 2)
    arm = 3.6
    if facility.kind == "hall":
        canvas.circle(east, north, 1.3, BLACK, 2)
    elif facility.kind == "police":
        canvas.stroke(
            [np.array([[east - arm, north + s * arm], [east + arm, north - s * arm]]) for s in (1, -1)], BLACK, 2
        )
    elif facility.kind == "hospital":
        canvas.stroke([np.array([[east - arm, north], [east + arm, north]]),
                       np.array([[east, north - arm], [east, north + arm]])], BLACK, 2)  # fmt: skip
    else:
        canvas.stroke([np.array([[east - 6, north], [east + 6, north]])], BLACK, 2)


def _torii(canvas: Canvas, east: float, north: float) -> None:
    lines = [((-6, 6), (6, 6)), ((-5, 3), (5, 3)), ((-3.4, 6), (-3.4, -4)), ((3.4, 6), (3.4, -4))]
    canvas.stroke([np.array([(east + a, north + b) for a, b in line], dtype=np.float64) for line in lines], BLACK, 2)


def _park_trees(canvas: Canvas, east: float, north: float) -> None:
    luck = chance("park", east, north)
    for _ in range(16):
        x, y = east + luck.uniform(-45, 45), north + luck.uniform(-38, 38)
        if abs(y - (north - 13)) > 7:
            canvas.circle(x, y, luck.uniform(0.8, 1.5), (150, 190, 130), -1)
            canvas.circle(x, y, 1.2, (96, 140, 84), 1)


def _along_spines(canvas: Canvas, window: shapely.Polygon) -> None:
    for spine in SPINES:
        if spine.kind == "prefectural":
            _follow(
                canvas, window, spine.line, "県道　見本街道", Ink(3.6, BLACK, SANS_BOLD, spread=0.5, plate=True), 520
            )
        elif spine.planned:
            text = f"{spine.planned}　{spine.name}　W={spine.width_m:g}m"
            _follow(canvas, window, spine.line, text, Ink(3.2, RED, SANS_BOLD, spread=0.12, plate=True, halo=1.0), 640)
        else:
            _follow(canvas, window, spine.line, _plain_name(spine), Ink(2.8, BLACK, spread=0.2), 420)
    _follow(canvas, window, RIVER, "見取川", Ink(6.0, BLUE, SERIF_BOLD, spread=1.6, halo=0.7), 900)
    _follow(canvas, window, RAILWAY, "見本線", Ink(3.8, BLACK, SANS_BOLD, spread=0.9), 800, shift_m=17.0)


def _plain_name(spine: Spine) -> str:
    return f"町道 {spine.name}"


def _follow(
    canvas: Canvas, window: shapely.Polygon, line: shapely.LineString, text: str, ink: Ink, every_m: float,
    shift_m: float = 0.0,
) -> None:  # fmt: skip
    """Repeats a name along a line, turned with it and never upside down."""
    for part in lines_of(shapely.intersection(line, window.buffer(-20))):
        count = max(1, int(part.length // every_m))
        if part.length < 90:
            continue
        for index in range(count):
            at = (index + 0.5) / count * part.length
            _write_at(canvas, part, at, text, ink, shift_m)


def _write_at(
    canvas: Canvas, line: shapely.LineString, at_m: float, text: str, ink: Ink, shift_m: float = 0.0
) -> bool:  # fmt: skip
    here = shapely.line_interpolate_point(line, at_m)
    before = shapely.line_interpolate_point(line, max(at_m - 12, 0))
    after = shapely.line_interpolate_point(line, min(at_m + 12, line.length))
    angle = math.degrees(math.atan2(after.y - before.y, after.x - before.x))
    upright = (angle + 90) % 180 - 90
    side = math.radians(upright + 90)
    return canvas.label(here.x + shift_m * math.cos(side), here.y + shift_m * math.sin(side), text, ink, upright)


def _street_names(canvas: Canvas, window: shapely.Polygon) -> None:
    """Route numbers of the longer 町道, where there is room."""
    ink = Ink(2.3, (70, 66, 110), halo=0.8)
    main = {spine.name for spine in SPINES}
    for item in sorted(register(), key=lambda item: (-item.line.length, item.number)):
        if item.name in main or item.line.length < 130:
            continue
        line = shapely.intersection(item.line, window)
        if line.length > 90 and isinstance(line, shapely.LineString):
            _write_at(canvas, line, line.length * 0.42, item.number, ink)


def _lot_numbers(canvas: Canvas, window: shapely.Polygon) -> None:
    """One 番地 in each block."""
    _, blocks = network()
    first = {lot.block: lot for lot in reversed(lots())}
    for index, block in enumerate(blocks):
        centre = block.shape.representative_point()
        if block.urban and block.facility is None and window.contains(centre):
            canvas.label(centre.x, centre.y, first[index].number.split("-")[0], Ink(2.2, GREY, halo=0.7))


def _spot_heights(canvas: Canvas, window: shapely.Polygon) -> None:
    for index in range(70):
        luck = chance("height", canvas.sheet.code, index)
        west, south, east, north = window.bounds
        x, y = luck.uniform(west, east), luck.uniform(south, north)
        if canvas.label(x + 9, y, f"{height_at(x, y):.1f}", Ink(2.1, BROWN, halo=0.7)):
            canvas.circle(x, y, 0.3, BROWN, -1)
