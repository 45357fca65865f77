"""Lots (敷地) and their numbers (番地): blocks cut into lots, numbered 大字 by 大字."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely

from tools.sample.frame import chance, polygons_of
from tools.sample.layout import TOWN, Cell, cell_at
from tools.sample.streets import Block, network


@dataclass(frozen=True)
class Place:
    """大字・丁目 and 小字 of a point."""

    aza: str
    koaza: str


@dataclass(frozen=True)
class Lot:
    """One lot with its number, such as 123-4."""

    shape: shapely.Polygon
    block: int
    place: Place
    number: str


AZA_ROWS = (
    ("平沢", "見晴台一丁目", "見晴台一丁目", "見晴台二丁目", "見晴台二丁目", "試原"),
    ("平沢", "見本", "見本", "見本", "見本", "試原"),
    ("仮谷", "見本", "見本", "見本", "例森", "試原"),
    ("仮谷", "見本", "見本", "見本", "例森", "試原"),
    ("仮谷", "見本", "見本", "見本", "例森", "雛形"),
    ("仮谷", "見本", "見本", "例森", "例森", "雛形"),
    ("大見", "大見", "大見", "大見", "雛形", "雛形"),
    ("大見", "大見", "大見", "大見", "雛形", "雛形"),
)
"""大字・丁目 by `layout.Cell`: invented names (見本 sample, 例 example, 仮 provisional, 試 trial, 雛形 model)."""

AZA_NUMBERS = {"見本": 1, "平沢": 2, "仮谷": 3, "大見": 4, "試原": 5, "雛形": 6, "例森": 7, "見晴台一丁目": 8,
               "見晴台二丁目": 9}  # fmt: skip

KOAZA = ("前田", "上ノ原", "堂ノ下", "川端", "鎮守前", "坂下", "谷戸", "向原", "中ヶ谷", "清水", "榎戸", "天神前")


def place_at(east_m: float, north_m: float) -> Place:
    """大字 and 小字 of a point; a 丁目 has no 小字."""
    cell = cell_at(east_m, north_m)
    aza = AZA_ROWS[cell.row][cell.column]
    return Place(aza, "" if aza.endswith("丁目") else _koaza(cell))


def _koaza(cell: Cell) -> str:
    return KOAZA[(cell.row * 5 + cell.column * 7) % len(KOAZA)]


@cache
def lots() -> tuple[Lot, ...]:
    """Every lot of the town and its surroundings, block by block from the north-west."""
    _, blocks = network()
    counts: dict[str, int] = {}
    found: list[Lot] = []
    for index, block in enumerate(blocks):
        centre = block.shape.representative_point()
        place = place_at(centre.x, centre.y)
        counts[place.aza] = counts.get(place.aza, 0) + 1
        parent = counts[place.aza] if place.aza.endswith("丁目") else 3 * counts[place.aza] + 100
        shapes = [block.shape] if block.facility else _divide(block, index)
        for rank, shape in enumerate(shapes):
            number = str(parent) if len(shapes) == 1 else f"{parent}-{rank + 1}"
            found.append(Lot(shape, index, place, number))
    return tuple(found)


def address_lots() -> Iterator[Lot]:
    """The lots that get an address point: the first, the middle and the last of each block inside the town."""
    by_block: dict[int, list[Lot]] = {}
    for lot in lots():
        by_block.setdefault(lot.block, []).append(lot)
    for members in by_block.values():
        for lot in members[:: max(1, (len(members) + 1) // 2)][:2]:
            if TOWN.contains(lot.shape):
                yield lot


def _divide(block: Block, index: int) -> list[shapely.Polygon]:
    """Cuts a block straight across its long side until its lots are small enough; left to right."""
    luck = chance("lots", index)
    waiting, done = [block.shape], []
    while waiting:
        land = waiting.pop()
        if land.area < block.grain.lot_m2 * luck.uniform(1.2, 1.9):
            done.append(land)
            continue
        parts = _halves(land, luck.uniform(0.44, 0.56))
        if len(parts) < 2 or min(part.area for part in parts) < block.grain.lot_m2 * 0.2:
            done.append(land)
            continue
        waiting += parts
    return sorted(done, key=lambda lot: (round(lot.centroid.x + 0.3 * lot.centroid.y), round(lot.centroid.y)))


def _halves(land: shapely.Polygon, share: float) -> list[shapely.Polygon]:
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(land))[:4]
    first, second = corners[1] - corners[0], corners[3] - corners[0]
    if np.hypot(*first) < np.hypot(*second):
        first, second = second, first
    unit, across = first / np.hypot(*first), second / np.hypot(*second)
    reach = float(np.hypot(*first)) + float(np.hypot(*second))
    foot = corners[0] + first * share
    ahead = shapely.Polygon(
        [foot - across * reach, foot + across * reach, foot + (across + unit) * reach, foot + (unit - across) * reach]
    )
    return [
        part
        for side in (shapely.intersection(land, ahead), shapely.difference(land, ahead))
        for part in polygons_of(side)
    ]
