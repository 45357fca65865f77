"""CQL2 JSON → a condition over the stored attributes: SQL with bound values, and geometries to be held against.

Names come from the collection's own fields, values are bound, what is not supported is a 400. SQL's three-valued
logic is CQL2's: a comparison with a missing value is neither true nor false, and such a feature is no match.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import orjson
import shapely

from gis_pipeline.crs import OutputCrs, frame_crs, label, parse
from gis_pipeline.model import BBox, Collection
from tile_server.area import MERCATOR_EDGE_M, FrameBox
from tile_server.cql2 import Tree, bad

GEOMETRY = "geometry"
"""The name under which a filter speaks of the feature's geometry (no field may have it)."""
MAX_VERTICES = 1000
MAX_SPATIAL = 8
MAX_DEPTH = 60
MAX_IN_LIST = 1000

Kind = Literal["text", "number", "date", "boolean", "timestamp"]
_KINDS: dict[str, Kind] = {"integer": "number", "percent": "number", "number": "number", "date": "date"}

Predicate = Callable[[Any, Any], Any]
PREDICATES: dict[str, Predicate] = {
    "s_intersects": shapely.intersects,
    "s_disjoint": shapely.disjoint,
    "s_equals": shapely.equals,
    "s_touches": shapely.touches,
    "s_within": shapely.within,
    "s_overlaps": shapely.overlaps,
    "s_crosses": shapely.crosses,
    "s_contains": shapely.contains,
}
"""(feature, literal) → boolean array. All but s_disjoint imply that the two intersect."""
_TURNED = {"s_within": "s_contains", "s_contains": "s_within"}
_COMPARISONS = {"=": "=", "<>": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">="}


@dataclass(frozen=True)
class Spatial:
    """A geometry that features are held against.

    `geometry` has x = easting or longitude first. `code` says in which CRS features are compared with it: CRS84,
    the town frame or EPSG:3857, as if they had been fetched in it. What can match lies in `box` (degrees) or
    `frame` (town metres).
    """

    predicate: str
    geometry: shapely.Geometry
    code: str
    box: BBox | None = None
    frame: FrameBox | None = None


@dataclass(frozen=True)
class Condition:
    """`sql` over the table `attribute`; `:p0` … are `values`, `:g0` … JSON arrays of the numbers that match `spatial`,
    `:none` a JSON array of the features without geometry. `names` are the columns used."""

    sql: str
    values: Mapping[str, str | int | float]
    spatial: tuple[Spatial, ...]
    names: frozenset[str]


@dataclass(frozen=True)
class _Scalar:
    sql: str
    kind: Kind
    literal: str | int | float | None = None


def kinds_of(declaration: Collection) -> dict[str, Kind]:
    """What each published attribute of a collection is compared as."""
    kinds: dict[str, Kind] = {}
    for name, declared in declaration.fields.items():
        kinds[name] = _KINDS.get(declared.type, "text")
        if declared.type == "class":
            kinds[f"{name}_name"] = "text"
    return kinds


def condition(tree: Tree, kinds: Mapping[str, Kind], crs: OutputCrs, frame: str) -> Condition:
    """The condition that a CQL2 expression means; `crs` is the one its geometries stand in."""
    maker = _Maker(kinds, crs, frame)
    sql = maker.boolean(tree, 0)
    return Condition(sql, dict(maker.values), tuple(maker.spatial), frozenset(maker.names))


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


