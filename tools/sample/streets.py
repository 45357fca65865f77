"""The road network and the blocks between the roads, grown inside the hand-drawn main roads.

A block is cut across its long side, again and again, until it is as small as its neighbourhood wants; each cut is
a street. Streets therefore meet at T-junctions and follow the main roads, as in a town that grew lot by lot.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import shapely
from shapely.ops import polygonize, split

from tools.sample.frame import BLOCK_HEIGHT_M, BLOCK_WIDTH_M, chance, lines_of, polygons_of
from tools.sample.layout import (
    BROOK,
    FACILITIES,
    RAILWAY,
    RAILWAY_CORRIDOR_M,
    RIVER,
    RIVER_WIDTH_M,
    RURAL_ROADS,
    SPINES,
    STATION_SQUARE,
    TOWN,
    URBAN,
    URBAN_EDGE,
    Facility,
    RoadKind,
    cell_at,
)


@dataclass(frozen=True)
class Road:
    """One road: centre line in block metres and its full width; `name` is empty for streets not yet named."""

    line: shapely.LineString
    width_m: float
    kind: RoadKind
    name: str = ""
    planned: str = ""


@dataclass(frozen=True)
class Grain:
    """How finely a neighbourhood is built: sizes in metres and square metres."""

    block_m2: float
    lot_m2: float
    widths_m: tuple[float, ...]
    wander: float = 0.05
    built: float = 0.86
    cover: float = 0.5


@dataclass(frozen=True)
class Block:
    """Land between roads (road area taken off), with the grain of its neighbourhood."""

    shape: shapely.Polygon
    grain: Grain
    urban: bool
    facility: Facility | None = None


@dataclass
class _Growth:
    roads: list[Road] = field(default_factory=list)
    leaves: list[Block] = field(default_factory=list)


NEW_TOWN = Grain(6200.0, 210.0, (9.0, 6.0, 6.0, 5.0), wander=0.05, built=0.93, cover=0.42)
LOW_RISE = Grain(7600.0, 260.0, (8.0, 6.0, 5.0, 4.0, 3.6), wander=0.09, built=0.86, cover=0.40)
OLD_TOWN = Grain(6600.0, 230.0, (7.0, 5.0, 4.0, 3.6, 2.7), wander=0.13, built=0.90, cover=0.52)
CENTRE = Grain(5200.0, 260.0, (9.0, 7.0, 6.0, 5.0), wander=0.04, built=0.95, cover=0.68)
MIXED = Grain(9500.0, 420.0, (8.0, 6.0, 5.0, 4.0), wander=0.07, built=0.88, cover=0.48)
GARDEN = Grain(12000.0, 420.0, (7.0, 5.0, 4.0, 3.2), wander=0.10, built=0.45, cover=0.30)
WORKS = Grain(36000.0, 9000.0, (12.0, 9.0, 8.0), wander=0.02, built=0.94, cover=0.50)
FARM = Grain(26000.0, 2600.0, (4.0, 3.0, 2.5), wander=0.08, built=0.12, cover=0.10)

GRAINS: dict[tuple[int, int], Grain] = {
    (0, 0): LOW_RISE, (1, 0): NEW_TOWN, (3, 0): NEW_TOWN, (5, 0): GARDEN,
    (0, 1): LOW_RISE, (1, 1): OLD_TOWN, (3, 1): OLD_TOWN, (5, 1): LOW_RISE,
    (0, 2): OLD_TOWN, (1, 2): OLD_TOWN, (4, 2): OLD_TOWN, (5, 2): MIXED,
    (0, 5): OLD_TOWN, (1, 5): OLD_TOWN, (2, 5): OLD_TOWN, (3, 5): OLD_TOWN, (4, 5): MIXED, (5, 5): MIXED,
    (0, 6): LOW_RISE, (1, 6): OLD_TOWN, (2, 6): LOW_RISE, (3, 6): MIXED, (4, 6): MIXED, (5, 6): WORKS,
}  # fmt: skip


def grain_at(east_m: float, north_m: float) -> Grain:
    """How finely the urban land around a point is built."""
    cell = cell_at(east_m, north_m)
    row = {3: 2, 4: 5}.get(cell.row, cell.row)
    if row == 7:
        return WORKS
    return GRAINS.get((cell.column, row), CENTRE)


@cache
def network() -> tuple[tuple[Road, ...], tuple[Block, ...]]:
    """Every road (main roads first) and every block."""
    growth = _Growth()
    main = [Road(spine.line, spine.width_m, spine.kind, spine.name, spine.planned) for spine in (*SPINES, *RURAL_ROADS)]
    growth.roads += main + list(_levee_roads())
    for index, land in enumerate(_superblocks()):
        centre = land.representative_point()
        urban = bool(URBAN.contains(centre))
        if not urban and not _farmed(centre):
            continue
        grain = grain_at(centre.x, centre.y) if urban else FARM
        _grow(land, grain, urban, growth, chance("block", index), 0)
    roads = tuple(growth.roads)
    return roads, tuple(_blocks(growth.leaves, roads))


def _levee_roads() -> Iterator[Road]:
    """堤防道路 on both banks, inside the urban area."""
    for side, name in ((1, "見取川左岸線"), (-1, "見取川右岸線")):
        bank = RIVER.offset_curve(side * (RIVER_WIDTH_M / 2 + 9.0))
        for line in lines_of(shapely.intersection(bank, TOWN.buffer(-20))):
            yield Road(shapely.simplify(line, 0.05), 4.0, "other", name)


def _superblocks() -> list[shapely.Polygon]:
    """Land between the main roads, without river, railway and station square; from the north-west to the
    south-east so that the order does not hang on the library."""
    frame = shapely.box(-200, -200, BLOCK_WIDTH_M + 200, BLOCK_HEIGHT_M + 200)
    lines = [spine.line for spine in (*SPINES, *RURAL_ROADS)] + [RIVER, RAILWAY, URBAN_EDGE, frame.exterior]
    faces = polygonize(shapely.get_parts(shapely.union_all(lines)))
    taken = shapely.union_all(
        [
            RIVER.buffer(RIVER_WIDTH_M / 2 + 11.0),
            RAILWAY.buffer(RAILWAY_CORRIDOR_M),
            STATION_SQUARE.buffer(1.0),
            BROOK.buffer(3.0),
        ]
    )
    land = [part for face in faces for part in polygons_of(shapely.difference(face, taken))]
    kept = [part for part in land if part.area > 600 and frame.contains(part)]
    return sorted(kept, key=lambda part: (-round(part.centroid.y), round(part.centroid.x)))


def _farmed(centre: shapely.Point) -> bool:
    """Flat land outside the urban area: the valley floor east and west of the town."""
    return (centre.x < 600 and 650 < centre.y < 1650) or (centre.x > 3560 and 250 < centre.y < 1800)


def _grow(land: shapely.Polygon, grain: Grain, urban: bool, growth: _Growth, luck: random.Random, depth: int) -> None:
    facility = _facility_in(land)
    if facility is not None and land.area < facility.area_m2 * 1.6:
        growth.leaves.append(Block(land, grain, urban, facility))
        return
    if land.area < grain.block_m2 * luck.uniform(0.75, 1.35) or depth > 9:
        growth.leaves.append(Block(land, grain, urban))
        return
    divided = _divided(land, grain, luck)
    if divided is None:
        growth.leaves.append(Block(land, grain, urban, facility))
        return
    cut, parts = divided
    width = grain.widths_m[min(depth, len(grain.widths_m) - 1)]
    for line in lines_of(shapely.intersection(cut, land)):
        kind = _kind(line.length, width, grain if urban else None, luck)
        growth.roads.append(Road(_rounded(line), width, kind))
    for part in sorted(parts, key=lambda part: (-round(part.centroid.y), round(part.centroid.x))):
        _grow(part, grain, urban, growth, luck, depth + 1)


def _divided(
    land: shapely.Polygon, grain: Grain, luck: random.Random
) -> tuple[shapely.LineString, list[shapely.Polygon]] | None:
    """A street across the land and the parts it leaves; None if six tries leave only slivers."""
    for _ in range(6):
        cut = _cut(land, grain, luck)
        parts = [part for part in polygons_of(split(land, cut)) if part.area > 1.0]
        if len(parts) >= 2 and all(_well_shaped(part, grain) for part in parts):
            return cut, parts
    return None


def _facility_in(land: shapely.Polygon) -> Facility | None:
    return next((item for item in FACILITIES if land.contains(shapely.Point(item.east_m, item.north_m))), None)


def _kind(length_m: float, width_m: float, grain: Grain | None, luck: random.Random) -> RoadKind:
    """`grain` is None outside the urban area."""
    if grain is None:
        return "farm" if width_m < 4 or luck.random() < 0.4 else "other"
    if length_m < 70 or (length_m < 110 and luck.random() < 0.5):
        return "foot" if grain is NEW_TOWN and luck.random() < 0.15 else "private"
    return "second" if width_m >= 7 and length_m > 320 else "other"


def _rounded(line: shapely.LineString) -> shapely.LineString:
    return shapely.LineString(np.round(shapely.get_coordinates(line), 3))


def _well_shaped(part: shapely.Polygon, grain: Grain) -> bool:
    short, long = _sides(part)
    return part.area > grain.block_m2 * 0.3 and short > 0.36 * math.sqrt(grain.block_m2) and long < 7.5 * short


def _box(land: shapely.Polygon) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float64]], float, float]:
    """Corner-ordered oriented box and its first two side lengths."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(land))[:4]
    return corners, float(np.hypot(*(corners[1] - corners[0]))), float(np.hypot(*(corners[2] - corners[1])))


