"""Places one scanned page on the ground: fit in the town frame, neatline (図郭線), and what is wrong with either.

Control points go into the town frame first and are fitted there, so residuals are town metres.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import shapely

from gis_pipeline import crs as reference_systems
from gis_pipeline.errors import DeclarationError, PlacementError, Where
from gis_pipeline.georef import fit as fits
from gis_pipeline.georef.fit import FittedGeoreference
from gis_pipeline.georef.points import ControlPoint, ControlPoints, read_points
from gis_pipeline.members import Array, PlacedSheet, ScanPage
from gis_pipeline.model import Collection, Finding, Scan, SheetDeclaration, SheetFit, Transformation
from gis_pipeline.sheets import sheet_bounds


class PointReprojection(Protocol):
    """The part of `crs.Reprojection` that placing needs."""

    transformation: Transformation

    def points(self, easting: Array, northing: Array) -> tuple[Array, Array]:
        """Source coordinates → easting_m, northing_m in the town frame."""


Reproject = Callable[[str, Where], PointReprojection]
"""Source CRS (authority code or WKT) → the way into the town frame; raises DatumError, DeclarationError."""

CRS_AGREEMENT_M = 0.001
"""Two CRS statements agree if they put the control points within this distance of one another."""
EDGE_STEPS = 16
"""Segments of an edge that is straight on the sheet but may be curved in the town frame."""
SAMPLES = 33
COVERED_AT_LEAST = 0.5
"""A sheet of which less than this share of the neatline shows on the page has a wrong code or wrong points."""
_PLANES = (6668, 2442, 30160)
"""EPSG code of plane zone 0, were there one, in JGD2011, JGD2000 and Tokyo Datum."""


@dataclass(frozen=True)
class _Located:
    """A page's georeference before its neatline is known.

    `control` are the enabled points in the town frame; `seen_px` (cols, rows) is where the page is known to hold.
    """

    georeference: FittedGeoreference
    reprojection: PointReprojection
    crs: str
    control: tuple[tuple[float, float], ...]
    seen_px: tuple[Array, Array]
    disabled: int
    findings: tuple[Finding, ...]


def place(
    page: ScanPage,
    collection: Collection,
    declared: SheetDeclaration | None,
    points_file: Path | None,
    reproject: Reproject,
) -> PlacedSheet:
    """Places `page` by its control points, else by its GeoTIFF tags or world file.

    The sheet code is the declared one, else the file's stem. What is doubtful is in `page.findings` of the result.
    Raises PlacementError (DatumError for a datum that is not good enough) naming file and sheet.
    """
    scan = collection.scan
    if scan is None:
        raise DeclarationError(f"collection「{collection.id}」に [scan] がありません。")
    code = declared.code if declared is not None else Path(page.file).stem
    where = Where(file=page.file, sheet=code)
    if points_file is not None:
        located = _by_points(page, scan, collection, points_file, reproject, where)
    elif page.transform is not None:
        located = _by_transform(page, page.transform, collection, reproject, where)
    else:
        raise PlacementError(
            "位置の手がかりがありません。",
            where,
            f"基準点ファイル（{Path(page.file).name}.points）かワールドファイルを同じフォルダに置いてください。"
            "何ページもあるファイルでは、edition.toml の [[sheets]] の points にページごとのファイル名を書きます。",
        )
    _require_upright(located.georeference, located.seen_px, where)
    neatline = _neatline(page, scan, collection, declared, located, reproject, where)
    sheet_fit = _sheet_fit(page, scan, collection, code, located)
    found = (*_coverage(page, located.georeference, neatline, where), *_doubts(page, scan, collection, sheet_fit))
    return PlacedSheet(
        code=code,
        page=replace(page, findings=(*page.findings, *located.findings, *found)),
        declaration=declared,
        georeference=located.georeference,
        neatline=neatline,
        fit=sheet_fit,
        transformation=located.reprojection.transformation,
    )


# ------------------------------------------------------------------ where the page lies


def _by_points(
    page: ScanPage, scan: Scan, collection: Collection, points_file: Path, reproject: Reproject, where: Where
) -> _Located:
    name = (Path(page.file).parent / points_file.name).as_posix()
    read = read_points(points_file, name)
    enabled = read.enabled
    _require_on_page(page, enabled, name, where)
    eastings = np.array([point.easting for point in enabled])
    northings = np.array([point.northing for point in enabled])
    crs = _source_crs(read, page, collection, eastings, northings, reproject, where)
    reprojection = reproject(crs, where)
    eastings_m, northings_m = _moved(reprojection, eastings, northings, where)
    cols, rows = np.array([point.col_px for point in enabled]), np.array([point.row_px for point in enabled])
    try:
        georeference = fits.fit(scan.method, cols, rows, eastings_m, northings_m)
    except PlacementError as error:
        raise PlacementError(error.message, replace(where, file=name), error.advice) from error
    control = tuple(zip(eastings_m.tolist(), northings_m.tolist(), strict=True))
    disabled = len(read.points) - len(enabled)
    findings = tuple(finding.model_copy(update={"sheet": where.sheet}) for finding in read.findings)
    return _Located(georeference, reprojection, crs, control, (cols, rows), disabled, findings)


def _by_transform(
    page: ScanPage,
    transform: tuple[float, float, float, float, float, float],
    collection: Collection,
    reproject: Reproject,
    where: Where,
) -> _Located:
    """By an affine in the source CRS. In another frame it is refitted there, to a tenth of a pixel."""
    method = "geotiff" if page.crs is not None else "world_file"
    corners = fits.exact_affine(transform, method)
    cols, rows = _grid(0, page.width_px, 0, page.height_px)
    eastings, northings = corners.to_town(cols, rows)
    crs = _source_crs(None, page, collection, eastings, northings, reproject, where)
    reprojection = reproject(crs, where)
    eastings_m, northings_m = _moved(reprojection, eastings, northings, where)
    if np.array_equal(eastings, eastings_m) and np.array_equal(northings, northings_m):
        return _Located(corners, reprojection, crs, (), (cols, rows), 0, ())
    refitted = fits.fit("polynomial2", cols, rows, eastings_m, northings_m)
    pixel_m = float(np.sqrt(np.abs(refitted.pixel_area_m2(cols, rows)).min()))
    if refitted.max_residual_m > 0.1 * pixel_m:
        raise PlacementError(
            f"{crs} のまま位置付けた画像を町の座標系に移すと {refitted.max_residual_m:.2f} m ずれます。",
            where,
            "町の座標系に変換した画像か、基準点ファイルを用意してください。",
        )
    placed = replace(refitted, method=method, residuals_m=np.empty(0))
    return _Located(placed, reprojection, crs, (), (cols, rows), 0, ())


def _source_crs(
    read: ControlPoints | None,
    page: ScanPage,
    collection: Collection,
    easting: Array,
    northing: Array,
    reproject: Reproject,
    where: Where,
) -> str:
    """The CRS of the #CRS line, else of the page, else declared; the file's and the declared one must agree."""
    own = read.crs if read is not None and read.crs is not None else page.crs
    declared = collection.source.crs
    if own is None:
        if declared is None:
            raise PlacementError(
                "座標系が分かりません。", where, 'collection.toml の [source] に crs = "EPSG:…" と書いてください。'
            )
        return declared
    try:
        reference_systems.parse(own)
    except DeclarationError as error:
        raise PlacementError(
            f"ファイルの座標系「{own[:80]}」が分かりません。",
            replace(where, file=read.file if read is not None else page.file),
            "「#CRS: EPSG:6677」のように書き直してください。",
        ) from error
    if declared is not None and reference_systems.parse(declared) != reference_systems.parse(own):
        one = _moved(reproject(own, where), easting, northing, where)
        other = _moved(reproject(declared, where), easting, northing, where)
        apart = float(np.hypot(one[0] - other[0], one[1] - other[1]).max(initial=0.0))
        if apart > CRS_AGREEMENT_M:
            raise PlacementError(
                f"ファイルの座標系 {_short(own)} と宣言の {_short(declared)} が違います（{apart:,.1f} m ずれます）。",
                where,
                "正しい方に揃えてください。",
            )
    return own


