"""A sheet without control points is placed by its neatline, grid and texts, or left to a person with reasons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from gis_pipeline.georef.automatic.find import Found, find
from gis_pipeline.georef.automatic.ink import Grey
from gis_pipeline.georef.automatic.margin import MarginText, codes, dates, folded, scales
from gis_pipeline.georef.automatic.placing import Placing
from gis_pipeline.georef.points import ControlPoint, read_points, write_points
from tests.georef.drawn_sheet import HEIGHT_MM, PX_PER_MM, WIDTH_MM, DrawnSheet, drawn_sheet, rectangle


@pytest.fixture(scope="module")
def sheet() -> DrawnSheet:
    return drawn_sheet()


def placed(light: Grey, code: str = "09KC971", scale: int = 2500) -> Found | None:
    there = rectangle(code)
    cv2.setNumThreads(1)
    return find(light, there.paper, PX_PER_MM, replace(there, scale=scale).expectation)


@pytest.fixture(scope="module")
def found(sheet: DrawnSheet) -> Found:
    one = placed(sheet.light)
    assert one is not None
    return one


def error_mm(sheet: DrawnSheet, found: Found) -> float:
    chance = np.random.default_rng(1)
    x, y = chance.uniform(0, WIDTH_MM, 300), chance.uniform(0, HEIGHT_MM, 300)
    true = sheet.to_paper(*found.fit.model.to_scan(x, y))
    return float(np.sqrt(((true[0] - x) ** 2 + (true[1] - y) ** 2).mean()))


def test_it_lies_within_a_fifteenth_of_a_millimetre_and_says_so(sheet: DrawnSheet, found: Found) -> None:
    assert found.verdict.reasons == ()
    assert error_mm(sheet, found) < 0.07
    assert error_mm(sheet, found) <= found.verdict.claim_mm < 0.35


@pytest.mark.parametrize("quarters", [1, 2])
def test_a_turned_sheet_is_placed_as_well(sheet: DrawnSheet, found: Found, quarters: int) -> None:
    light = np.ascontiguousarray(np.rot90(sheet.light, -quarters))
    turned = placed(light)
    assert turned is not None and turned.verdict.reasons == ()
    x, y = np.array([0.0, WIDTH_MM, 300.0]), np.array([0.0, 0.0, 250.0])
    cols, rows = found.fit.model.to_scan(x, y)
    height, width = sheet.light.shape
    expected = (height - rows, cols) if quarters == 1 else (width - cols, height - rows)
    np.testing.assert_allclose(np.array(turned.fit.model.to_scan(x, y)), np.array(expected), atol=0.6)


def test_a_code_that_is_not_the_printed_one_stops_the_sheet(sheet: DrawnSheet) -> None:
    other = placed(sheet.light, code="09KC972")
    assert other is not None and not other.verdict.accepted
    assert "図面に印刷された図郭番号は 09KC971 ですが、宣言は 09KC972 です。" in other.verdict.reasons


def test_a_scale_that_is_not_the_printed_one_stops_the_sheet(sheet: DrawnSheet) -> None:
    other = placed(sheet.light, scale=10000)
    assert other is not None and not other.verdict.accepted
    assert "図面に印刷された縮尺は 1:2500 ですが、宣言は 1:10000 です。" in other.verdict.reasons


def test_a_sheet_that_the_scanner_cut_off_is_never_accepted(sheet: DrawnSheet) -> None:
    cut = np.ascontiguousarray(sheet.light[:, round(130 * PX_PER_MM) :])
    other = placed(cut)
    assert other is None or not other.verdict.accepted


def test_nothing_is_found_on_an_empty_page() -> None:
    assert placed(np.full((1200, 1600), 240, np.uint8)) is None


def test_control_points_of_a_placing_are_the_model_and_survive_their_file(found: Found, tmp_path: Path) -> None:
    placing = Placing(rectangle(), found)
    points = placing.control_points()
    write_points(tmp_path / "s.points", points, "EPSG:6677")
    read = read_points(tmp_path / "s.points", "s.points")
    assert read.crs == "EPSG:6677"
    for written, again in zip(points, read.enabled, strict=True):
        assert isinstance(again, ControlPoint)
        assert (again.col_px, again.row_px) == pytest.approx((written.col_px, written.row_px), abs=1e-3)
        assert (again.easting, again.northing) == pytest.approx((written.easting, written.northing), abs=1e-4)
    west = [point for point in points if point.easting == placing.rectangle.west_m]
    assert len(west) == 13
    assert placing.claim_m == pytest.approx(found.verdict.claim_mm * 2.5)


def text(value: str, height_mm: float = 5.0, confidence: float = 0.99) -> MarginText:
    return MarginText(value, confidence, 0.0, 0.0, height_mm)


@pytest.mark.parametrize(
    ("value", "scale"), [("縮尺 1:2500", 2500), ("1/2,500", 2500), ("縮尺 1:500", 500), ("S=1:10000", 10000)]
)
def test_scales_are_read_in_all_spellings(value: str, scale: int) -> None:
    assert scales((text(value),))[0][0] == scale


def test_the_scale_of_the_base_map_is_not_that_of_the_sheet() -> None:
    assert scales((text("東京都縮尺2,500分の1地形図を使用"),)) == []


def test_the_tallest_code_is_that_of_the_sheet_and_unsure_ones_are_none() -> None:
    found = codes((text("09KC972", 3.0), text("09KC971", 9.0), text("09KC973", 12.0, 0.4), text("凡例")))
    assert [one.text for one in found] == ["09KC971", "09KC972"]


def test_what_ocr_confuses_is_the_same_and_digits_are_not() -> None:
    assert folded("O9KC97I") == folded("09KC971")
    assert folded("09KC972") != folded("09KC971")


def test_dates_are_read_with_their_words() -> None:
    assert dates((text("平成9年10月作成"), text("令和元年 10月測量"))) == ["平成9年10月作成", "令和元年 10月測量"]