def _sides(land: shapely.Polygon) -> tuple[float, float]:
    _, first, second = _box(land)
    return min(first, second), max(first, second)


def _cut(land: shapely.Polygon, grain: Grain, luck: random.Random) -> shapely.LineString:
    """A gently wandering line across the long side of the land."""
    corners, first, second = _box(land)
    if first >= second:
        start, end, across = corners[0], corners[1], corners[3] - corners[0]
    else:
        start, end, across = corners[1], corners[2], corners[0] - corners[1]
    width = float(np.hypot(*across))
    across = across / width
    along = (end - start) / float(np.hypot(*(end - start)))
    foot = start + (end - start) * luck.uniform(0.40, 0.60)
    lean = luck.uniform(-1, 1) * grain.wander
    bow = luck.uniform(-1, 1) * grain.wander * width * 0.55
    wave = luck.uniform(-1, 1) * grain.wander * width * 0.22
    t = np.linspace(-0.06, 1.06, max(5, int(width / 14)))
    offset = lean * (t - 0.5) * width + bow * (1 - (2 * t - 1) ** 2) + wave * np.sin(2 * np.pi * t)
    points = foot + across * (t * width)[:, None] + along * offset[:, None]
    return shapely.LineString(np.round(points, 3))


def _blocks(leaves: list[Block], roads: tuple[Road, ...]) -> Iterator[Block]:
    surfaces = [road.line.buffer(road.width_m / 2 + 0.3, cap_style="flat", join_style="mitre") for road in roads]
    tree = shapely.STRtree(surfaces)
    for leaf in leaves:
        near = sorted(tree.query(leaf.shape, predicate="intersects"))
        shape = shapely.difference(leaf.shape, shapely.union_all([surfaces[index] for index in near]))
        parts = sorted(polygons_of(shape), key=lambda part: -part.area)
        for rank, part in enumerate(parts):
            if part.area > 60:
                yield replace(leaf, shape=part, facility=leaf.facility if rank == 0 else None)
