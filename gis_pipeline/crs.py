"""The only place that reprojects: source CRS → town frame, town frame → longitude/latitude.

Everything is x = easting or longitude, y = northing or latitude, whatever the axis order of the definition.
The town frame (町の座標系) is any projected CRS in metres; EPSG:6677 is 平面直角座標系 第IX系.

The datum trap: without GSI's parameter files PROJ shifts Tokyo Datum by a Helmert transformation good to 9 m, or
not at all (459 m), and says nothing. Here every operation has a stated accuracy, ballpark operations do not exist,
and one worse than the map level's tolerance is refused unless the declaration accepts it in writing.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import geopandas as gpd
import jgdtrans
import numpy as np
import pyproj
import shapely
from jgdtrans.error import ParameterNotFoundError, ParseParFileError, PointOutOfBoundsError
from numpy.typing import NDArray
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup

from gis_pipeline.errors import DatumError, DeclarationError, MaterialError, Where
from gis_pipeline.model import BBox, Transformation

Array = NDArray[np.float64]
Shift = Callable[[Array, Array], tuple[Array, Array]]

TOKYO, JGD2000, JGD2011, WGS84 = 4301, 4612, 6668, 4326
GRID_ACCURACY_M = 0.2
"""EPSG's stated accuracy of the transformations by TKY2JGD (EPSG:1241) and touhokutaiheiyouoki2011 (EPSG:9111)."""


@dataclass(frozen=True)
class _Grid:
    """A parameter file of 国土地理院 that staff supply: how it is recognised and what it does."""

    name: str
    marks: tuple[str, ...]
    format: str
    header_lines: int
    source: int
    target: int


_GRIDS = (
    _Grid("TKY2JGD.par", ("tky2jgd",), "TKY2JGD", 2, TOKYO, JGD2000),
    _Grid("touhokutaiheiyouoki2011.par", ("touhoku", "patchjgd"), "PatchJGD", 16, JGD2000, JGD2011),
)


@dataclass(frozen=True)
class _Step:
    """One datum shift in degrees (lon, lat), with EPSG's accuracy and the parameter file it used or lacked."""

    shift: Shift
    title: str
    accuracy_m: float
    grid: str | None = None
    lacking: str | None = None


@lru_cache(maxsize=256)
def parse(text: str) -> pyproj.CRS:
    """A CRS from an authority code or WKT, heights dropped, as EPSG defines it where it can be identified.

    Raises DeclarationError if the text names no CRS.
    """
    try:
        crs = pyproj.CRS.from_user_input(text)
    except CRSError as error:
        raise DeclarationError(f"座標系「{text[:80]}」が分かりません。EPSG:6677 のように書いてください。") from error
    code = crs.to_epsg() or crs.to_2d().to_epsg()  # without heights an Esri .prj is no longer recognised
    return (pyproj.CRS.from_epsg(code) if code is not None else crs).to_2d()


_STRETCHED = ("Mercator", "Popular Visualisation Pseudo Mercator")
"""Projections whose metres are longer than those of the ground: by 23 % at 36° north."""


@cache
def frame_crs(code: str) -> pyproj.CRS:
    """The town frame; raises DeclarationError unless it is projected, in metres, and those are metres of the ground."""
    crs = parse(code)
    if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info):
        raise DeclarationError(f"service.toml の crs「{code}」はメートル単位の平面座標系ではありません。例: EPSG:6677")
    method = crs.coordinate_operation.method_name if crs.coordinate_operation is not None else ""
    if method.startswith(_STRETCHED):
        raise DeclarationError(
            f"service.toml の crs「{code}」では 1 m が地上の 1 m になりません（メルカトル図法）。例: EPSG:6677"
        )
    return crs


def label(crs: pyproj.CRS) -> str:
    """`EPSG:6677` where the CRS has a code, else its name."""
    code = crs.to_epsg()
    return f"EPSG:{code}" if code is not None else str(crs.name)


@cache
def frame_code(frame: str) -> str:
    """The label of the town frame; PROJ takes a while to say it."""
    return label(frame_crs(frame))


