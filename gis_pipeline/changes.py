"""What differs between two editions of one collection: added, removed, changed, moved. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

Objects = NDArray[np.object_]

ROWS = 20_000
"""So many features are compared together: copies of all would take their memory again."""

SAME_PLACE_M = 0.001
"""Geometries whose vertices agree within this distance, metres, are the same."""


@dataclass(frozen=True)
class Changes:
    """Feature ids by kind of change; a feature may be both changed (attributes) and moved (geometry)."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    moved: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.moved)


def compare(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> Changes:
    """Compares two frames as `Features.frame`: unique index fid, same CRS in metres.

    Attributes are compared as text over the columns of both; a column that only one has counts as changed
    where it is not missing.
    """
    rows = before.index.get_indexer(after.index)
    removed = np.ones(len(before), dtype=bool)
    removed[rows[rows >= 0]] = False
    columns = sorted((set(before.columns) | set(after.columns)) - {"geometry"})
    changed: list[str] = []
    moved: list[str] = []
    common = np.flatnonzero(rows >= 0)
    for start in range(0, len(common), ROWS):
        part = common[start : start + ROWS]
        old, new = before.iloc[rows[part]], after.iloc[part]
        different = np.zeros(len(part), dtype=bool)
        for column in columns:
            different |= _text(old, column) != _text(new, column)
        changed += map(str, new.index[different])
        moved += map(str, new.index[~_same_place(old, new)])
    return Changes(
        added=tuple(map(str, after.index[rows < 0])),
        removed=tuple(map(str, before.index[removed])),
        changed=tuple(changed),
        moved=tuple(moved),
    )


def _text(frame: gpd.GeoDataFrame, column: str) -> NDArray[np.object_]:
    if column not in frame.columns:
        return np.full(len(frame), "", dtype=object)
    return np.asarray(frame[column].astype("string").fillna("").to_numpy(dtype=object))


def _same_place(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    if "geometry" not in old.columns or "geometry" not in new.columns:
        return np.ones(len(old), dtype=bool)
    first, second = (np.asarray(side.geometry.array, dtype=object) for side in (old, new))
    same = shapely.equals_exact(first, second, tolerance=SAME_PLACE_M)
    # The same outline may begin elsewhere: only what differs as it stands is put in order.
    other = np.flatnonzero(~same)
    same[other] = shapely.equals_exact(
        shapely.normalize(first[other]), shapely.normalize(second[other]), tolerance=SAME_PLACE_M
    )
    return np.asarray(same | (shapely.is_missing(first) & shapely.is_missing(second)), dtype=bool)


# ------------------------------------------------------------------ in detail


@dataclass(frozen=True)
class FieldChange:
    """One attribute before and after; None is missing."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Movement:
    """How far a geometry moved, in the units of the town frame; what does not fit the geometry is None.

    `area_m2`: polygons, the area of the symmetric difference, square metres.
    `length_m`: lines, the new length minus the old, metres. `hausdorff_m`: lines, the Hausdorff distance, metres.
    `distance_m`: points, from the old place to the new one, metres.
    """

    area_m2: float | None = None
    length_m: float | None = None
    hausdorff_m: float | None = None
    distance_m: float | None = None


@dataclass(frozen=True)
class Difference:
    """One feature that is not what it was.

    `fid` is its id after (before, if removed). `fid_before` differs from it only where hashed ids were paired.
    `place` in the town frame, metres: the whole feature where it was added, removed or its attributes changed (both
    its places, if it also moved); only the part that differs where nothing but its geometry did; None without
    geometry. `before` and `after` hold the attributes, empty where there was or is no feature.
    """

    kind: Literal["added", "removed", "changed"]
    fid: str
    fid_before: str
    fields: tuple[FieldChange, ...]
    movement: Movement | None
    place: shapely.Geometry | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def differences(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, *, hashed: bool) -> tuple[Difference, ...]:
    """Every difference of two frames as `compare` takes them, in full: changed ones first, then added, then removed.

    `hashed` says that ids are made from geometry and attributes (no `feature_id` declared), so that any change makes
    another id. A removed and an added feature are then taken as one, changed, if they have the same geometry (to
    1 mm; among several the one with the most equal attributes), or else the same attributes and overlapping geometry
    (the greatest overlap first). A point that moves, and a feature that changes both, remain a removal and an addition.
    Declared ids are never paired: another id is another feature. A geometry that covers the same place with other
    vertices is not a movement. Swapping the sides swaps added and removed and leaves areas as they are.
    """
    old, new = _Side.of(before), _Side.of(after)
    pairs = [(old.position[fid], new.position[fid]) for fid in old.fids if fid in new.position]
    if hashed:
        gone = [n for n, fid in enumerate(old.fids) if fid not in new.position]
        come = [n for n, fid in enumerate(new.fids) if fid not in old.position]
        pairs += _paired(old, new, gone, come)
    kept_old, kept_new = {first for first, _ in pairs}, {second for _, second in pairs}
    names = list(dict.fromkeys([*old.values, *new.values]))
    changed = _changed(old, new, sorted(pairs, key=lambda pair: pair[1]), names)
    added = [new.alone("added", n) for n in range(len(new.fids)) if n not in kept_new]
    removed = [old.alone("removed", n) for n in range(len(old.fids)) if n not in kept_old]
    return (*changed, *added, *removed)


@dataclass(frozen=True)
class _Side:
    """One frame as plain arrays: ids, geometry, and each column's values with None for missing."""

    fids: list[str]
    geometry: Objects
    values: dict[str, Objects]
    position: dict[str, int]

    @classmethod
    def of(cls, frame: gpd.GeoDataFrame) -> _Side:
        fids = [str(fid) for fid in frame.index]
        named = "geometry" in frame.columns
        geometry = np.array(frame.geometry.array if named else [None] * len(fids), dtype=object)
        valid = shapely.is_valid(geometry) | shapely.is_missing(geometry)
        geometry[~valid] = shapely.make_valid(geometry[~valid])
        values = {str(name): _plain(frame[name]) for name in frame.columns if name != "geometry"}
        return cls(fids, geometry, values, {fid: n for n, fid in enumerate(fids)})

    def row(self, n: int) -> dict[str, Any]:
        return {name: column[n] for name, column in self.values.items()}

    def column(self, name: str, rows: list[int]) -> Objects:
        values = self.values.get(name)
        return np.full(len(rows), None, dtype=object) if values is None else values[rows]

    def alone(self, kind: Literal["added", "removed"], n: int) -> Difference:
        fid, row = self.fids[n], self.row(n)
        came = kind == "added"
        return Difference(kind, fid, fid, (), None, self.geometry[n], {} if came else row, row if came else {})


def _plain(column: pd.Series[Any]) -> Objects:
    """A column's values, None for missing."""
    values = np.array(column.astype(object), dtype=object)
    values[column.isna().to_numpy()] = None
    return values


def _changed(old: _Side, new: _Side, pairs: list[tuple[int, int]], names: list[str]) -> Iterator[Difference]:
    if not pairs:
        return
    first, second = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    unequal = {name: old.column(name, first) != new.column(name, second) for name in names}
    touched = np.logical_or.reduce(
        [np.asarray(mask, dtype=bool) for mask in unequal.values()] or [np.zeros(len(pairs), bool)]
    )
    moved = _Moves.of(old.geometry[first], new.geometry[second])
    places = moved.places(touched)
    for n, (was, now) in enumerate(pairs):
        movement = moved.movement.get(n)
        if not touched[n] and movement is None:
            continue
        before, after = old.row(was), new.row(now)
        fields = tuple(
            FieldChange(name, before.get(name), after.get(name)) for name in names if touched[n] and unequal[name][n]
        )
        yield Difference("changed", new.fids[now], old.fids[was], fields, movement, places[n], before, after)


@dataclass(frozen=True)
class _Moves:
    """The pairs whose geometries differ by more than SAME_PLACE_M: how far, and the part that differs, by number."""

    before: Objects
    after: Objects
    movement: dict[int, Movement]
    part: dict[int, Any]

    @classmethod
    def of(cls, before: Objects, after: Objects) -> _Moves:
        none_before, none_after = shapely.is_missing(before), shapely.is_missing(after)
        same = (none_before & none_after) | shapely.equals_exact(
            shapely.normalize(before), shapely.normalize(after), tolerance=SAME_PLACE_M
        )
        other = np.flatnonzero(~same & ~none_before & ~none_after)
        apart = shapely.hausdorff_distance(before[other], after[other])
        # Vertices that were only added or dropped on the same outline move nothing.
        other, apart = other[apart > SAME_PLACE_M], apart[apart > SAME_PLACE_M]
        parts = shapely.symmetric_difference(before[other], after[other])
        longer = shapely.length(after[other]) - shapely.length(before[other])
        dimensions = np.maximum(shapely.get_dimensions(before[other]), shapely.get_dimensions(after[other]))
        rows = zip(dimensions.tolist(), shapely.area(parts).tolist(), longer.tolist(), apart.tolist(), strict=True)
        movement = {n: _movement(*row) for n, row in zip(other.tolist(), rows, strict=True)}
        part = dict(zip(other.tolist(), parts, strict=True))
        for n in np.flatnonzero(none_before ^ none_after).tolist():
            part[n] = before[n] if after[n] is None else after[n]
            area = float(shapely.area(part[n]))
            movement[n] = Movement(area_m2=area) if area else Movement()
        return cls(before, after, movement, part)

    def places(self, whole: NDArray[np.bool_]) -> list[shapely.Geometry | None]:
        """Where to look: the part that differs, or where `whole` all of both."""
        both = np.flatnonzero(whole & np.isin(np.arange(len(whole)), list(self.part)))
        united = dict(zip(both.tolist(), shapely.union(self.before[both], self.after[both]), strict=True))
        found = [united.get(n) or self.part.get(n) for n in range(len(whole))]
        return [self.after[n] if place is None or shapely.is_empty(place) else place for n, place in enumerate(found)]


def _movement(dimension: int, area_m2: float, longer_m: float, apart_m: float) -> Movement:
    if dimension == 2:
        return Movement(area_m2=area_m2)
    return Movement(length_m=longer_m, hausdorff_m=apart_m) if dimension == 1 else Movement(distance_m=apart_m)


def _paired(old: _Side, new: _Side, gone: list[int], come: list[int]) -> list[tuple[int, int]]:
    """Removed and added features that are one: see `differences`. One to one, the same whichever side is first."""
    if not gone or not come:
        return []
    tree = shapely.STRtree(new.geometry[come])
    near = tree.query(old.geometry[gone], predicate="intersects")
    first, second = np.asarray(gone)[near[0]], np.asarray(come)[near[1]]
    same = shapely.equals_exact(
        shapely.normalize(old.geometry[first]), shapely.normalize(new.geometry[second]), tolerance=SAME_PLACE_M
    )
    names = list(dict.fromkeys([*old.values, *new.values]))
    equal = np.zeros(len(first), dtype=int)
    for name in names:
        equal += np.asarray(old.column(name, first.tolist()) == new.column(name, second.tolist()), dtype=bool)
    overlap = np.zeros(len(first))
    open_question = np.flatnonzero(~same & (equal == len(names)))
    overlap[open_question] = _overlap(old.geometry[first[open_question]], new.geometry[second[open_question]])
    ranked = sorted(
        (not same[n], -equal[n] if same[n] else -overlap[n], sorted((old.fids[was], new.fids[now])), was, now)
        for n, (was, now) in enumerate(zip(first.tolist(), second.tolist(), strict=True))
        if same[n] or overlap[n] > 0
    )
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    pairs: list[tuple[int, int]] = []
    for *_, was, now in ranked:
        if was not in taken_old and now not in taken_new:
            taken_old.add(was)
            taken_new.add(now)
            pairs.append((was, now))
    return pairs


def _overlap(before: Objects, after: Objects) -> NDArray[np.float64]:
    """Area or length that both share, rounded so that the order of the sides does not matter."""
    shared = shapely.intersection(before, after)
    sizes = np.where(shapely.get_dimensions(shared) == 2, shapely.area(shared), 0.0)
    lines = shapely.get_dimensions(before) == 1
    return np.asarray(np.round(np.where(lines, shapely.length(shared), sizes), 6), dtype=np.float64)