def _short(crs: str) -> str:
    return reference_systems.label(reference_systems.parse(crs))


def _moved(reprojection: PointReprojection, easting: Array, northing: Array, where: Where) -> tuple[Array, Array]:
    eastings_m, northings_m = reprojection.points(easting, northing)
    if not (np.isfinite(eastings_m).all() and np.isfinite(northings_m).all()):
        raise PlacementError(
            "座標を町の座標系に移せません。", where, "座標系の指定と、東距・北距（経度・緯度）の順を確かめてください。"
        )
    return eastings_m, northings_m


def _require_on_page(page: ScanPage, points: tuple[ControlPoint, ...], name: str, where: Where) -> None:
    """Points far outside the page were taken on another image, or in the coordinates of a georeferenced one."""
    for point in points:
        if not (
            -0.5 * page.width_px <= point.col_px <= 1.5 * page.width_px
            and -0.5 * page.height_px <= point.row_px <= 1.5 * page.height_px
        ):
            raise PlacementError(
                f"{point.line} 行目の画素（{point.col_px:g}, {point.row_px:g}）が画像"
                f"（{page.width_px}×{page.height_px} 画素）の外です。",
                replace(where, file=name),
                "別の解像度の画像や、位置情報付きの画像で取った基準点ではないか確かめてください。",
            )


