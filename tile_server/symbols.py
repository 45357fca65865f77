"""Declared classes as SVG: fills with patterns, outlines, lines in their casing, points, and the rows of the legend.

The same drawing as the viewer's, so that a map looks the same wherever it is shown. Lengths are pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from gis_pipeline.cartography import DASHES, FALLBACK, label_text, legend
from gis_pipeline.model import Collection, FeatureClass
from tile_server.glyphs import EM, MIDDLE_EM, outline

FILL_OPACITY = 0.6
PATTERN_PX = 16
"""A side of a pattern; it divides a tile, so that patterns go on from tile to tile."""
FAR_M, NEAR_M, POINT_M = 6.7, 3.4, 1.2
"""Metres a pixel above which lines are thin, and below which they, and points, are drawn in full."""

DOT = "h0.01"
"""What follows the move to a point in path data: the smallest line there is."""

_MARKS = {
    "hatch": "M-4 20L20 -4M-4 4L4 -4M12 20L20 12",
    "cross": "M-4 20L20 -4M-4 4L4 -4M12 20L20 12M-4 -4L20 20M12 -4L20 4M-4 12L4 20",
    "dash": "M2 8L10 8",
}
_ROUND = ' stroke-linejoin="round" stroke-linecap="round"'
_INK = 'stroke="#000" stroke-opacity="0.42" stroke-width="1.2" fill="none"'


def class_of(collection: Collection, code: object) -> FeatureClass:
    """The class of a feature; a code that is not declared gets the plain drawing, never another class's colour."""
    rows = legend(collection)
    if collection.class_field is None:
        return rows[0]
    plain = FeatureClass(code="", title=collection.title, colour=FALLBACK)
    return next((entry for entry in rows if code is not None and entry.code == str(code)), plain)


def patterns() -> str:
    """The definitions that `shape` refers to."""
    dots = '<circle cx="4" cy="4" r="1.4" fill="#000" fill-opacity="0.45"/>'
    dots += '<circle cx="12" cy="12" r="1.4" fill="#000" fill-opacity="0.45"/>'
    drawn = {name: f'<path d="{marks}" {_INK}/>' for name, marks in _MARKS.items()} | {"dots": dots}
    size = f'width="{PATTERN_PX}" height="{PATTERN_PX}" patternUnits="userSpaceOnUse"'
    return "".join(f'<pattern id="{name}" {size}>{marks}</pattern>' for name, marks in drawn.items())


def shape(collection: Collection, own: FeatureClass, path: str, metres_px: float) -> str:
    """All shapes of one class as SVG; `path` is the data of their outlines (of points: a move to each)."""
    if collection.geometry == "point":
        radius = 5.0 if metres_px < POINT_M else 2.5
        ring, disc = _disc(radius + 1.5), _disc(radius)
        under = f'<path fill="#fff" d="{path.replace(DOT, ring)}"/>'
        return f'{under}<path fill="{own.colour}" d="{path.replace(DOT, disc)}"/>'
    if collection.geometry == "line":
        return _line(collection, own, path, metres_px)
    if collection.role == "boundary":
        casing = f'<path d="{path}" fill="none" stroke="#fff" stroke-opacity="0.9" stroke-width="5"/>'
        dash = 'stroke-dasharray="14 5 3 5"'
        return f'{casing}<path d="{path}" fill="none" stroke="{own.colour}" stroke-width="2.5" {dash}/>'
    edge = f'stroke="{_dark(own.colour)}" stroke-width="{1.5 if metres_px <= NEAR_M else 1}" stroke-linejoin="bevel"'
    if own.pattern == "none":
        return f'<path d="{path}" fill="{own.colour}" fill-opacity="{FILL_OPACITY}" {edge}/>'
    fill = f'<path d="{path}" fill="{own.colour}" fill-opacity="{FILL_OPACITY}"/>'
    return f'{fill}<path d="{path}" fill="url(#{own.pattern})" {edge}/>'


@lru_cache(maxsize=64)
def _disc(radius: float) -> str:
    """A disc around the current point; filling it is ten times cheaper than stroking a dot with round caps."""
    count = 16 if radius > 4 else 8
    turns = [2 * math.pi * n / count for n in range(count)]
    corners = [(radius * math.cos(turn), radius * math.sin(turn)) for turn in turns]
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(corners)]
    return f"m{radius:g} 0" + "".join(f"l{dx:.2f} {dy:.2f}" for dx, dy in steps) + "z"