class Reprojection:
    """A planned way from one source CRS into the town frame; `transformation` is what gets published."""

    def __init__(self, source: pyproj.CRS, frame: pyproj.CRS, steps: tuple[_Step, ...], transformation: Transformation):
        self.transformation = transformation
        self._source, self._frame, self._steps = source, frame, steps
        self._identical = not steps and source == frame

    def points(self, easting: Array, northing: Array) -> tuple[Array, Array]:
        """Source x (easting or longitude), y (northing or latitude) → easting_m, northing_m in the town frame.

        Infinite where the projection has no value. Raises DatumError for a point outside a parameter file.
        """
        if self._identical:
            return easting, northing
        x, y = _pure(self._source, _geodetic(self._source)).transform(easting, northing)
        for step in self._steps:
            x, y = step.shift(np.asarray(x), np.asarray(y))
        x, y = _pure(_geodetic(self._frame), self._frame).transform(x, y)
        return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)

    def geometries(self, values: gpd.GeoSeries) -> gpd.GeoSeries:
        """Geometries in the source CRS → the town frame; heights are dropped; None and empty stay."""
        moved = shapely.transform(shapely.force_2d(values.array), _on_pairs(self.points))
        return gpd.GeoSeries(moved, index=values.index, crs=self._frame)


def plan(
    source_crs: str,
    frame: str,
    *,
    tolerance_m: float,
    accept_accuracy_m: float | None = None,
    grids: Path | None = None,
    where: Where | None = None,
) -> Reprojection:
    """The best available operation from a source CRS into the town frame.

    `tolerance_m` is the standard deviation of the map level; `grids` the folder of GSI's `.par` files.
    Raises DatumError if the operation's stated accuracy is worse than the tolerance and not accepted.
    """
    source, target = parse(source_crs), frame_crs(frame)
    steps = _steps(source, target, grids, where)
    accuracy = round(sum(step.accuracy_m for step in steps), 3)
    accepted: float | None = None
    if accuracy > tolerance_m:
        if accept_accuracy_m is None or accuracy > accept_accuracy_m:
            raise _too_coarse(label(source), accuracy, tolerance_m, accept_accuracy_m, steps, where)
        accepted = accept_accuracy_m
    transformation = Transformation(
        source_crs=label(source),
        target_crs=label(target),
        operation=" → ".join(step.title for step in steps) or "測地系の変換なし（投影の計算のみ）",
        accuracy_m=accuracy,
        accepted_m=accepted,
        grids=tuple(step.grid for step in steps if step.grid),
    )
    return Reprojection(source, target, steps, transformation)


def _too_coarse(
    source: str, accuracy: float, tolerance: float, accepted: float | None, steps: Iterable[_Step], where: Where | None
) -> DatumError:
    lacking = [step.lacking for step in steps if step.lacking]
    remedy = (
        f"国土地理院のパラメータファイル {'、'.join(lacking)} を data/source/grids/ に置いてください。"
        if lacking
        else ""
    )
    declared = f"（宣言の accept_accuracy_m = {accepted} でも足りません）" if accepted is not None else ""
    return DatumError(
        f"{source} から町の座標系への変換の精度は {accuracy} m で、"
        f"地図情報レベルの {tolerance} m に足りません{declared}。",
        where,
        f"{remedy}やむを得ない場合だけ、[source] に accept_accuracy_m = {accuracy} と書くと、その精度が公開されます。",
    )


def _on_pairs(points: Shift) -> Callable[[Array], Array]:
    """A function of x and y as a function of an (n, 2) array, as shapely wants it."""
    return lambda pairs: np.column_stack(points(pairs[:, 0], pairs[:, 1]))


# ------------------------------------------------------------------ datum steps


