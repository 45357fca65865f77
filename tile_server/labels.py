"""Where labels stand: beside points, inside polygons, along lines; never over one another.

Places depend on the whole feature, not on the part that a tile shows, and features are taken in published order, so
tiles that lie side by side agree. In a picture that stands alone, a polygon is labelled where it can be seen.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from tile_server.glyphs import EM, outline
from tile_server.symbols import text

SIZE_PX = 15.0
HALO_PX, LINE_HALO_PX = 1.8, 3.0
"""Along a line the halo closes the gaps: 「3・5・4」 must not gain dots from the line below."""
BUFFER_PX = 160
"""How far outside a tile labels are still placed, because they may reach into it."""
_GAP_PX = 4.0
_REPEAT_PX = 420.0
_MOST_TURN = math.radians(28)
_BESIDE_PX = 9.0
_CELL_PX = 128.0

Geometries = NDArray[Any]
Box = tuple[float, float, float, float]


@dataclass
class Placer:
    """The labels of one picture: placed within `view`, drawn where they reach into `shown` (both in pixels)."""

    view: Box
    shown: Box
    parts: list[str] = field(default_factory=list)
    _taken: dict[tuple[int, int], list[Box]] = field(default_factory=lambda: defaultdict(list))
    """What is taken, by the cells of a grid that it reaches into."""

    def _take(self, boxes: Sequence[Box]) -> bool:
        """Whether the label of these boxes is to be drawn; where there is room for it, its place is taken."""
        if not any(_meet(box, self.view) for box in boxes):
            return False
        if any(_meet(box, other) for box in boxes for cell in _cells(box) for other in self._taken[cell]):
            return False
        for box in boxes:
            for cell in _cells(box):
                self._taken[cell].append(box)
        return any(_meet(box, self.shown) for box in boxes)

    def points(self, geometries: Geometries, words: Sequence[str]) -> None:
        """To the right of each point."""
        for at, row in zip(words, shapely.get_coordinates(shapely.centroid(geometries)), strict=True):
            self._level(at, float(row[0]) + _BESIDE_PX, float(row[1]), SIZE_PX - 2)

    def polygons(self, geometries: Geometries, words: Sequence[str]) -> None:
        """Around a point inside the greatest part, if the words are not much wider than it."""
        parts, owner = shapely.get_parts(geometries, return_index=True)
        areas = shapely.area(parts)
        order = np.lexsort((-areas, owner))
        _, first = np.unique(owner[order], return_index=True)
        greatest = parts[order[first]]
        inside = shapely.get_coordinates(shapely.point_on_surface(greatest))
        bounds = shapely.bounds(greatest)
        for index, (x, y) in zip(owner[order[first]], inside, strict=True):
            width = _width(words[index], SIZE_PX)
            west, _, east, _ = bounds[np.searchsorted(owner[order[first]], index)]
            if width <= 1.5 * (east - west) + 12:
                self._level(words[index], float(x) - width / 2, float(y), SIZE_PX)

    def _level(self, words: str, x: float, y: float, size: float) -> None:
        if not words:
            return
        half = size / 2 + _GAP_PX / 2
        box = (x - _GAP_PX, y - half, x + _width(words, size) + _GAP_PX, y + half)
        if self._take([box]):
            self.parts.append(text(words, x, y, size, halo=HALO_PX))

    def lines(self, geometries: Geometries, words: Sequence[str]) -> None:
        """Along each line, at its middle, and again where it is long."""
        parts, owner = shapely.get_parts(geometries, return_index=True)
        lengths = shapely.length(parts)
        for line, index, length in zip(parts, owner, lengths, strict=True):
            width = _width(words[index], SIZE_PX)
            if not words[index] or width > length * 0.95:
                continue
            count = max(1, int(length // (width + _REPEAT_PX)))
            for n in range(count):
                self._along(line, words[index], (n + 0.5) * length / count - width / 2)

    def _along(self, line: shapely.LineString, words: str, start: float) -> None:
        """Each character stands on the line by itself; not where the line turns sharply, never upside down."""
        advances = np.array([outline(character).advance for character in words]) * SIZE_PX / EM
        ends = np.cumsum(advances)
        steps = np.concatenate([[0.0], ends]) + start
        edges = shapely.get_coordinates(shapely.line_interpolate_point(line, steps))
        if not np.isfinite(edges).all():
            return
        backwards = edges[-1, 0] < edges[0, 0]
        if backwards:
            steps = start + ends[-1] - np.concatenate([[0.0], ends])
            edges = shapely.get_coordinates(shapely.line_interpolate_point(line, steps))
        across, down = np.diff(edges[:, 0]), np.diff(edges[:, 1])
        angles = np.arctan2(down, across)
        turns = np.abs(np.diff(np.unwrap(angles)))
        if len(turns) and float(turns.max()) > _MOST_TURN:
            return
        half = SIZE_PX / 2 + 1
        middles = (edges[:-1] + edges[1:]) / 2
        boxes = [(x - half, y - half, x + half, y + half) for x, y in middles.tolist()]
        if self._take(boxes):
            self.parts += _on_line(words, edges, angles)


def _cells(box: Box) -> list[tuple[int, int]]:
    west, north, east, south = (math.floor(edge / _CELL_PX) for edge in box)
    return [(col, row) for col in range(west, east + 1) for row in range(north, south + 1)]


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and one[2] > other[0] and one[1] < other[3] and one[3] > other[1]


def _on_line(words: str, edges: NDArray[np.float64], angles: NDArray[np.float64]) -> list[str]:
    """Halos first: none may cover the character beside it."""
    whole = [
        text(character, float(x), float(y), SIZE_PX, halo=LINE_HALO_PX, turn=math.degrees(float(angle)))
        for character, (x, y), angle in zip(words, edges[:-1], angles, strict=True)
        if not character.isspace()
    ]
    halos = [part.partition("</g>")[0] + "</g>" for part in whole]
    return halos + [part.partition("</g>")[2] for part in whole]


def _width(words: str, size: float) -> float:
    return outline(words).advance * size / EM
