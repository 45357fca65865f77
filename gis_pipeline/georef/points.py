"""Control points (基準点) as QGIS writes them: `.points` files in all their variants.

Pixels are counted as QGIS and GDAL count them: (0, 0) is the upper-left CORNER of the upper-left pixel, its centre
is (0.5, 0.5). QGIS writes the vertical pixel coordinate upwards, so that all are negative inside the image; other
tools write rows downwards. The file decides: all ≤ 0 → negated, all ≥ 0 → rows as they stand, both → refused.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gis_pipeline.errors import PlacementError, Where
from gis_pipeline.model import Finding

PLACEHOLDERS = frozenset({1111.0, 9999.0, -9999.0})
"""Map coordinates that mean "not known yet" in real files when both are the same: (1111, 1111)."""

SAME_PX = 1e-6
MAX_BYTES = 1 << 20
"""Ten thousand points; a sheet has tens."""

_HOW = "QGIS のジオリファレンサで取ってください。"
_MAP = ("mapx", "mapy")
_PIXELS = (("sourcex", "sourcey"), ("pixelx", "pixely"))


@dataclass(frozen=True)
class ControlPoint:
    """One point known on the page and on the ground.

    `col_px`, `row_px` count from the page's upper-left corner, rows downwards. `easting`, `northing` are in the
    CRS of the file (metres, or degrees of longitude and latitude). `line` is the line of the file, from 1.
    """

    col_px: float
    row_px: float
    easting: float
    northing: float
    enabled: bool = True
    line: int = 0


@dataclass(frozen=True)
class ControlPoints:
    """A `.points` file. `crs` is what its #CRS line says (authority code or WKT), None if it has none."""

    file: str
    points: tuple[ControlPoint, ...]
    crs: str | None
    findings: tuple[Finding, ...] = ()

    @property
    def enabled(self) -> tuple[ControlPoint, ...]:
        """The points that take part in the fit."""
        return tuple(point for point in self.points if point.enabled)


def read_points(path: Path, name: str) -> ControlPoints:
    """Reads a `.points` file; `name` is the file relative to the edition's folder.

    Points switched off, placeholders and repeated lines are kept with `enabled = False` and reported.
    Raises PlacementError naming file and line.
    """
    crs, header, body = _split(path, name)
    columns = _columns(header[1], name)
    rows = [_row(cells, columns, name, line) for line, cells in body]
    if not rows:
        raise PlacementError("基準点が一つもありません。", Where(file=name), _HOW)
    points = _downwards(rows, name)
    findings: list[Finding] = list(_switched_off(points, name))
    points, found = _without_placeholders(points, name)
    findings += found
    points, found = _without_repeats(points, name)
    findings += found
    return ControlPoints(name, tuple(points), crs, tuple(findings))


Line = tuple[int, list[str]]


