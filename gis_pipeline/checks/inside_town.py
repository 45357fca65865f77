"""Features outside the town, and why: swapped axes, another plane zone, degrees for metres, another unit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_pipeline.checks._shapes import Mask, finite, source_middles, town_shapes
from gis_pipeline.crs import frame_crs, parse, plan, to_lonlat
from gis_pipeline.errors import DatumError, DeclarationError
from gis_pipeline.findings import Pointer, listed, measure
from gis_pipeline.members import Array, Context
from gis_pipeline.model import Finding

TITLE = "町の外の地物"

FAR_M = 1000.0
"""Features that touch the town nowhere and are farther away than this are misplaced; nearer ones are neighbours."""

MANY = 10
"""More misplaced features than this with one cause in one file are reported as one."""

ZONE_MARGIN_DEG = 1.0
_ZONES = [
    "I",
    "II",
    "III",
    "IV",
    "V",
    "VI",
    "VII",
    "VIII",
    "IX",
    "X",
    "XI",
    "XII",
    "XIII",
    "XIV",
    "XV",
    "XVI",
    "XVII",
    "XVIII",
    "XIX",
]
_FAMILIES = {6669: "JGD2011", 2443: "JGD2000", 30161: "旧日本測地系"}
"""EPSG code of 第I系 in each family of 平面直角座標系; the nineteen zones follow."""


def check(context: Context) -> Iterator[Finding]:
    """Blocks misplaced features and says what would bring them into the town; warns of those partly outside.

    Without a declared 町域 (and for the 町域 itself) only what lies outside the frame's own area is misplaced.
    """
    if context.collection.geometry == "none" or not len(context.features.frame):
        return
    ground = _Ground(context)
    pointer = Pointer("inside_town", context.features)
    far = ground.misplaced(pointer.middles_m)
    if far.any():
        yield from _misplaced(context, ground, pointer, far)
    if context.town is not None:
        yield from _partly(context, context.town, pointer, far)


# ------------------------------------------------------------------ where the town is


@dataclass(frozen=True)
class _Ground:
    """Where features may be: the town, or else the area of the frame's zone."""

    context: Context

    def misplaced(self, middles: Array) -> Mask:
        """Features far outside, and those whose coordinates the projection could not compute.

        Without a town also those whose metres read as longitude and latitude of the zone: nobody maps the few
        metres around the zone's origin and meets just these numbers.
        """
        shapes = town_shapes(self.context)
        readable = finite(shapes) | np.isfinite(source_middles(self.context)).all(axis=1)
        present: Mask = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes) & readable
        if self.context.town is None:
            degrees = self._in_zone(middles[:, 0], middles[:, 1]) | self._in_zone(middles[:, 1], middles[:, 0])
            return np.asarray(present & (~self.contains(middles[:, 0], middles[:, 1]) | degrees), dtype=bool)
        near = np.zeros(len(shapes), dtype=bool)
        known = present & finite(shapes)
        near[known] = self._near(shapes[known])
        return np.asarray(present & ~near, dtype=bool)

    def contains(self, easting_m: Array, northing_m: Array) -> Mask:
        """Whether points (town metres) are in or near the town."""
        inside = np.zeros(len(easting_m), dtype=bool)
        known = np.isfinite(easting_m) & np.isfinite(northing_m)
        if self.context.town is not None:
            points = shapely.points(easting_m[known], northing_m[known])
            inside[known] = self._near(np.asarray(points, dtype=object))
            return inside
        lon, lat = to_lonlat(self.context.service.crs).points(easting_m[known], northing_m[known])
        inside[known] = self._in_zone(lon, lat)
        return inside

    def _near(self, shapes: NDArray[Any]) -> Mask:
        """Whether shapes (town metres) are within `FAR_M` of the town; most are decided by boxes alone."""
        west, south, east, north = shapely.bounds(self.context.town).tolist()
        around = shapely.box(west - FAR_M, south - FAR_M, east + FAR_M, north + FAR_M)
        near = np.asarray(shapely.intersects(around, shapes), dtype=bool)
        near[near] = shapely.dwithin(self._prepared, shapes[near], FAR_M)
        return near

    @cached_property
    def _prepared(self) -> shapely.Geometry:
        """A copy of the town, indexed: the context's own stays as it is."""
        town = cast(shapely.Geometry, shapely.make_valid(self.context.town))
        shapely.prepare(town)
        return town

    def _in_zone(self, lon: Array, lat: Array) -> Mask:
        west, south, east, north = self._zone
        return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north), dtype=bool)

    @cached_property
    def _zone(self) -> tuple[float, float, float, float]:
        area = frame_crs(self.context.service.crs).area_of_use
        if area is None:
            return -180.0, -90.0, 180.0, 90.0
        margin = ZONE_MARGIN_DEG
        return area.west - margin, area.south - margin, area.east + margin, area.north + margin

    def distance_km(self, position: int) -> float | None:
        """How far a feature is from the town; None without a town or coordinates."""
        shape = self.context.features.frame.geometry.array[position]
        if self.context.town is None or not finite(np.array([shape])).all():
            return None
        return float(shapely.distance(shape, self.context.town)) / 1000