@dataclass
class _Maker:
    """Gathers values, geometries and names while the tree is walked once."""

    kinds: Mapping[str, Kind]
    crs: OutputCrs
    frame: str
    values: dict[str, str | int | float] = field(default_factory=dict)
    spatial: list[Spatial] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def boolean(self, tree: Tree, depth: int) -> str:
        if isinstance(tree, bool):
            return "1" if tree else "0"
        if depth > MAX_DEPTH:
            raise bad("入れ子が深すぎます。", "nested too deeply.")
        operator, arguments = _operation(tree)
        if operator in ("and", "or"):
            if len(arguments) < 2:
                raise bad(f"{operator} には二つ以上の条件が要ります。", f"{operator} needs two or more arguments.")
            joined = f" {operator.upper()} ".join(self.boolean(argument, depth + 1) for argument in arguments)
            return f"({joined})"
        if operator == "not":
            (inner,) = _exactly(arguments, 1, operator)
            return f"(NOT {self.boolean(inner, depth + 1)})"
        if operator in _COMPARISONS:
            left, right = (self._scalar(argument) for argument in _exactly(arguments, 2, operator))
            _same(left, right)
            return f"({left.sql} {_COMPARISONS[operator]} {right.sql})"
        if operator in PREDICATES:
            return self._place(operator, *_exactly(arguments, 2, operator))
        special = {"like": self._like, "between": self._between, "in": self._in, "isnull": self._is_null}.get(operator)
        if special is None:
            raise bad(f"「{operator[:40]}」は使えません。", f"{operator[:40]!r} is not supported.")
        return special(arguments)

    def _like(self, arguments: list[Tree]) -> str:
        value, pattern = (self._scalar(argument) for argument in _exactly(arguments, 2, "like"))
        if value.kind != "text" or pattern.kind != "text" or not isinstance(pattern.literal, str):
            raise bad("LIKE は文字の属性とパターンに使います。", "LIKE needs a text property and a pattern.")
        return f"({value.sql} GLOB {self._bound(_glob(pattern.literal))})"

    def _between(self, arguments: list[Tree]) -> str:
        value, low, high = (self._scalar(argument) for argument in _exactly(arguments, 3, "between"))
        _same(value, low)
        _same(value, high)
        return f"({value.sql} BETWEEN {low.sql} AND {high.sql})"

    def _in(self, arguments: list[Tree]) -> str:
        value, listed = _exactly(arguments, 2, "in")
        if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_IN_LIST:
            raise bad(f"IN には 1〜{MAX_IN_LIST} 個の値が要ります。", f"IN needs 1 to {MAX_IN_LIST} values.")
        left, members = self._scalar(value), [self._scalar(member) for member in listed]
        for member in members:
            _same(left, member)
        return f"({left.sql} IN ({', '.join(member.sql for member in members)}))"

    def _is_null(self, arguments: list[Tree]) -> str:
        (inner,) = _exactly(arguments, 1, "isNull")
        if _is_geometry(inner):
            return "(seq IN (SELECT value FROM json_each(:none)))"
        return f"({self._scalar(inner).sql} IS NULL)"

    def _scalar(self, tree: Tree) -> _Scalar:
        if isinstance(tree, bool):
            return _Scalar("1" if tree else "0", "boolean")
        if isinstance(tree, (int, float)):
            value = _finite(tree)
            return _Scalar(self._bound(value), "number", value)
        if isinstance(tree, str):
            return _Scalar(self._bound(tree), "text", tree)
        if isinstance(tree, dict):
            if "property" in tree:
                return self._property(tree)
            if set(tree) == {"date"}:
                text = _date(tree["date"])
                return _Scalar(self._bound(text), "date", text)
            if set(tree) == {"timestamp"}:
                text = _instant(tree["timestamp"])
                return _Scalar(self._bound(text), "timestamp", text)
            if "op" in tree:
                return self._function(tree)
        raise bad("ここには属性か値が要ります。", "a property or a value is needed here.")

    def _property(self, tree: dict[str, Any]) -> _Scalar:
        name = tree["property"]
        if set(tree) != {"property"} or not isinstance(name, str) or name not in self.kinds:
            raise bad(f"属性「{str(name)[:60]}」はありません。", f"there is no property {str(name)[:60]!r}.")
        self.names.add(name)
        return _Scalar(quoted(name), self.kinds[name])

    def _function(self, tree: Tree) -> _Scalar:
        operator, arguments = _operation(tree)
        if operator != "casei":
            raise bad(f"「{operator[:40]}」は使えません。", f"{operator[:40]!r} is not supported.")
        (inner,) = (self._scalar(argument) for argument in _exactly(arguments, 1, operator))
        if inner.kind != "text":
            raise bad("CASEI は文字に使います。", "CASEI takes text.")
        literal = inner.literal.casefold() if isinstance(inner.literal, str) else None
        return _Scalar(f"casefolded({inner.sql})", "text", literal)

    def _bound(self, value: str | int | float) -> str:
        key = f"p{len(self.values)}"
        if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
            value = float(value)
        self.values[key] = value
        return f":{key}"

    def _place(self, predicate: str, left: Tree, right: Tree) -> str:
        if _is_geometry(right) and not _is_geometry(left):
            left, right, predicate = right, left, _TURNED.get(predicate, predicate)
        if not _is_geometry(left) or _is_geometry(right):
            raise bad("geometry と図形を一つずつ書いてください。", "geometry and one literal geometry are needed.")
        if len(self.spatial) >= MAX_SPATIAL:
            raise bad(f"図形の条件は {MAX_SPATIAL} 個までです。", f"at most {MAX_SPATIAL} spatial conditions.")
        key = f"g{len(self.spatial)}"
        self.spatial.append(_located(predicate, _literal(right, self.crs), self.crs, self.frame))
        return (
            "(CASE WHEN seq IN (SELECT value FROM json_each(:none)) THEN NULL"
            f" ELSE seq IN (SELECT value FROM json_each(:{key})) END)"
        )


