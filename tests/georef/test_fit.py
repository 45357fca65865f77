"""Laws of the fits: exact reproduction, round trips, and agreement with GDAL and SciPy."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import RBFInterpolator

from gis_pipeline.errors import PlacementError
from gis_pipeline.georef.fit import MINIMUM_POINTS, fit
from gis_pipeline.members import Array
from gis_pipeline.model import FitMethod
from tests.georef.scene import turned

METHODS: tuple[FitMethod, ...] = ("affine", "projective", "polynomial2", "thin_plate_spline")
TO_TOWN = turned(33, 0.17, -52_345.6, -28_765.4)


def askew(noise_m: float = 0.0, count: int = 12) -> tuple[Array, Array, Array, Array]:
    rng = np.random.default_rng(20)
    cols, rows = rng.uniform(50, 6250, count), rng.uniform(30, 4650, count)
    eastings, northings = TO_TOWN(cols, rows)
    return cols, rows, eastings + rng.normal(0, noise_m, count), northings + rng.normal(0, noise_m, count)


def bent() -> tuple[Array, Array, Array, Array]:
    cols, rows = (v.ravel() for v in np.meshgrid(np.linspace(80, 6200, 5), np.linspace(60, 4600, 4)))
    eastings, northings = TO_TOWN(cols + 6 * (rows / 4700) ** 2, rows + 9 * (cols / 6300) * (rows / 4700))
    return cols, rows, eastings, northings


def page(step: int = 25) -> tuple[Array, Array]:
    cols, rows = np.meshgrid(np.linspace(0, 6300, step), np.linspace(0, 4700, step))
    return cols, rows


@pytest.mark.parametrize("method", METHODS)
def test_a_turned_sheet_is_reproduced_exactly(method: FitMethod) -> None:
    georeference = fit(method, *askew())
    found, true = georeference.to_town(*page()), TO_TOWN(*page())
    assert np.hypot(found[0] - true[0], found[1] - true[1]).max() < 1e-6
    assert georeference.max_residual_m < 1e-6


@pytest.mark.parametrize("method", METHODS)
def test_pixels_come_back_from_the_ground(method: FitMethod) -> None:
    georeference = fit(method, *bent())
    cols, rows = page()
    back = georeference.to_pixel(*georeference.to_town(cols, rows))
    assert np.hypot(back[0] - cols, back[1] - rows).max() <= 1e-6


@settings(max_examples=40, deadline=None)
@given(angle=st.floats(-180, 180), pixel=st.floats(0.02, 4), col=st.floats(-500, 7000), row=st.floats(-500, 5000))
def test_affine_round_trip_holds_for_every_turn_and_scale(angle: float, pixel: float, col: float, row: float) -> None:
    to_town = turned(angle, pixel, -52_000.0, -28_000.0)
    cols, rows = np.array([0.0, 6300.0, 6300.0, 0.0]), np.array([0.0, 0.0, 4700.0, 4700.0])
    georeference = fit("affine", cols, rows, *to_town(cols, rows))
    back = georeference.to_pixel(*georeference.to_town(np.array([col]), np.array([row])))
    assert abs(back[0][0] - col) < 1e-6
    assert abs(back[1][0] - row) < 1e-6


def test_a_true_projection_is_reproduced_exactly() -> None:
    def to_town(col: Array, row: Array) -> tuple[Array, Array]:
        w = 1 + 2e-5 * col - 1e-5 * row
        easting, northing = TO_TOWN(col, row)
        return -52_345.6 + (easting + 52_345.6) / w, -28_765.4 + (northing + 28_765.4) / w

    cols, rows = askew()[:2]
    georeference = fit("projective", cols, rows, *to_town(cols, rows))
    found, true = georeference.to_town(*page()), to_town(*page())
    assert np.hypot(found[0] - true[0], found[1] - true[1]).max() < 1e-5


def test_a_true_polynomial_is_reproduced_exactly() -> None:
    cols, rows, eastings, northings = bent()
    georeference = fit("polynomial2", cols, rows, eastings, northings)
    assert georeference.max_residual_m < 1e-6


def test_areas_of_pixels_are_those_of_differences() -> None:
    for method in METHODS:
        georeference = fit(method, *bent())
        cols, rows = np.array([1000.0, 5000.0]), np.array([700.0, 4000.0])
        right = np.array(georeference.to_town(cols + 0.5, rows)) - georeference.to_town(cols - 0.5, rows)
        down = np.array(georeference.to_town(cols, rows + 0.5)) - georeference.to_town(cols, rows - 0.5)
        expected = right[0] * down[1] - right[1] * down[0]
        np.testing.assert_allclose(georeference.pixel_area_m2(cols, rows), expected, rtol=1e-5)
        assert (expected < 0).all()


def gdal(points: tuple[Array, Array, Array, Array], option: list[str], cols: Array, rows: Array) -> Array:
    """The same points through gdaltransform."""
    gcps = [word for values in zip(*points, strict=True) for word in ("-gcp", *(repr(float(v)) for v in values))]
    lines = "\n".join(f"{c!r} {r!r}" for c, r in zip(cols.ravel().tolist(), rows.ravel().tolist(), strict=True))
    done = subprocess.run(
        ["gdaltransform", *option, *gcps, "-output_xy"], input=lines, capture_output=True, text=True, check=True
    )
    return np.array([[float(word) for word in line.split()] for line in done.stdout.splitlines()])


@pytest.mark.parametrize(
    ("method", "option"),
    [("affine", ["-order", "1"]), ("polynomial2", ["-order", "2"]), ("thin_plate_spline", ["-tps"])],
)
def test_the_fit_is_that_of_gdal(method: FitMethod, option: list[str]) -> None:
    points = bent()
    cols, rows = page(7)
    found = np.column_stack([v.ravel() for v in fit(method, *points).to_town(cols, rows)])
    assert np.abs(found - gdal(points, option, cols, rows)).max() < 1e-6


def test_the_spline_is_that_of_scipy() -> None:
    cols, rows, eastings, northings = askew(noise_m=3.0)
    spline = RBFInterpolator(
        np.column_stack((cols, rows)), np.column_stack((eastings, northings)), kernel="thin_plate_spline", degree=1
    )
    at_cols, at_rows = page()
    expected = spline(np.column_stack((at_cols.ravel(), at_rows.ravel())))
    found = np.column_stack(
        [v.ravel() for v in fit("thin_plate_spline", cols, rows, eastings, northings).to_town(at_cols, at_rows)]
    )
    assert np.abs(found - expected).max() < 1e-4


def test_residuals_of_the_spline_are_those_of_each_point_left_out() -> None:
    points = askew(noise_m=2.0, count=9)
    residuals = fit("thin_plate_spline", *points).residuals_m
    for left_out in range(9):
        others = tuple(np.delete(values, left_out) for values in points)
        georeference = fit("thin_plate_spline", *others)
        easting, northing = georeference.to_town(points[0][left_out : left_out + 1], points[1][left_out : left_out + 1])
        expected = np.hypot(easting[0] - points[2][left_out], northing[0] - points[3][left_out])
        assert residuals[left_out] == pytest.approx(expected, rel=1e-6)


def test_residuals_are_distances_in_metres() -> None:
    cols, rows, eastings, northings = askew(noise_m=1.0)
    basis = np.column_stack((np.ones_like(cols), cols, rows))
    left = [basis @ np.linalg.lstsq(basis, v, rcond=None)[0] - v for v in (eastings, northings)]
    georeference = fit("affine", cols, rows, eastings, northings)
    np.testing.assert_allclose(georeference.residuals_m, np.hypot(*left), atol=1e-6)
    assert georeference.rmse_m == pytest.approx(float(np.sqrt(np.mean(np.hypot(*left) ** 2))))


@pytest.mark.parametrize("method", METHODS)
def test_too_few_points_are_refused_with_method_needed_and_given(method: FitMethod) -> None:
    needed = MINIMUM_POINTS[method]
    points = tuple(values[: needed - 1] for values in askew())
    with pytest.raises(PlacementError, match=rf"{needed} 点以上必要ですが、{needed - 1} 点"):
        fit(method, *points)


def test_a_projection_with_three_points_on_a_line_of_four_is_refused() -> None:
    cols = np.array([0.0, 1000.0, 2000.0, 500.0])
    rows = np.array([0.0, 0.0, 0.0, 1500.0])
    with pytest.raises(PlacementError, match="一つに決まりません"):
        fit("projective", cols, rows, *TO_TOWN(cols, rows))


def test_a_spline_whose_points_but_one_lie_on_a_line_is_refused() -> None:
    cols = np.array([0.0, 1000.0, 2000.0, 500.0])
    rows = np.array([0.0, 0.0, 0.0, 1500.0])
    with pytest.raises(PlacementError, match="一つに決まりません"):
        fit("thin_plate_spline", cols, rows, *TO_TOWN(cols, rows))


@pytest.mark.parametrize("method", METHODS)
def test_where_the_fit_has_no_inverse_the_answer_is_nan(method: FitMethod) -> None:
    georeference = fit(method, *bent())
    cols, rows = georeference.to_pixel(np.array([1e12, np.nan]), np.array([-1e12, 0.0]))
    reached = georeference.to_town(cols[:1], rows[:1])
    assert np.isnan(cols[1])
    assert np.isnan(cols[0]) or abs(reached[0][0] - 1e12) < 1.0