# ------------------------------------------------------------------ misplaced, and why


def _misplaced(context: Context, ground: _Ground, pointer: Pointer, far: Mask) -> Iterator[Finding]:
    positions = np.flatnonzero(far)
    causes = _causes(context, ground, positions)
    groups: dict[tuple[str, str], list[int]] = {}
    files = context.features.origin["file"].tolist()
    for position, cause in zip(positions.tolist(), causes, strict=True):
        groups.setdefault((files[position], cause), []).append(position)

    def finding(position: int, cause: str, count: int = 1) -> Finding:
        km = ground.distance_km(position)
        how = "町域の外" if context.town is not None else "町の座標系の範囲の外"
        away = f" (町域から {km:,.1f} km)" if km is not None else ""
        whose = f"{count:,} 件の地物が" if count > 1 else "地物が"
        advice = cause or "座標系 (crs) の宣言と元の資料の座標を確かめてください。"
        return pointer.finding(position, "block", f"{whose}{how}にあります{away}。", advice)

    for (_, cause), members in groups.items():
        if len(members) > MANY:
            yield finding(members[0], cause, len(members))
        else:
            yield from (finding(position, cause) for position in members)


def _causes(context: Context, ground: _Ground, positions: NDArray[np.intp]) -> list[str]:
    """For each misplaced feature the first reading of its source coordinates that puts it into the town, or ""."""
    middles = source_middles(context)[positions]
    causes = [""] * len(positions)
    waiting = np.isfinite(middles).all(axis=1)
    files = context.features.origin["file"].to_numpy()[positions]
    for file, crs in {table.file: table.crs for table in context.tables}.items():
        source = context.collection.source.crs or crs or context.service.crs
        ours = np.flatnonzero(waiting & (files == file))
        for sentence, easting_m, northing_m in _readings(source, context.service.crs, *middles[ours].T):
            hit = ground.contains(easting_m, northing_m)
            for member in ours[hit].tolist():
                causes[member] = causes[member] or sentence
            if all(causes[member] for member in ours.tolist()):
                break
    return causes