def _operation(tree: Tree) -> tuple[str, list[Tree]]:
    if not isinstance(tree, dict) or set(tree) != {"op", "args"}:
        raise bad("ここには条件が要ります。", "a condition is needed here.")
    operator, arguments = tree["op"], tree["args"]
    if not isinstance(operator, str) or not isinstance(arguments, list):
        raise bad("op は文字、args は配列です。", "op must be a string and args an array.")
    return operator.lower(), arguments


def _exactly(arguments: list[Tree], count: int, operator: str) -> list[Tree]:
    if len(arguments) != count:
        raise bad(f"{operator} の引数は {count} 個です。", f"{operator} takes {count} arguments.")
    return arguments


def _same(left: _Scalar, right: _Scalar) -> None:
    """What is compared must be of one kind; a date may also be written as plain text."""
    if left.kind == right.kind:
        return
    if {left.kind, right.kind} == {"text", "date"}:
        text = left if left.kind == "text" else right
        if isinstance(text.literal, str):
            _date(text.literal)
            return
    raise bad("型の違うものは比べられません。", f"{left.kind} and {right.kind} cannot be compared.")


def _finite(value: int | float) -> int | float:
    if isinstance(value, float) and not math.isfinite(value):
        raise bad("数が大きすぎます。", "a number is out of range.")
    return value


