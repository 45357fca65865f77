"""Building outlines (家屋) on the lots; only for the drawn sheets."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from shapely import affinity

from tools.sample.frame import chance, polygons_of
from tools.sample.lots import Lot, lots
from tools.sample.streets import CENTRE, WORKS, Block, network


@dataclass(frozen=True)
class Building:
    """One outline in block metres; `solid` is a 堅ろう建物, drawn darker."""

    shape: shapely.Polygon
    solid: bool


@cache
def buildings() -> tuple[Building, ...]:
    """Every building, lot by lot."""
    _, blocks = network()
    found: list[Building] = []
    for index, lot in enumerate(lots()):
        block = blocks[lot.block]
        luck = chance("building", index)
        if block.facility is not None:
            found += _public(block, luck)
        elif luck.random() < block.grain.built * (1.0 if block.urban else 0.8):
            found += _private(lot, block, luck)
    return tuple(found)


def _private(lot: Lot, block: Block, luck: random.Random) -> list[Building]:
    solid = block.grain in (CENTRE, WORKS) and luck.random() < 0.7
    plot = lot.shape.buffer(-(3.0 if block.grain is WORKS else 0.9), join_style="mitre")
    if block.grain is WORKS:
        halls = _slabs(plot, luck, count=luck.choice((2, 3, 3)), share=0.62)
        return [Building(hall, solid=True) for hall in halls]
    return [Building(shape, solid) for shape in _house(plot, block.grain.cover * luck.uniform(0.75, 1.15), luck)]


def _house(plot: shapely.Geometry, cover: float, luck: random.Random) -> list[shapely.Polygon]:
    """A rectangle along the lot, often with a corner cut out."""
    largest = max(polygons_of(plot), key=lambda part: part.area, default=None)
    if largest is None or largest.area < 35:
        return []
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(largest))[:4]
    first, second = corners[1] - corners[0], corners[3] - corners[0]
    scale = min(0.93, cover**0.5)
    along, across = scale * luck.uniform(0.92, 1.06), scale * luck.uniform(0.92, 1.06)
    move = (1 - np.array([along, across])) * np.array([luck.uniform(0.2, 0.8), luck.uniform(0.35, 0.95)])
    origin = corners[0] + first * move[0] + second * move[1]
    outline: list[tuple[float, float]] = [(0, 0), (1, 0), (1, 1), (0, 1)]
    if luck.random() < 0.62 and largest.area > 90:
        cut_a, cut_b = luck.uniform(0.3, 0.65), luck.uniform(0.25, 0.5)
        outline = [(0, 0), (1, 0), (1, 1 - cut_b), (cut_a, 1 - cut_b), (cut_a, 1), (0, 1)]
        if luck.random() < 0.5:
            outline = [(1 - a, b) for a, b in outline]
    house = shapely.Polygon([origin + first * along * a + second * across * b for a, b in outline])
    return [part for part in polygons_of(shapely.intersection(house, largest)) if part.area > 18]


def _slabs(plot: shapely.Geometry, luck: random.Random, count: int, share: float) -> list[shapely.Polygon]:
    """Long halls side by side."""
    largest = max(polygons_of(plot), key=lambda part: part.area, default=None)
    if largest is None or largest.area < 200:
        return []
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(largest))[:4]
    first, second = corners[1] - corners[0], corners[3] - corners[0]
    if np.hypot(*first) < np.hypot(*second):
        first, second = second, first
    found = []
    for index in range(count):
        start = index / count + (1 - share) / count / 2
        a0, a1 = start, start + share / count
        b0, b1 = luck.uniform(0.08, 0.25), luck.uniform(0.70, 0.92)
        slab = shapely.Polygon(
            [corners[0] + first * a + second * b for a, b in ((a0, b0), (a1, b0), (a1, b1), (a0, b1))]
        )
        found += [part for part in polygons_of(shapely.intersection(slab, largest)) if part.area > 40]
    return found


def _public(block: Block, luck: random.Random) -> list[Building]:
    facility = block.facility
    if facility is None or facility.kind == "park":
        return []
    if facility.kind in ("shrine", "temple"):
        hall = shapely.box(-9, -7, 9, 7)
        gate = shapely.box(-4, -30, 4, -27)
        centre = block.shape.centroid
        turn = luck.uniform(-12, 12)
        return [
            Building(affinity.translate(affinity.rotate(part, turn, origin=(0, 0)), centre.x, centre.y), solid=True)
            for part in (hall, gate)
        ]
    plot = block.shape.buffer(-8.0, join_style="mitre")
    if facility.kind in ("school", "high_school"):
        slabs = _slabs(plot, luck, count=4, share=0.5)
        return [Building(slab, solid=True) for slab in slabs[:2]]
    return [Building(slab, solid=True) for slab in _slabs(plot, luck, count=2, share=0.7)]