def _require_upright(georeference: FittedGeoreference, seen_px: tuple[Array, Array], where: Where) -> None:
    """A sheet is never mirrored: a wrong sign or swapped axes show here, and only here."""
    if float(np.median(georeference.pixel_area_m2(*seen_px))) > 0:
        raise PlacementError(
            "図面が裏返しに置かれます。",
            where,
            "東距と北距の入れ違い（平面直角座標系では X が北）か、画素の縦の座標の符号を確かめてください。",
        )


# ------------------------------------------------------------------ neatline


def _neatline(
    page: ScanPage,
    scan: Scan,
    collection: Collection,
    declared: SheetDeclaration | None,
    located: _Located,
    reproject: Reproject,
    where: Where,
) -> shapely.Polygon:
    """The polygon of the sheet in town metres; raises PlacementError."""
    if scan.neatline == "code":
        return _code_neatline(where, located.crs, reproject)
    if scan.neatline == "none":
        return _footprint(page, located.georeference, where)
    if declared is not None and declared.corners is not None:
        return _declared_neatline(declared.corners, located.reprojection, where)
    hull = shapely.MultiPoint(located.control).convex_hull.simplify(scan.tolerance_m or collection.tolerance_m)
    if not isinstance(hull, shapely.Polygon) or len(hull.exterior.coords) != 5:
        raise PlacementError(
            "基準点の外周が四角形ではないので、図郭の四隅が決まりません。",
            where,
            "edition.toml の [[sheets]] に corners（北西・北東・南東・南西）を書いてください。",
        )
    return hull


def _code_neatline(where: Where, crs: str, reproject: Reproject) -> shapely.Polygon:
    """The rectangle of the sheet code in the plane of its zone, in the datum the sheet was drawn in."""
    try:
        bounds = sheet_bounds(where.sheet or "")
    except DeclarationError as error:
        raise PlacementError(
            str(error), where, "ファイル名か edition.toml の [[sheets]] の code を直すか、neatline を変えてください。"
        ) from error
    epsg = reference_systems.parse(crs).to_epsg() or 0
    base = next((plane for plane in _PLANES if plane < epsg <= plane + 19), _PLANES[0])
    reprojection = reproject(f"EPSG:{base + bounds.zone}", where)
    corners = [
        (bounds.west_m, bounds.north_m),
        (bounds.east_m, bounds.north_m),
        (bounds.east_m, bounds.south_m),
        (bounds.west_m, bounds.south_m),
    ]
    return _transformed(corners, reprojection, where)


def _declared_neatline(
    corners: tuple[tuple[float, float], ...], reprojection: PointReprojection, where: Where
) -> shapely.Polygon:
    outline = _transformed(list(corners), reprojection, where)
    if not outline.is_valid or outline.exterior.is_ccw:
        raise PlacementError(
            "corners の四隅が順に並んでいません。",
            where,
            "北西・北東・南東・南西の順に、東距, 北距で書いてください。",
        )
    return outline


def _transformed(corners: list[tuple[float, float]], reprojection: PointReprojection, where: Where) -> shapely.Polygon:
    """A quadrilateral in the town frame. Its edges are divided the same way whichever neighbour asks, so that the
    shared edge of two sheets is the same line to the last bit."""
    eastings, northings = (np.array(values) for values in zip(*corners, strict=True))
    moved = _moved(reprojection, eastings, northings, where)
    if np.array_equal(moved[0], eastings) and np.array_equal(moved[1], northings):
        return shapely.Polygon(corners)
    ring: list[tuple[float, float]] = []
    for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
        low, high = min(start, end), max(start, end)
        share = np.arange(EDGE_STEPS + 1) / EDGE_STEPS
        edge = _moved(reprojection, low[0] + share * (high[0] - low[0]), low[1] + share * (high[1] - low[1]), where)
        points = list(zip(edge[0].tolist(), edge[1].tolist(), strict=True))
        ring += (points if start == low else points[::-1])[:-1]
    return shapely.Polygon(ring)