def _steps(source: pyproj.CRS, target: pyproj.CRS, grids: Path | None, where: Where | None) -> tuple[_Step, ...]:
    start, goal = _geodetic(source), _geodetic(target)
    start_code, goal_code = start.to_epsg(), goal.to_epsg()
    if start == goal or (start_code is not None and start_code == goal_code):
        return ()
    if {start_code, goal_code} == {WGS84, JGD2011}:
        return (_Step(lambda x, y: (x, y), "WGS 84 と JGD2011 を同一とみなす", 0.0),)
    if start_code == TOKYO and goal_code in (JGD2000, JGD2011):
        first = _shift(TOKYO, JGD2000, grids, where)
        return (first,) if goal_code == JGD2000 else (first, _shift(JGD2000, JGD2011, grids, where))
    if (start_code, goal_code) == (JGD2000, JGD2011):
        return (_shift(JGD2000, JGD2011, grids, where),)
    return (_best_of_proj(start, goal, where),)


def _shift(source: int, target: int, grids: Path | None, where: Where | None) -> _Step:
    """By the parameter file where staff supplied it, else by PROJ's best operation with its stated accuracy."""
    grid = next(grid for grid in _GRIDS if (grid.source, grid.target) == (source, target))
    path = _grid_file(grids, grid)
    if path is None:
        step = _best_of_proj(pyproj.CRS.from_epsg(source), pyproj.CRS.from_epsg(target), where)
        return _Step(step.shift, step.title, step.accuracy_m, lacking=grid.name)
    table = _load_grid(path, grid)

    def shift(lon: Array, lat: Array) -> tuple[Array, Array]:
        moved = np.empty((2, lon.size))
        for n, (x, y) in enumerate(zip(lon.ravel(), lat.ravel(), strict=True)):
            try:
                point = table.forward(float(y), float(x))
            except (ParameterNotFoundError, PointOutOfBoundsError) as error:
                raise DatumError(
                    f"経度 {x:.6f}・緯度 {y:.6f} はパラメータファイル {path.name} の範囲の外です。",
                    where,
                    "この地域を含むパラメータファイルを data/source/grids/ に置いてください。",
                ) from error
            moved[:, n] = point.longitude, point.latitude
        return moved[0].reshape(lon.shape), moved[1].reshape(lat.shape)

    return _Step(shift, f"{path.name} による補間 (EPSG:{source} → EPSG:{target})", GRID_ACCURACY_M, grid=path.name)


def _grid_file(grids: Path | None, grid: _Grid) -> Path | None:
    if grids is None or not grids.is_dir():
        return None
    found = [path for path in sorted(grids.glob("*")) if path.suffix.lower() == ".par"]
    return next((path for path in found if any(mark in path.name.lower() for mark in grid.marks)), None)


@lru_cache(maxsize=4)
def _load_grid(path: Path, grid: _Grid) -> jgdtrans.Transformer:
    """Reads a `.par` file. jgdtrans skips a fixed number of header lines, which differs between versions of the
    files and would silently drop a mesh: the header is therefore found by its last line and brought to that number."""
    lines = path.read_text(encoding="cp932", errors="replace").splitlines()
    first = next((n for n, line in enumerate(lines, start=1) if line.startswith("MeshCode")), None)
    try:
        if first is None:
            raise ValueError("MeshCode の行がありません")
        text = "\n".join(["MeshCode"] * grid.header_lines + lines[first:])
        return jgdtrans.loads(text, format=grid.format)
    except (ParseParFileError, ValueError) as error:
        raise MaterialError(
            f"{grid.name} の形式のパラメータファイルとして読めません: {error}",
            Where(file=path.name),
            "国土地理院から入手したファイルをそのまま置いてください。",
        ) from error