def _readings(source: str, frame: str, x: Array, y: Array) -> Iterator[tuple[str, Array, Array]]:
    """Other ways to read source coordinates x, y: an advice, and the easting_m, northing_m they would give."""
    geographic = parse(source).is_geographic
    degrees = (np.abs(x) <= 180) & (np.abs(y) <= 180)
    lonlat = to_lonlat(frame)
    nowhere = np.full(len(x), np.nan)
    if geographic:
        yield (
            "経度と緯度を入れ替えると町内に入ります。列の順を確かめてください。",
            *_only(degrees, *lonlat.inverse(y, x)),
        )
        metres = ~degrees
        yield (
            f'値はメートルのようです。crs = "{frame}" と読むと町内に入ります。',
            np.where(metres, x, nowhere),
            np.where(metres, y, nowhere),
        )
        yield (
            f'値はメートルで、X と Y が逆のようです。crs = "{frame}" とし、入れ替えると町内に入ります。',
            np.where(metres, y, nowhere),
            np.where(metres, x, nowhere),
        )
    else:
        yield (
            '値は度 (経度・緯度) のようです。crs = "EPSG:6668" と読むと町内に入ります。',
            *_only(degrees, *lonlat.inverse(x, y)),
        )
        yield (
            '値は度 (緯度・経度の順) のようです。入れ替えて crs = "EPSG:6668" と読むと町内に入ります。',
            *_only(degrees, *lonlat.inverse(y, x)),
        )
        yield from _planar(source, frame, x, y)


def _planar(source: str, frame: str, x: Array, y: Array) -> Iterator[tuple[str, Array, Array]]:
    swapped = _moved(source, frame, y, x)
    if swapped:
        yield "X (北) と Y (東) を入れ替えると町内に入ります。列の順を確かめてください。", *swapped
    for zone, code in _zones(source, frame):
        read = _moved(code, frame, x, y)
        if read:
            yield f'第{zone}系として読むと町内に入ります。crs = "{code}" ではないか確かめてください。', *read
        read = _moved(code, frame, y, x)
        if read:
            yield f"X と Y を入れ替え、第{zone}系 ({code}) として読むと町内に入ります。", *read
    for unit, factor in (
        ("ミリメートル", 0.001),
        ("センチメートル", 0.01),
        ("キロメートル", 1000.0),
        ("フィート", 0.3048),
    ):
        read = _moved(source, frame, x * factor, y * factor)
        if read:
            yield f"単位を{unit}として読むと町内に入ります。メートルに直してください。", *read


def _zones(source: str, frame: str) -> Iterator[tuple[str, str]]:
    """The other zones of the source's family of 平面直角座標系 (else of the town frame's), nearest first."""
    codes = [parse(source).to_epsg(), parse(frame).to_epsg()]
    for code in codes:
        first = next((first for first in _FAMILIES if code is not None and first <= code < first + 19), None)
        if first is not None and code is not None:
            order = sorted(range(19), key=lambda n: abs(first + n - code))
            yield from ((_ZONES[n], f"EPSG:{first + n}") for n in order if first + n != code)
            return


def _moved(source: str, frame: str, x: Array, y: Array) -> tuple[Array, Array] | None:
    """x, y in one CRS as easting_m, northing_m of the town frame, however inexact; None if there is no way."""
    try:
        return plan(source, frame, tolerance_m=math.inf).points(x, y)
    except (DatumError, DeclarationError):
        return None


def _only(mask: Mask, easting_m: Array, northing_m: Array) -> tuple[Array, Array]:
    return np.where(mask, easting_m, np.nan), np.where(mask, northing_m, np.nan)


# ------------------------------------------------------------------ partly outside


def _partly(context: Context, town: shapely.Geometry, pointer: Pointer, far: Mask) -> Iterator[Finding]:
    """Features that leave the town by more than the tolerance; the sheets around a town always do."""
    if context.collection.scan is not None:
        return
    shapes = town_shapes(context)
    known = finite(shapes) & ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    allowed = shapely.buffer(town, context.collection.tolerance_m)
    shapely.prepare(allowed)
    inside = np.zeros(len(shapes), dtype=bool)
    inside[known] = shapely.covers(allowed, shapes[known])

    def finding(position: int) -> Finding:
        shape = shapely.make_valid(shapes[position])
        wholly = "すべて" if shapely.disjoint(shape, town) else "一部が"
        message = f"地物の{wholly}町域の外にあります{measure(shapely.difference(shape, town))}。"
        return pointer.finding(position, "warn", message, "町域の線と、この地物の範囲を確かめてください。")

    yield from listed(np.flatnonzero(known & ~inside & ~far).tolist(), finding)