def _line(collection: Collection, own: FeatureClass, path: str, metres_px: float) -> str:
    step = 0.35 if metres_px > FAR_M else 0.6 if metres_px > NEAR_M else 1.0
    width = (5 if collection.role == "planned_road" else 3) * step
    dash = ""
    if own.pattern != "none":
        dash = f' stroke-dasharray="{" ".join(f"{length * width:g}" for length in DASHES[own.pattern])}"'
    joins = 'fill="none"' + (_ROUND if width > 2.5 and not dash else "")
    line = f'<path d="{path}" {joins} stroke="{_dark(own.colour)}" stroke-width="{width:g}"{dash}/>'
    if step < 0.5:
        return line
    casing = width + (3 if step == 1.0 else 1.2)
    ends = _ROUND if step == 1.0 else ""
    return f'<path d="{path}" fill="none"{ends} stroke="#fff" stroke-opacity="0.85" stroke-width="{casing:g}"/>{line}'


@lru_cache(maxsize=512)
def _dark(colour: str) -> str:
    """The same hue, dark enough for an outline on white paper (3 : 1, WCAG 2.0 for graphics)."""
    values = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    while 1.05 / (_luminance(values) + 0.05) < 3:
        values = [int(value * 0.9) for value in values]
    return "#" + "".join(f"{value:02x}" for value in values)


def _luminance(values: list[int]) -> float:
    shares = [value / 255 for value in values]
    linear = [share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def text(words: str, x: float, y: float, size: float, *, halo: float = 0.0, turn: float = 0.0) -> str:
    """Words as outlines; (x, y) is the start of the line at half the height of its characters."""
    scale = size / EM
    path = f'<path d="{outline(words).path}"/>'
    at = f"translate({x:.1f} {y:.1f})" + (f" rotate({turn:.1f})" if turn else "")
    place = f'transform="{at} scale({scale:g}) translate(0 {MIDDLE_EM})"'
    under = ""
    if halo:
        white = 'fill="#fff" stroke="#fff" stroke-opacity="0.95" stroke-linejoin="round"'
        under = f'<g {place} {white} stroke-width="{2 * halo / scale:.0f}">{path}</g>'
    return f'{under}<g {place} fill="#1a1a1a">{path}</g>'


# ------------------------------------------------------------------ legend

_ROW_PX, _SWATCH_PX, _TEXT_PX, _MARGIN_PX = 28, 48, 14, 8


def legend_svg(collections: Sequence[Collection]) -> str:
    """The rows of the legend, under the title of each collection where there are several."""
    parts: list[str] = []
    y = float(_MARGIN_PX)
    for collection in collections:
        if len(collections) > 1 and collection.classes:
            parts.append(text(collection.title, _MARGIN_PX, y + _ROW_PX / 2, _TEXT_PX))
            y += _ROW_PX
        for entry in legend(collection):
            parts.append(_swatch(collection, entry, y))
            parts.append(text(entry.title, 2 * _MARGIN_PX + _SWATCH_PX, y + _ROW_PX / 2, _TEXT_PX))
            y += _ROW_PX
    return svg(*legend_size(collections), "".join(parts), ground="#ffffff")


def legend_size(collections: Sequence[Collection]) -> tuple[int, int]:
    """Width and height of the legend in pixels."""
    titled = [one for one in collections if len(collections) > 1 and one.classes]
    rows = [entry for one in collections for entry in legend(one)]
    widths = [_width(one.title) + 2 * _MARGIN_PX for one in titled]
    widths += [_width(entry.title) + 3 * _MARGIN_PX + _SWATCH_PX for entry in rows]
    return round(max(120.0, *widths)), (len(titled) + len(rows)) * _ROW_PX + 2 * _MARGIN_PX


def _width(words: str) -> float:
    return outline(words).advance * _TEXT_PX / EM


def _swatch(collection: Collection, entry: FeatureClass, y: float) -> str:
    left, right, top, bottom = _MARGIN_PX, _MARGIN_PX + _SWATCH_PX, y + 4, y + _ROW_PX - 4
    middle = (top + bottom) / 2
    if collection.scan is not None:
        return f'<path d="M{left} {top}H{right}V{bottom}H{left}Z" fill="#fff" stroke="#4d4d4d"/>'
    if collection.geometry == "point":
        return shape(collection, entry, f"M{(left + right) / 2} {middle}{DOT}", 1.0)
    if collection.geometry == "line" or collection.role == "boundary":
        return shape(collection, entry, f"M{left + 3} {middle}H{right - 3}", 1.0)
    return shape(collection, entry, f"M{left} {top}H{right}V{bottom}H{left}Z", 1.0)


def svg(width_px: int, height_px: int, body: str, *, ground: str = "") -> str:
    """A whole document of that size; `ground` is the colour behind everything, transparent without one."""
    behind = f'<rect width="{width_px}" height="{height_px}" fill="{ground}"/>' if ground else ""
    size = f'width="{width_px}" height="{height_px}" viewBox="0 0 {width_px} {height_px}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><defs>{patterns()}</defs>{behind}{body}</svg>'


def words_of(collection: Collection, properties: dict[str, object]) -> str:
    """The label of a feature, cut to a length that can be placed."""
    return label_text(collection, properties)[:60]
