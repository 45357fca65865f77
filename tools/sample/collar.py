"""The collar of a sheet (整飾): neatline, grid crosses, title, sheet index, legend, scale bar, notes."""

from __future__ import annotations

import numpy as np

from tools.sample.canvas import (
    FACE_HEIGHT_MM,
    FACE_WIDTH_MM,
    MM_PER_M,
    SANS,
    SANS_BOLD,
    SERIF_BOLD,
    Canvas,
    Colour,
    Ink,
)
from tools.sample.districts import NAMES
from tools.sample.frame import CORNER_EASTING_M, CORNER_NORTHING_M, SHEETS
from tools.sample.lettering import STAMPS
from tools.sample.mapface import BOUNDARY, FIRE_ORANGE, FIRE_RED, PLAN_RED, TINTS

BLACK: Colour = (30, 28, 27)
RED: Colour = (200, 30, 40)
GRID_M = 250.0
"""10 cm on paper."""
CROSS_MM = 4.0


def cut_to_neatline(canvas: Canvas) -> None:
    """Gives back the paper's colour to everything beyond the neatline."""
    far = 200.0
    width, height = FACE_WIDTH_MM, FACE_HEIGHT_MM
    strips = (
        ((-far, -far), (width + far, -far), (width + far, 0), (-far, 0)),
        ((-far, height), (width + far, height), (width + far, height + far), (-far, height + far)),
        ((-far, -far), (0, -far), (0, height + far), (-far, height + far)),
        ((width, -far), (width + far, -far), (width + far, height + far), (width, height + far)),
    )
    for strip in strips:
        canvas.fill_mm(list(_dense(strip)), canvas.paper)


def draw_collar(canvas: Canvas) -> None:
    """Everything around the face, and the grid in it."""
    _grid(canvas)
    _frame(canvas)
    _title(canvas)
    _notes(canvas)
    _legend(canvas)
    _index(canvas)
    _scale_bar(canvas)


def cross_places() -> list[tuple[float, float]]:
    """Paper millimetres of every grid cross inside the neatline."""
    step = GRID_M * MM_PER_M
    return [
        (float(across), float(down))
        for down in np.arange(step, FACE_HEIGHT_MM - 1, step)
        for across in np.arange(step, FACE_WIDTH_MM - 1, step)
    ]


