"""Placing a page: by points, by tags, in another datum; neatlines of every kind; what is doubtful is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely

from gis_pipeline.crs import plan
from gis_pipeline.errors import DatumError, PlacementError, Where
from gis_pipeline.formats import _raster
from gis_pipeline.georef.place import place
from gis_pipeline.members import PlacedSheet, ScanPage
from gis_pipeline.model import Collection, SheetDeclaration, Source
from tests.georef.scene import FRAME, collection, points_text, turned

CODE = "09KC971"
TO_TOWN = turned(0.4, 0.5, -52_050.0, -26_960.0)
WIDTH, HEIGHT = 4240, 3200
CORNERS = [(100.0, 100.0), (4100.0, 90.0), (4110.0, 3100.0), (90.0, 3110.0), (2000.0, 1500.0)]


def page(**changes: object) -> ScanPage:
    blank = ScanPage(f"{CODE}.tif", 1, WIDTH, HEIGHT, False, None, partial(_raster.opened, "", "GTiff", ""))
    return replace(blank, **changes)  # type: ignore[arg-type]


def reproject(source: str, where: Where, *, tolerance_m: float = 1.75) -> object:
    return plan(source, FRAME, tolerance_m=tolerance_m, where=where)


def table(crs: str = FRAME) -> list[tuple[float, float, float, float]]:
    """The control points with their ground coordinates in `crs`."""
    easting, northing = TO_TOWN(*(np.array(values) for values in zip(*CORNERS, strict=True)))
    x, y = pyproj.Transformer.from_crs(FRAME, crs, always_xy=True).transform(easting, northing)
    return [(float(e), float(n), c, r) for e, n, (c, r) in zip(x, y, CORNERS, strict=True)]


def placed(
    folder: Path,
    text: str | None,
    declared: SheetDeclaration | None = None,
    of: Collection | None = None,
    scan: ScanPage | None = None,
    way: Callable[..., object] = reproject,
) -> PlacedSheet:
    file = folder / f"{CODE}.tif.points"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    return place(scan or page(), of or collection(), declared, file if text else None, way)  # type: ignore[arg-type]


def gap_m(one: PlacedSheet) -> float:
    """The largest distance on the ground to the true place of the page."""
    cols, rows = np.meshgrid(np.linspace(0, WIDTH, 9), np.linspace(0, HEIGHT, 9))
    found, true = one.georeference.to_town(cols, rows), TO_TOWN(cols, rows)
    return float(np.hypot(found[0] - true[0], found[1] - true[1]).max())


@pytest.mark.parametrize("crs", [FRAME, "EPSG:6668", "EPSG:6676", "EPSG:32654"])
def test_points_in_any_crs_place_the_page_in_the_town_frame(crs: str, tmp_path: Path) -> None:
    sheet = placed(tmp_path, points_text(table(crs), crs))
    # EPSG:32654 is WGS 84, the others JGD2011; an affine cannot follow the curved grids exactly, a town metre can
    assert gap_m(sheet) < 0.02
    assert sheet.fit.points == 5
    assert sheet.fit.pixel_size_m == pytest.approx(0.5, abs=1e-5)


def test_the_declared_crs_holds_where_the_file_has_none(tmp_path: Path) -> None:
    declared = collection().model_copy(update={"source": Source(crs="EPSG:6676")})
    sheet = placed(tmp_path, points_text(table("EPSG:6676"), None), of=declared)
    assert gap_m(sheet) < 0.02
    assert sheet.transformation.source_crs == "EPSG:6676"


def test_the_same_crs_said_in_two_ways_is_no_contradiction(tmp_path: Path) -> None:
    wkt = pyproj.CRS.from_epsg(6677).to_wkt("WKT1_GDAL")
    declared = collection().model_copy(update={"source": Source(crs=FRAME)})
    assert gap_m(placed(tmp_path, points_text(table(), wkt), of=declared)) < 1e-6


def test_two_crs_that_differ_on_the_ground_are_refused(tmp_path: Path) -> None:
    declared = collection().model_copy(update={"source": Source(crs="EPSG:6676")})
    with pytest.raises(PlacementError, match=r"EPSG:6677 と宣言の EPSG:6676 が違います（.* m ずれます）"):
        placed(tmp_path, points_text(table(), FRAME), of=declared)


def test_a_page_without_any_crs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlacementError, match="座標系が分かりません"):
        placed(tmp_path, points_text(table(), None))


def test_a_datum_that_is_not_good_enough_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatumError, match=r"TKY2JGD\.par"):
        placed(tmp_path, points_text(table("EPSG:30169"), "EPSG:30169"))


def test_the_neatline_of_an_old_sheet_is_the_rectangle_of_its_own_datum(tmp_path: Path) -> None:
    """Drawn in Tokyo Datum, the sheet 09KC971 lies 459 m from that of JGD2011."""
    way = partial(reproject, tolerance_m=20.0)
    sheet = placed(tmp_path, points_text(table("EPSG:30169"), "EPSG:30169"), way=way, of=collection(neatline="none"))
    assert sheet.transformation.accuracy_m > 5
    shifted = page(width_px=6000, height_px=5000)
    old = placed(tmp_path, points_text(table("EPSG:30169"), "EPSG:30169"), way=way, scan=shifted)
    west, _, _, north = old.neatline.bounds
    expected = pyproj.Transformer.from_crs("EPSG:30169", FRAME, always_xy=True).transform(-52_000, -27_000)
    assert (west, north) == pytest.approx(expected, abs=3)
    assert np.hypot(west + 52_000, north + 27_000) == pytest.approx(459, abs=5)


def test_geotiff_tags_place_the_page(tmp_path: Path) -> None:
    east, north = TO_TOWN(np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    affine = (east[1] - east[0], east[2] - east[0], east[0], north[1] - north[0], north[2] - north[0], north[0])
    sheet = placed(tmp_path, None, scan=page(transform=affine, crs=FRAME))
    assert gap_m(sheet) < 1e-6
    assert (sheet.fit.method, sheet.fit.points, sheet.fit.rmse_m) == ("geotiff", 0, 0.0)


def test_a_world_file_in_another_zone_places_the_page(tmp_path: Path) -> None:
    """To a hundredth of a pixel: the affine of zone VIII is not quite one in zone IX."""
    west, north = pyproj.Transformer.from_crs(FRAME, "EPSG:6676", always_xy=True).transform(-52_000, -27_000)
    declared = collection(neatline="none").model_copy(update={"source": Source(crs="EPSG:6676")})
    sheet = placed(tmp_path, None, scan=page(transform=(0.5, 0, west, 0, -0.5, north)), of=declared)
    cols, rows = np.array([0.0, WIDTH, WIDTH / 2]), np.array([0.0, HEIGHT, HEIGHT])
    true = pyproj.Transformer.from_crs("EPSG:6676", FRAME, always_xy=True).transform(west + cols / 2, north - rows / 2)
    found = sheet.georeference.to_town(cols, rows)
    assert np.hypot(found[0] - true[0], found[1] - true[1]).max() < 0.005
    assert sheet.fit.method == "world_file"


def test_control_points_come_before_tags(tmp_path: Path) -> None:
    scan = page(transform=(1.0, 0, 0, 0, -1.0, 0), crs=FRAME)
    assert gap_m(placed(tmp_path, points_text(table()), scan=scan)) < 1e-6


def test_without_points_and_tags_the_advice_is_to_take_points(tmp_path: Path) -> None:
    with pytest.raises(PlacementError, match=rf"位置の手がかりがありません。 基準点ファイル（{CODE}\.tif\.points）"):
        placed(tmp_path, None)


def test_declared_corners_are_no_control_points(tmp_path: Path) -> None:
    corners = ((0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0))
    with pytest.raises(PlacementError, match="位置の手がかりがありません"):
        placed(tmp_path, None, SheetDeclaration(file=f"{CODE}.tif", code=CODE, corners=corners))


# ------------------------------------------------------------------ neatlines


def test_the_neatline_of_a_code_is_its_rectangle(tmp_path: Path) -> None:
    assert placed(tmp_path, points_text(table())).neatline.equals(shapely.box(-52_000, -28_500, -50_000, -27_000))


def test_the_declared_code_comes_before_the_file_name(tmp_path: Path) -> None:
    declared = SheetDeclaration(file=f"{CODE}.tif", code="09KC97")
    sheet = placed(tmp_path, points_text(table()), declared, scan=page(width_px=9000, height_px=7000))
    assert sheet.neatline.bounds == (-52_000, -30_000, -48_000, -27_000)


def test_neighbours_in_another_datum_share_their_edge_to_the_last_bit(tmp_path: Path) -> None:
    scan = page(width_px=9000, height_px=7000)
    way = partial(reproject, tolerance_m=20.0)
    text = points_text(table("EPSG:30169"), "EPSG:30169")
    one, two = (
        set(
            placed(
                tmp_path, text, SheetDeclaration(file="x.tif", code=code), scan=scan, way=way
            ).neatline.exterior.coords
        )
        for code in ("09KC971", "09KC972")
    )
    assert len(one & two) == 17


def test_declared_corners_are_the_neatline(tmp_path: Path) -> None:
    corners = ((-51_900.0, -27_100.0), (-50_100.0, -27_090.0), (-50_110.0, -28_400.0), (-51_890.0, -28_410.0))
    declared = SheetDeclaration(file=f"{CODE}.tif", code="A", corners=corners)
    sheet = placed(tmp_path, points_text(table()), declared, collection(neatline="corners"))
    assert sheet.neatline.equals(shapely.Polygon(corners))


def test_the_four_outermost_points_are_the_neatline_without_corners(tmp_path: Path) -> None:
    sheet = placed(tmp_path, points_text(table()), of=collection(neatline="corners"))
    true = shapely.Polygon([(e, n) for e, n, *_ in table()[:4]])
    assert sheet.neatline.symmetric_difference(true).area < 1


def test_points_whose_outline_has_five_corners_give_no_neatline(tmp_path: Path) -> None:
    with_fifth = [*table(), *[(e, n + 800.0, c, r - 1490.0) for e, n, c, r in table()[-1:]]]
    with pytest.raises(PlacementError, match="基準点の外周が四角形ではない"):
        placed(tmp_path, points_text(with_fifth), of=collection(neatline="corners", method="thin_plate_spline"))


def test_corners_out_of_order_are_refused(tmp_path: Path) -> None:
    corners = ((-51_900.0, -27_100.0), (-51_890.0, -28_410.0), (-50_110.0, -28_400.0), (-50_100.0, -27_090.0))
    declared = SheetDeclaration(file=f"{CODE}.tif", code="A", corners=corners)
    with pytest.raises(PlacementError, match="corners の四隅が順に並んでいません"):
        placed(tmp_path, points_text(table()), declared, collection(neatline="corners"))


def test_without_neatline_the_whole_page_is_the_sheet(tmp_path: Path) -> None:
    sheet = placed(tmp_path, points_text(table()), of=collection(neatline="none"))
    corners = TO_TOWN(np.array([0.0, WIDTH, WIDTH, 0.0]), np.array([0.0, 0.0, HEIGHT, HEIGHT]))
    assert sheet.neatline.symmetric_difference(shapely.Polygon(np.column_stack(corners))).area < 0.01
    assert len(sheet.neatline.exterior.coords) == 5


# ------------------------------------------------------------------ what is wrong or doubtful


def test_swapped_easting_and_northing_are_seen_as_a_mirror_image(tmp_path: Path) -> None:
    swapped = [(n, e, c, r) for e, n, c, r in table()]
    with pytest.raises(PlacementError, match="図面が裏返しに置かれます。 東距と北距の入れ違い"):
        placed(tmp_path, points_text(swapped))


def test_rows_with_the_wrong_sign_are_seen_as_a_mirror_image(tmp_path: Path) -> None:
    upward = [(e, n, c, -(HEIGHT - r)) for e, n, c, r in table()]
    with pytest.raises(PlacementError, match="図面が裏返しに置かれます"):
        placed(tmp_path, points_text(upward))


def test_a_code_that_is_elsewhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlacementError, match="図郭の 100 % が画像の外に出ます"):
        placed(tmp_path, points_text(table()), SheetDeclaration(file=f"{CODE}.tif", code="09KC863"))


def test_a_sheet_cut_off_at_the_edge_is_reported(tmp_path: Path) -> None:
    sheet = placed(tmp_path, points_text(table()), scan=page(width_px=3900))
    assert [(f.severity, f.sheet) for f in sheet.page.findings] == [("warn", CODE)]
    assert "画像の外で、そこは空白になります" in sheet.page.findings[0].message


def test_the_fewest_points_possible_are_reported(tmp_path: Path) -> None:
    sheet = placed(tmp_path, points_text(table()[:3]))
    assert ["残差 0 は正しさを示しません" in finding.message for finding in sheet.page.findings] == [True]


def test_a_scale_that_does_not_match_the_level_is_mentioned(tmp_path: Path) -> None:
    sheet = placed(tmp_path, points_text(table()), scan=page(dpi=200.0))
    assert [(f.severity, f.message) for f in sheet.page.findings] == [
        ("info", "200 dpi の画像の縮尺は約 1:3,937 で、地図情報レベル 2500 と違います。")
    ]


def test_points_of_another_image_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PlacementError, match=r"画素（4100, 90）が画像（1000×800 画素）の外"):
        placed(tmp_path, points_text(table()), scan=page(width_px=1000, height_px=800))


def test_a_polynomial_that_folds_inside_the_sheet_is_refused(tmp_path: Path) -> None:
    near = [(c, r) for c in (100.0, 300.0, 500.0) for r in (100.0, 350.0, 600.0)]
    cols, rows = (np.array(values) for values in zip(*near, strict=True))
    easting, northing = TO_TOWN(cols, rows)
    easting = easting - 30 * ((cols - 300) / 200) ** 2
    rows_of = list(zip(easting.tolist(), northing.tolist(), cols.tolist(), rows.tolist(), strict=True))
    with pytest.raises(PlacementError, match="折れ曲がり"):
        placed(tmp_path, points_text(rows_of), of=collection(method="polynomial2"))


def test_the_fit_says_what_is_published_of_it(tmp_path: Path) -> None:
    moved = [(e + (3.0 if k == 4 else 0.0), n, c, r) for k, (e, n, c, r) in enumerate(table())]
    found = placed(tmp_path, points_text(moved)).fit
    assert (found.code, found.file, found.page, found.method) == (CODE, f"{CODE}.tif", 1, "affine")
    assert found.max_residual_m == pytest.approx(2.4, abs=0.1)
    assert found.rmse_m == pytest.approx(1.2, abs=0.2)
    assert found.tolerance_m == 1.75