def _split(path: Path, name: str) -> tuple[str | None, Line, list[Line]]:
    """The CRS, the header and the other lines; lines keep their number."""
    if path.stat().st_size > MAX_BYTES:
        raise PlacementError(
            f"基準点ファイルが大きすぎます (上限 {MAX_BYTES:,} バイト)。",
            Where(file=name),
            "別のファイルを取り違えていないか確かめてください。",
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        where = Where(file=name)
        raise PlacementError("文字コードが UTF-8 ではありません。", where, "UTF-8 で保存してください。") from error
    crs: str | None = None
    table: list[Line] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("#"):
            label, _, value = stripped[1:].strip().partition(":")
            if label.strip().upper() == "CRS" and value.strip():
                crs = value.strip()
        elif stripped:
            table.append((number, [cell.strip() for cell in next(csv.reader([line]))]))
    if not table:
        raise PlacementError("基準点ファイルが空です。", Where(file=name), _HOW)
    return crs, table[0], table[1:]


def _columns(header: Sequence[str], name: str) -> dict[str, int]:
    """The place of each column; raises PlacementError if one is missing."""
    place = {cell.lower(): n for n, cell in enumerate(header)}
    pixels = next((pair for pair in _PIXELS if all(cell in place for cell in pair)), None)
    if pixels is None or not all(cell in place for cell in _MAP):
        raise PlacementError(
            f"見出し「{','.join(header)[:100]}」が基準点ファイルのものではありません。",
            Where(file=name),
            "1 行目（#CRS の行があればその次）は mapX,mapY,sourceX,sourceY,enable か mapX,mapY,pixelX,pixelY です。",
        )
    found = {key: place[cell] for key, cell in zip(("x", "y", "col", "up"), (*_MAP, *pixels), strict=True)}
    if "enable" in place:
        found["enable"] = place["enable"]
    return found


def _row(cells: Sequence[str], columns: dict[str, int], name: str, line: int) -> ControlPoint:
    """One point, its row still as the file writes it."""

    def number(key: str) -> float:
        try:
            value = float(cells[columns[key]])
        except (ValueError, IndexError):
            value = math.nan
        if not math.isfinite(value):
            raise PlacementError(
                f"{line} 行目「{','.join(cells)[:100]}」が数値として読めません。",
                Where(file=name),
                "行を直すか消してください。",
            )
        return value

    enabled = number("enable") != 0 if "enable" in columns else True
    return ControlPoint(number("col"), number("up"), number("x"), number("y"), enabled, line)


def _downwards(points: Sequence[ControlPoint], name: str) -> list[ControlPoint]:
    """Rows counted downwards; the sign is the file's, decided by all its lines together."""
    above = [point for point in points if point.row_px < 0]
    below = [point for point in points if point.row_px > 0]
    if above and below:
        odd = min(above, below, key=len)
        raise PlacementError(
            f"画素の縦の座標の符号が混じっています（{'、'.join(str(point.line) for point in odd)} 行目）。",
            Where(file=name),
            "QGIS の .points ではすべて負（下向き）です。符号を揃えてください。",
        )
    return [replace(point, row_px=-point.row_px if above else point.row_px) for point in points]


def _switched_off(points: Sequence[ControlPoint], name: str) -> Iterator[Finding]:
    off = [point for point in points if not point.enabled]
    if off:
        yield Finding(
            rule="place",
            severity="info",
            message=f"使わない印の付いた基準点が {len(off)} 点あります（{_lines(off)} 行目）。",
            file=name,
        )


def _without_placeholders(points: Sequence[ControlPoint], name: str) -> tuple[list[ControlPoint], list[Finding]]:
    """Switches off the lines whose ground coordinates were never filled in.

    Easting = northing may be a true grid cross; it is a placeholder where the value is a known mark, or where
    several places on the page carry the very same pair.
    """
    empty = [
        point
        for point in points
        if point.enabled
        and point.easting == point.northing
        and (point.easting in PLACEHOLDERS or _several_places(points, point))
    ]
    if not empty:
        return list(points), []
    finding = Finding(
        rule="place",
        severity="warn",
        message=f"地上の座標が仮の値（{empty[0].easting:g}, {empty[0].northing:g}）のままの基準点 "
        f"{len(empty)} 点を除きました（{_lines(empty)} 行目）。",
        advice="座標を入れるか、行を消してください。",
        file=name,
    )
    return [replace(point, enabled=False) if point in empty else point for point in points], [finding]


def _several_places(points: Sequence[ControlPoint], like: ControlPoint) -> bool:
    same = [point for point in points if (point.easting, point.northing) == (like.easting, like.northing)]
    return not all(_same_pixel(point, like) for point in same)


def _without_repeats(points: Sequence[ControlPoint], name: str) -> tuple[list[ControlPoint], list[Finding]]:
    """Counts a point written twice once; raises PlacementError where two lines contradict each other."""
    kept: list[ControlPoint] = []
    repeated: list[ControlPoint] = []
    seen: list[ControlPoint] = []
    for point in points:
        twin = next((other for other in seen if point.enabled and _clash(point, other)), None)
        if twin is None:
            kept.append(point)
            if point.enabled:
                seen.append(point)
            continue
        if not (_same_pixel(point, twin) and (point.easting, point.northing) == (twin.easting, twin.northing)):
            raise PlacementError(
                f"{twin.line} 行目と {point.line} 行目の基準点が矛盾しています"
                f"（同じ{'画素' if _same_pixel(point, twin) else '地上の座標'}に二つの点）。",
                Where(file=name),
                "誤っている方の行を消してください。",
            )
        repeated.append(point)
        kept.append(replace(point, enabled=False))
    if not repeated:
        return kept, []
    finding = Finding(
        rule="place",
        severity="warn",
        message=f"同じ基準点が重ねて書かれています（{_lines(repeated)} 行目）。一度だけ数えました。",
        advice="重なった行を消してください。",
        file=name,
    )
    return kept, [finding]


def _clash(one: ControlPoint, other: ControlPoint) -> bool:
    return _same_pixel(one, other) or (one.easting, one.northing) == (other.easting, other.northing)


def _same_pixel(one: ControlPoint, other: ControlPoint) -> bool:
    return abs(one.col_px - other.col_px) <= SAME_PX and abs(one.row_px - other.row_px) <= SAME_PX


def _lines(points: Sequence[ControlPoint]) -> str:
    return "、".join(str(point.line) for point in points)