@cache
def _operation(source: pyproj.CRS, target: pyproj.CRS) -> pyproj.Transformer | None:
    """PROJ's most accurate operation that is not a ballpark guess (accuracy unknown)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        group = TransformerGroup(source, target, always_xy=True)
    known = [
        operation for operation in group.transformers if operation.accuracy is not None and operation.accuracy >= 0
    ]
    return min(known, key=lambda operation: float(operation.accuracy), default=None)


def _best_of_proj(source: pyproj.CRS, target: pyproj.CRS, where: Where | None = None) -> _Step:
    operation = _operation(source, target)
    if operation is None:
        raise DatumError(
            f"{label(source)} から {label(target)} へ、精度の分かる変換がありません。",
            where,
            "資料の座標系を確かめるか、町の座標系に変換した資料を受け取ってください。",
        )
    title = operation.description.replace("axis order change (2D)", "").strip(" +")

    def shift(lon: Array, lat: Array) -> tuple[Array, Array]:
        x, y = operation.transform(lon, lat)
        return np.asarray(x), np.asarray(y)

    return _Step(shift, title, float(operation.accuracy))


def _geodetic(crs: pyproj.CRS) -> pyproj.CRS:
    """The geographic CRS below a projected one, as EPSG defines it where it can be identified."""
    base = crs.geodetic_crs
    if base is None:
        raise DeclarationError(f"座標系「{crs.name}」は地理座標系に基づいていません。")
    base = base.to_2d()
    code = WGS84 if base.to_authority() == ("OGC", "CRS84") else base.to_epsg()
    return pyproj.CRS.from_epsg(code) if code is not None else base


@cache
def _pure(source: pyproj.CRS, target: pyproj.CRS) -> pyproj.Transformer:
    """A map projection or its inverse within one datum; x = easting or longitude first; out of range raises."""
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


@cache
def _mercator() -> pyproj.Transformer:
    """WGS 84 → Web Mercator."""
    return _pure(pyproj.CRS.from_epsg(WGS84), pyproj.CRS.from_epsg(3857))


# ------------------------------------------------------------------ outputs


class FrameToLonLat:
    """The town frame ↔ longitude/latitude for publication (RFC 7946: WGS 84).

    JGD2011 and JGD2000 are taken as identical to WGS 84; any other datum goes by PROJ's best known operation.
    """

    def __init__(self, frame: str) -> None:
        self.frame = frame_crs(frame)
        base = _geodetic(self.frame)
        self._there, self._back = _pure(base, self.frame), _pure(self.frame, base)
        identical = base.to_epsg() in (JGD2011, JGD2000, WGS84)
        self._operation = None if identical else _operation(base, pyproj.CRS.from_epsg(WGS84))
        if not identical and self._operation is None:
            raise DeclarationError(f"町の座標系 {frame} から WGS 84 へ、精度の分かる変換がありません。")

    def points(self, easting_m: Array, northing_m: Array) -> tuple[Array, Array]:
        """easting_m, northing_m → lon, lat in degrees."""
        lon, lat = self._back.transform(easting_m, northing_m)
        if self._operation is not None:
            lon, lat = self._operation.transform(lon, lat)
        return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)

    def inverse(self, lon: Array, lat: Array) -> tuple[Array, Array]:
        """lon, lat in degrees → easting_m, northing_m; infinite where the projection has no value."""
        if self._operation is not None:
            lon, lat = self._operation.transform(lon, lat, direction="INVERSE")
        easting, northing = self._there.transform(lon, lat)
        return np.asarray(easting, dtype=np.float64), np.asarray(northing, dtype=np.float64)

    def geometries(self, values: gpd.GeoSeries) -> gpd.GeoSeries:
        """Geometries in the town frame → lon/lat; None and empty stay."""
        moved = shapely.transform(shapely.force_2d(values.array), _on_pairs(self.points))
        return gpd.GeoSeries(moved, index=values.index, crs="OGC:CRS84")

    def bbox(self, west_m: float, south_m: float, east_m: float, north_m: float) -> BBox:
        """The smallest lon/lat box around a box in town metres (its sides are densified: they are curves)."""
        steps = np.linspace(0.0, 1.0, 21)
        across, up = west_m + steps * (east_m - west_m), south_m + steps * (north_m - south_m)
        easting = np.concatenate([across, across, np.full(21, west_m), np.full(21, east_m)])
        northing = np.concatenate([np.full(21, south_m), np.full(21, north_m), up, up])
        lon, lat = self.points(easting, northing)
        return BBox(west=float(lon.min()), south=float(lat.min()), east=float(lon.max()), north=float(lat.max()))


@cache
def to_lonlat(frame: str) -> FrameToLonLat:
    """The way from the town frame to longitude/latitude; one object per frame."""
    return FrameToLonLat(frame)


@dataclass(frozen=True)
class OutputCrs:
    """A CRS in which features are handed out (OGC API – Features Part 2).

    `uri` is OGC's; `northing_first` is the axis order of the definition, e.g. EPSG:4326 (lat, lon) and EPSG:6677
    (X = north, Y = east).
    """

    uri: str
    code: str
    northing_first: bool

    def from_lonlat(self, lon: Array, lat: Array) -> tuple[Array, Array]:
        """lon, lat (WGS 84 ≡ JGD2011) → first, second axis in the order of the definition."""
        crs = parse(self.code)
        if crs.is_geographic:
            x, y = lon, lat
        elif self.code == "EPSG:3857":
            x, y = _mercator().transform(lon, lat)
        else:
            x, y = to_lonlat(self.code).inverse(lon, lat)
        return (np.asarray(y), np.asarray(x)) if self.northing_first else (np.asarray(x), np.asarray(y))

    def lonlat(self, x: Array, y: Array) -> tuple[Array, Array]:
        """x (easting or longitude), y, whatever the order of the definition → lon, lat (WGS 84 ≡ JGD2011)."""
        crs = parse(self.code)
        if crs.is_geographic:
            return x, y
        if self.code == "EPSG:3857":
            lon, lat = _mercator().transform(x, y, direction="INVERSE")
            return np.asarray(lon), np.asarray(lat)
        return to_lonlat(self.code).points(x, y)

    def bbox_to_lonlat(self, first_low: float, second_low: float, first_high: float, second_high: float) -> BBox:
        """A box in the order of the definition → the smallest lon/lat box around it."""
        west, south, east, north = (
            (second_low, first_low, second_high, first_high)
            if self.northing_first
            else (first_low, second_low, first_high, second_high)
        )
        crs = parse(self.code)
        if crs.is_geographic:
            return BBox(west=west, south=south, east=east, north=north)
        if self.code == "EPSG:3857":
            lon, lat = self.lonlat(np.array([west, east]), np.array([south, north]))
            return BBox(west=float(lon[0]), south=float(lat[0]), east=float(lon[1]), north=float(lat[1]))
        return to_lonlat(self.code).bbox(west, south, east, north)


def into(values: gpd.GeoSeries, frame: str, code: str) -> gpd.GeoSeries:
    """Geometries in the town frame → one of the offered CRS, x = easting or longitude first; None and empty stay.

    By longitude/latitude, in which JGD2011 and WGS 84 are one; a code that is the frame's own changes nothing.
    Raises DeclarationError for a code that is not offered.
    """
    offered = next((crs for crs in output_crs(frame) if crs.code == code), None)
    if offered is None:
        raise DeclarationError(f"座標系「{code}」では渡せません。")
    if code == frame_code(frame):
        return values
    lonlat = to_lonlat(frame)

    def move(easting_m: Array, northing_m: Array) -> tuple[Array, Array]:
        first, second = offered.from_lonlat(*lonlat.points(easting_m, northing_m))
        return (second, first) if offered.northing_first else (first, second)

    moved = shapely.transform(shapely.force_2d(values.array), _on_pairs(move))
    return gpd.GeoSeries(moved, index=values.index, crs=code)


@cache
def output_crs(frame: str) -> tuple[OutputCrs, ...]:
    """The CRS every collection is offered in: CRS84 first, then 4326, 3857, 6668 and the town frame."""
    offered = [OutputCrs("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "OGC:CRS84", False)]
    for code in dict.fromkeys(("EPSG:4326", "EPSG:3857", "EPSG:6668", frame_code(frame))):
        axes = pyproj.CRS.from_user_input(code).axis_info
        uri = f"http://www.opengis.net/def/crs/EPSG/0/{code.removeprefix('EPSG:')}"
        offered.append(OutputCrs(uri, code, axes[0].direction.lower() == "north"))
    return tuple(offered)