def _footprint(page: ScanPage, georeference: FittedGeoreference, where: Where) -> shapely.Polygon:
    """The whole page on the ground."""
    steps = 1 if georeference.straight else EDGE_STEPS
    along = np.arange(steps) / steps
    zero, one = np.zeros(steps), np.ones(steps)
    cols = np.concatenate((along, one, 1 - along, zero)) * page.width_px
    rows = np.concatenate((zero, along, one, 1 - along)) * page.height_px
    outline = shapely.Polygon(np.column_stack(georeference.to_town(cols, rows)))
    if not outline.is_valid:
        raise _folded(where)
    return outline


# ------------------------------------------------------------------ what is doubtful


def _coverage(
    page: ScanPage, georeference: FittedGeoreference, neatline: shapely.Polygon, where: Where
) -> Iterator[Finding]:
    """Raises PlacementError where the fit folds or the page shows another place; warns of a sheet cut off."""
    west, south, east, north = neatline.bounds
    eastings, northings = _grid(west, east, south, north)
    inside = shapely.contains_xy(neatline, eastings, northings)
    cols, rows = georeference.to_pixel(eastings[inside], northings[inside])
    if not np.isfinite(cols).all():
        raise _folded(where)
    on_page = (cols >= -1) & (cols <= page.width_px + 1) & (rows >= -1) & (rows <= page.height_px + 1)
    if np.any(georeference.pixel_area_m2(cols[on_page], rows[on_page]) >= 0):
        raise _folded(where)
    share = float(on_page.mean()) if on_page.size else 0.0
    if share < COVERED_AT_LEAST:
        raise PlacementError(
            f"図郭の {100 * (1 - share):.0f} % が画像の外に出ます。",
            where,
            "図郭番号と基準点の座標（座標系・系番号）を確かめてください。",
        )
    if share < 1:
        yield Finding(
            rule="place",
            severity="warn",
            message=f"図郭の約 {max(100 * (1 - share), 0.1):.1f} % が画像の外で、そこは空白になります。",
            advice="図面の端が切れていないか確かめてください。",
            file=where.file,
            sheet=where.sheet,
        )


def _doubts(page: ScanPage, scan: Scan, collection: Collection, found: SheetFit) -> Iterator[Finding]:
    least = 0 if found.method == "thin_plate_spline" else fits.MINIMUM_POINTS[scan.method]
    if found.method == scan.method and found.points == least:
        yield Finding(
            rule="place",
            severity="warn",
            message=f"基準点が最少の {found.points} 点なので、残差 0 は正しさを示しません。",
            advice="確かめのため、基準点を 1 点以上増やしてください。",
            file=page.file,
            sheet=found.code,
        )
    if page.dpi is None:
        return
    scale = found.pixel_size_m * page.dpi / 0.0254
    if not 0.9 <= scale / collection.map_level <= 1.1:
        yield Finding(
            rule="place",
            severity="info",
            message=f"{page.dpi:g} dpi の画像の縮尺は約 1:{scale:,.0f} で、"
            f"地図情報レベル {collection.map_level} と違います。",
            advice="拡大・縮小した図面でなければ、基準点と画像の解像度を確かめてください。",
            file=page.file,
            sheet=found.code,
        )


def _sheet_fit(page: ScanPage, scan: Scan, collection: Collection, code: str, located: _Located) -> SheetFit:
    middle = np.array([page.width_px / 2]), np.array([page.height_px / 2])
    georeference = located.georeference
    return SheetFit(
        code=code,
        file=page.file,
        page=page.page,
        method=georeference.method,
        points=len(located.control),
        points_disabled=located.disabled,
        rmse_m=georeference.rmse_m,
        max_residual_m=georeference.max_residual_m,
        pixel_size_m=float(np.sqrt(abs(georeference.pixel_area_m2(*middle)[0]))),
        tolerance_m=scan.tolerance_m or collection.tolerance_m,
    )


def _grid(first_low: float, first_high: float, second_low: float, second_high: float) -> tuple[Array, Array]:
    """SAMPLES² points over a rectangle, its edges included, as two flat arrays."""
    first, second = np.meshgrid(
        np.linspace(first_low, first_high, SAMPLES), np.linspace(second_low, second_high, SAMPLES)
    )
    return first.ravel(), second.ravel()


def _folded(where: Where) -> PlacementError:
    return PlacementError(
        "変換が図郭の中で折れ曲がり、位置が一つに決まりません。",
        where,
        "基準点を図面全体に散らすか、[scan] の method を affine か projective にしてください。",
    )