def _dense(corners: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    """A polygon with many vertices, so that its edges follow the paper's waves."""
    points: list[tuple[float, float]] = []
    for (x0, y0), (x1, y1) in zip(corners, (*corners[1:], corners[0]), strict=True):
        points += [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in np.linspace(0, 1, 40, endpoint=False)]
    return points


def _ring(inset_mm: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    west, north, east, south = -inset_mm, -inset_mm, FACE_WIDTH_MM + inset_mm, FACE_HEIGHT_MM + inset_mm
    corners = ((west, north), (east, north), (east, south), (west, south))
    return np.array([*_dense(corners), (west, north)], dtype=np.float64)


def _frame(canvas: Canvas) -> None:
    canvas.stroke_mm([_ring(0.0)], BLACK, 1)
    canvas.stroke_mm([_ring(7.0)], BLACK, 6)


def _grid(canvas: Canvas) -> None:
    lines = []
    for across, down in cross_places():
        lines.append(np.array([[across - CROSS_MM, down], [across + CROSS_MM, down]]))
        lines.append(np.array([[across, down - CROSS_MM], [across, down + CROSS_MM]]))
    canvas.stroke_mm(lines, (60, 58, 60), 1)
    step = GRID_M * MM_PER_M
    small = Ink(2.3, BLACK, halo=0.0, firm=True)
    for across in np.arange(0, FACE_WIDTH_MM + 1, step):
        easting = CORNER_EASTING_M + canvas.sheet.west_m + across / MM_PER_M
        for down, end in ((0.0, -7.0), (FACE_HEIGHT_MM, FACE_HEIGHT_MM + 7.0)):
            canvas.stroke_mm([np.array([[across, down], [across, end]])], BLACK, 1)
            if across < FACE_WIDTH_MM:
                canvas.text(across + 1.0, (down + end) / 2, f"Y={easting / 1000:.2f}km", small, anchor=0.0)
    for down in np.arange(0, FACE_HEIGHT_MM + 1, step):
        northing = CORNER_NORTHING_M + canvas.sheet.north_m - down / MM_PER_M
        for across, end in ((0.0, -7.0), (FACE_WIDTH_MM, FACE_WIDTH_MM + 7.0)):
            canvas.stroke_mm([np.array([[across, down], [end, down]])], BLACK, 1)
            if down > 0:
                canvas.text((across + end) / 2, down - 1.0, f"X={northing / 1000:.2f}km", small, 90.0, anchor=0.0)


def _title(canvas: Canvas) -> None:
    bold = Ink(11.0, BLACK, SERIF_BOLD, halo=0.0, spread=0.35, firm=True)
    canvas.text(FACE_WIDTH_MM / 2, -25.0, "見本町都市計画図", bold)
    canvas.text(
        FACE_WIDTH_MM / 2 + 98, -25.0, "（見本・架空）", Ink(7.0, RED, SANS_BOLD, halo=0.0, firm=True), anchor=0.0
    )
    canvas.text(FACE_WIDTH_MM / 2 - 96, -25.0, "1:2,500", Ink(7.5, BLACK, SANS_BOLD, halo=0.0, firm=True), anchor=1.0)
    canvas.text(FACE_WIDTH_MM, -25.0, canvas.sheet.code, Ink(10.0, BLACK, SANS_BOLD, halo=0.0, firm=True), anchor=1.0)
    canvas.text(0.0, -27.5, "地図情報レベル2500", Ink(3.6, BLACK, halo=0.0, firm=True), anchor=0.0)
    canvas.text(0.0, -20.5, "平面直角座標系 第IX系（9系）　JGD2011", Ink(3.6, BLACK, halo=0.0, firm=True), anchor=0.0)


def _notes(canvas: Canvas) -> None:
    small = Ink(3.3, BLACK, SANS, halo=0.0, firm=True)
    base = FACE_HEIGHT_MM + 17.0
    lines = (
        "測　　量　令和元年10月（見本）",
        "最終補正　令和8年3月（見本）",
        "計画内容　令和8年4月1日 見本町告示第12号まで",
        "承認番号　見本令8公測第0号（架空）",
        "この図は見本です。見本町は架空の町で、",
        "実在の測量成果は使っていません。",
    )
    for index, line in enumerate(lines):
        canvas.text(FACE_WIDTH_MM - 96.0, base + index * 5.6, line, small, anchor=0.0)


def _legend(canvas: Canvas) -> None:
    canvas.text(0.0, FACE_HEIGHT_MM + 15.5, "凡　例", Ink(4.2, BLACK, SANS_BOLD, halo=0.0, firm=True), anchor=0.0)
    top = FACE_HEIGHT_MM + 19.5
    small = Ink(3.0, BLACK, halo=0.0, firm=True)
    for index, (code, name) in enumerate(NAMES.items()):
        column, row = divmod(index, 5)
        left, upper = column * 74.0, top + row * 6.2
        box = [(left, upper), (left + 12, upper), (left + 12, upper + 4.8), (left, upper + 4.8)]
        canvas.fill_mm(box, TINTS[code])
        canvas.stroke_mm([np.array([*box, box[0]])], PLAN_RED, 2)
        canvas.text(left + 6, upper + 2.4, STAMPS[code], Ink(2.3, RED, SANS_BOLD, halo=0.0, firm=True))
        canvas.text(left + 14, upper + 2.4, name, small, anchor=0.0)
    lines: tuple[tuple[str, Colour, int, bool], ...] = (
        ("防火地域", FIRE_RED, 3, True),
        ("準防火地域", FIRE_ORANGE, 3, True),
        ("都市計画道路", PLAN_RED, 3, False),
        ("市街化区域界", (40, 40, 44), 5, True),
        ("町界", BOUNDARY, 4, True),
    )
    for index, (name, colour, width, broken) in enumerate(lines):
        left, down = 226.0, top + 2.4 + index * 6.2
        pieces = [(0.0, 5.0), (6.5, 11.5), (13.0, 18.0)] if broken else [(0.0, 18.0)]
        canvas.stroke_mm([np.array([[left + a, down], [left + b, down]]) for a, b in pieces], colour, width)
        canvas.text(left + 21, down, name, small, anchor=0.0)


def _index(canvas: Canvas) -> None:
    """The four sheets and which one this is."""
    left, top, wide, high = FACE_WIDTH_MM - 190.0, FACE_HEIGHT_MM + 17.0, 34.0, 14.0
    for index, sheet in enumerate(SHEETS):
        row, column = divmod(index, 2)
        x, y = left + column * wide, top + row * high
        box = [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)]
        if sheet.code == canvas.sheet.code:
            canvas.fill_mm(box, (222, 218, 212))
        canvas.stroke_mm([np.array([*box, box[0]])], BLACK, 2)
        canvas.text(x + wide / 2, y + high / 2, sheet.code, Ink(3.4, BLACK, halo=0.0, firm=True))
    canvas.text(left + wide, top + 2 * high + 4.5, "図郭の配置", Ink(3.0, BLACK, halo=0.0, firm=True))


def _scale_bar(canvas: Canvas) -> None:
    left, top = 400.0, FACE_HEIGHT_MM + 24.0
    for index in range(5):
        x = left + index * 20.0
        box = [(x, top), (x + 20, top), (x + 20, top + 2.4), (x, top + 2.4)]
        canvas.fill_mm(box, BLACK if index % 2 == 0 else canvas.paper)
        canvas.stroke_mm([np.array([*box, box[0]])], BLACK, 2)
    for index in range(6):
        canvas.text(left + index * 20.0, top - 3.4, f"{index * 50}", Ink(3.0, BLACK, halo=0.0, firm=True))
    canvas.text(left + 112.0, top + 1.0, "m", Ink(3.2, BLACK, halo=0.0, firm=True))
    canvas.text(
        left + 50.0, top + 9.5, "縮尺 1:2,500　等高線の間隔 2m　方眼 10cm（250m）", Ink(3.2, BLACK, halo=0.0, firm=True)
    )
    _north_arrow(canvas, left + 150.0, top + 8.0)


def _north_arrow(canvas: Canvas, across_mm: float, down_mm: float) -> None:
    canvas.fill_mm([(across_mm, down_mm - 14), (across_mm + 3.4, down_mm + 10), (across_mm, down_mm + 6)], BLACK)
    outline = [(across_mm, down_mm - 14), (across_mm - 3.4, down_mm + 10), (across_mm, down_mm + 6)]
    canvas.stroke_mm([np.array([*outline, outline[0]])], BLACK, 2)
    canvas.text(across_mm, down_mm - 17.5, "北", Ink(3.6, BLACK, SERIF_BOLD, halo=0.0, firm=True))