def _date(text: Any) -> str:
    try:
        if isinstance(text, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise bad("日付は 2026-04-01 のように書いてください。", "a date is written like 2026-04-01.")


def _instant(text: Any) -> str:
    try:
        if isinstance(text, str) and re.fullmatch(r"[0-9-]{10}T[0-9:]{8}(\.[0-9]{1,6})?Z", text):
            return dt.datetime.fromisoformat(text).isoformat(timespec="microseconds")
    except ValueError:
        pass
    raise bad("時刻は 2026-04-01T00:00:00Z のように書いてください。", "a timestamp is like 2026-04-01T00:00:00Z.")


def _glob(pattern: str) -> str:
    """A LIKE pattern (%, _, escaped by \\) as SQLite's GLOB, which heeds case as CQL2 wants (21-065r2, 7.2)."""
    written: list[str] = []
    escaped = False
    for sign in pattern:
        if sign == "\\" and not escaped:
            escaped = True
            continue
        if sign == "_" and not escaped:
            written.append("?")
        elif sign != "%" or escaped:
            written.append(f"[{sign}]" if sign in "*?[" else sign)
        elif written[-1:] != ["*"]:  # a run of wildcards is one: matching stays cheap
            written.append("*")
        escaped = False
    return "".join(written)


# ------------------------------------------------------------------ geometries


def _is_geometry(tree: Tree) -> bool:
    return isinstance(tree, dict) and tree == {"property": GEOMETRY}


def _literal(tree: Tree, crs: OutputCrs) -> shapely.Geometry:
    """The geometry written in a filter, x = easting or longitude first."""
    if not isinstance(tree, dict) or not ({"bbox"} == set(tree) or "type" in tree):
        raise bad("ここには図形が要ります。", "a geometry is needed here.")
    if "bbox" in tree:
        return _box(tree["bbox"], crs)
    try:
        geometry = shapely.force_2d(shapely.from_geojson(orjson.dumps(tree)))
    except (shapely.errors.GEOSException, TypeError) as error:
        raise bad("図形が読めません。", "the geometry cannot be read.") from error
    coordinates = shapely.get_coordinates(geometry)
    if geometry is None or geometry.is_empty or not np.isfinite(coordinates).all():
        raise bad("図形が空です。", "the geometry is empty.")
    if len(coordinates) > MAX_VERTICES:
        raise bad(f"図形の点は {MAX_VERTICES} 個までです。", f"at most {MAX_VERTICES} vertices.")
    if np.abs(coordinates).max() > 1e9:
        raise bad("座標が大きすぎます。", "a coordinate is out of range.")
    if not geometry.is_valid:
        raise bad("図形が自分自身と交わっています。", "the geometry is not valid.")
    return shapely.transform(geometry, lambda pairs: pairs[:, ::-1]) if crs.northing_first else geometry


def _box(numbers: Any, crs: OutputCrs) -> shapely.Geometry:
    """A box, in degrees also across the antimeridian; without width or height a line or a point."""
    if not _is_bbox(numbers):
        raise bad("BBOX には 4 個か 6 個の数が要ります。", "BBOX needs four or six numbers.")
    half = len(numbers) // 2
    low, high = numbers[:2], numbers[half : half + 2]
    if crs.northing_first:
        low, high = low[::-1], high[::-1]
    west, south, east, north = (float(value) for value in (*low, *high))
    if south > north or (west > east and not parse(crs.code).is_geographic):
        raise bad("BBOX の下限が上限より大きくなっています。", "a lower bound of BBOX exceeds its upper bound.")
    if west > east:
        return shapely.MultiPolygon([shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)])
    if (west, south) == (east, north):
        return shapely.Point(west, south)
    if west == east or south == north:
        return shapely.LineString([(west, south), (east, north)])
    return shapely.box(west, south, east, north)


def _is_bbox(numbers: Any) -> bool:
    return isinstance(numbers, list) and len(numbers) in (4, 6) and all(_is_coordinate(value) for value in numbers)


def _is_coordinate(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= 1e9


def _located(predicate: str, geometry: shapely.Geometry, crs: OutputCrs, frame: str) -> Spatial:
    west, south, east, north = (float(value) for value in shapely.bounds(geometry))
    if parse(crs.code).is_geographic:
        return Spatial(predicate, geometry, "OGC:CRS84", BBox(west=west, south=south, east=east, north=north))
    if crs.code == label(frame_crs(frame)):
        return Spatial(predicate, geometry, crs.code, frame=FrameBox(west, south, east, north))
    edge = MERCATOR_EDGE_M
    clamped = [min(max(value, -edge), edge) for value in (west, south, east, north)]
    return Spatial(predicate, geometry, crs.code, crs.bbox_to_lonlat(*clamped))
