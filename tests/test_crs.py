"""Reprojection: stated accuracy, the datum trap, parameter files, and agreement with independent formulae."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis_pipeline.crs import OutputCrs, frame_crs, output_crs, plan, to_lonlat
from gis_pipeline.errors import DatumError, DeclarationError, MaterialError

TOWN = "EPSG:6677"


def _one(easting: float, northing: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array([easting]), np.array([northing])


def test_a_map_projection_is_exact_and_says_so() -> None:
    planned = plan("EPSG:6668", TOWN, tolerance_m=0.12)
    assert planned.transformation.accuracy_m == 0.0
    easting, northing = planned.points(*_one(139.267101, 35.745713))
    assert (easting[0], northing[0]) == pytest.approx((-51212.1, -28064.2), abs=0.06)


def test_the_projection_agrees_with_the_series_of_the_survey_law() -> None:
    """A second formula: the Gauss–Krüger series by the third flattening (GSI, Kawase 2011), to 0.1 mm."""
    lon, lat = 139.2167, 35.7641
    easting, northing = plan("EPSG:6668", TOWN, tolerance_m=0.12).points(*_one(lon, lat))
    x_north, y_east = _gauss_krueger(
        math.radians(lat), math.radians(lon), math.radians(36), math.radians(139 + 50 / 60)
    )
    assert (easting[0], northing[0]) == pytest.approx((y_east, x_north), abs=1e-4)


@given(easting=st.floats(-70_000, -40_000), northing=st.floats(-40_000, -10_000))
def test_town_to_degrees_and_back_is_the_identity(easting: float, northing: float) -> None:
    way = to_lonlat(TOWN)
    back = way.inverse(*way.points(*_one(easting, northing)))
    assert (back[0][0], back[1][0]) == pytest.approx((easting, northing), abs=1e-5)


@pytest.mark.parametrize("source", ["EPSG:4301", "EPSG:30169"])
def test_tokyo_datum_without_its_parameter_file_is_refused(source: str) -> None:
    with pytest.raises(DatumError, match=r"TKY2JGD\.par"):
        plan(source, TOWN, tolerance_m=1.75)


def test_jgd2000_is_good_enough_for_2500_but_not_for_500() -> None:
    assert plan("EPSG:2451", TOWN, tolerance_m=1.75).transformation.accuracy_m == 1.0
    with pytest.raises(DatumError, match=r"touhokutaiheiyouoki2011\.par"):
        plan("EPSG:2451", TOWN, tolerance_m=0.25)


def test_a_written_acceptance_is_the_only_other_way_and_is_recorded() -> None:
    accepted = plan("EPSG:4301", TOWN, tolerance_m=1.75, accept_accuracy_m=10.0).transformation
    assert (accepted.accuracy_m, accepted.accepted_m) == (10.0, 10.0)
    with pytest.raises(DatumError, match="足りません"):
        plan("EPSG:4301", TOWN, tolerance_m=1.75, accept_accuracy_m=5.0)


def test_an_accepted_tokyo_datum_is_really_shifted() -> None:
    """Never the ballpark no-op: 400–500 m in this region."""
    shifted = plan("EPSG:30169", TOWN, tolerance_m=1.75, accept_accuracy_m=10.0).points(*_one(-51000.0, -28000.0))
    assert 400 < math.hypot(shifted[0][0] + 51000, shifted[1][0] + 28000) < 500


def test_jgd2011_and_wgs84_are_taken_as_identical_and_it_is_said() -> None:
    planned = plan("OGC:CRS84", TOWN, tolerance_m=0.12)
    assert "同一とみなす" in planned.transformation.operation
    same = plan("EPSG:6668", TOWN, tolerance_m=0.12)
    assert planned.points(*_one(139.2, 35.7)) == same.points(*_one(139.2, 35.7))


def test_missing_and_empty_geometries_stay() -> None:
    values = gpd.GeoSeries([shapely.Point(139.2, 35.7, 80.0), None, shapely.Polygon()], crs="EPSG:6668")
    moved = plan("EPSG:6668", TOWN, tolerance_m=1.0).geometries(values)
    assert moved[1] is None
    assert moved[2].is_empty
    assert not moved[0].has_z


@pytest.mark.parametrize("code", ["EPSG:4326", "EPSG:2225", "nonsense"])
def test_a_frame_must_be_projected_and_in_metres(code: str) -> None:
    with pytest.raises(DeclarationError):
        frame_crs(code)


# ------------------------------------------------------------------ parameter files


def _grids(shared: Path, tmp_path: Path, *names: str) -> Path:
    for name in names:
        (tmp_path / name).write_bytes((shared / "data/datum_vectors" / name).read_bytes())
    return tmp_path


def _bilinear(par: Path, skip: int, lon: float, lat: float) -> tuple[float, float]:
    """An independent reading of a .par file: bilinear between the south-west corners of the four 3rd meshes."""
    table = {line[:8]: (float(line[8:18]), float(line[18:28])) for line in par.read_text("cp932").splitlines()[skip:]}

    def corner(row: int, col: int) -> tuple[float, float]:
        upper, col_1 = divmod(row, 80), divmod(col, 80)
        code = f"{upper[0]:02d}{col_1[0]:02d}{upper[1] // 10}{col_1[1] // 10}{upper[1] % 10}{col_1[1] % 10}"
        return table[code]

    y, x = lat * 120, (lon - 100) * 80
    row, col = math.floor(y), math.floor(x)
    v, u = y - row, x - col
    weights = [((row, col), (1 - u) * (1 - v)), ((row, col + 1), u * (1 - v)), ((row + 1, col), (1 - u) * v)]
    weights.append(((row + 1, col + 1), u * v))
    return tuple(sum(corner(*place)[n] * weight for place, weight in weights) / 3600 for n in (1, 0))  # type: ignore[return-value]


def test_tky2jgd_agrees_with_an_independent_bilinear_formula(shared: Path, tmp_path: Path) -> None:
    grids = _grids(shared, tmp_path, "tky2jgd_excerpt.par")
    lon, lat = _inside(grids / "tky2jgd_excerpt.par", 2)
    shift_lon, shift_lat = _bilinear(grids / "tky2jgd_excerpt.par", 2, lon, lat)
    planned = plan("EPSG:4301", "EPSG:2451", tolerance_m=0.25, grids=grids)
    easting, northing = planned.points(*_one(lon, lat))
    wanted = plan("EPSG:4612", "EPSG:2451", tolerance_m=0.25).points(*_one(lon + shift_lon, lat + shift_lat))
    assert (easting[0], northing[0]) == pytest.approx((wanted[0][0], wanted[1][0]), abs=1e-4)
    assert planned.transformation.grids == ("tky2jgd_excerpt.par",)
    assert planned.transformation.accuracy_m == 0.2


def test_patchjgd_agrees_with_an_independent_bilinear_formula(shared: Path, tmp_path: Path) -> None:
    grids = _grids(shared, tmp_path, "patchjgd_excerpt.par")
    lon, lat = _inside(grids / "patchjgd_excerpt.par", 15)
    shift_lon, shift_lat = _bilinear(grids / "patchjgd_excerpt.par", 15, lon, lat)
    easting, northing = plan("EPSG:4612", "EPSG:6678", tolerance_m=0.25, grids=grids).points(*_one(lon, lat))
    wanted = plan("EPSG:6668", "EPSG:6678", tolerance_m=0.25).points(*_one(lon + shift_lon, lat + shift_lat))
    assert (easting[0], northing[0]) == pytest.approx((wanted[0][0], wanted[1][0]), abs=1e-4)


def _inside(par: Path, skip: int) -> tuple[float, float]:
    """An asymmetric point inside the first mesh square of an excerpt."""
    code = par.read_text("cp932").splitlines()[skip][:8]
    lat = int(code[:2]) / 1.5 + int(code[4]) / 12 + int(code[6]) / 120 + 0.7 / 120
    lon = 100 + int(code[2:4]) + int(code[5]) / 8 + int(code[7]) / 80 + 0.2 / 80
    return lon, lat


def test_a_point_outside_the_parameter_file_is_refused(shared: Path, tmp_path: Path) -> None:
    grids = _grids(shared, tmp_path, "tky2jgd_excerpt.par")
    planned = plan("EPSG:4301", "EPSG:2451", tolerance_m=0.25, grids=grids)
    with pytest.raises(DatumError, match="範囲の外"):
        planned.points(*_one(135.0, 34.0))


def test_a_parameter_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "TKY2JGD.par").write_text("これは違う", encoding="cp932")
    with pytest.raises(MaterialError, match=r"TKY2JGD\.par"):
        plan("EPSG:4301", TOWN, tolerance_m=1.75, grids=tmp_path)


def test_the_official_vectors_where_the_full_file_is_supplied(shared: Path) -> None:
    full = shared.parent / "grids"
    if not any(full.glob("*.par")):
        pytest.skip("skipped: the full TKY2JGD.par of 国土地理院 is not supplied (../grids/)")
    with (shared / "data/datum_vectors/gsi_tky2jgd_vectors.csv").open(encoding="utf-8") as stream:
        rows = {row["case"]: row for row in csv.DictReader(stream)}
    row = rows["xy_zone8"]
    easting, northing = plan("EPSG:30168", "EPSG:2450", tolerance_m=0.25, grids=full).points(
        *_one(float(row["in_lon_or_Y"]), float(row["in_lat_or_X"]))
    )
    wanted = (float(row["out_lon_or_Y"]), float(row["out_lat_or_X"]))
    assert (easting[0], northing[0]) == pytest.approx(wanted, abs=0.15)


# ------------------------------------------------------------------ handing out


@pytest.mark.parametrize("crs", output_crs(TOWN), ids=lambda crs: crs.code)
def test_a_box_around_a_point_contains_it_in_every_offered_crs(crs: OutputCrs) -> None:
    lon, lat = _one(139.25, 35.74)
    first, second = crs.from_lonlat(lon, lat)
    step = 0.001 if abs(first[0]) < 360 else 50.0
    box = crs.bbox_to_lonlat(first[0] - step, second[0] - step, first[0] + step, second[0] + step)
    assert box.west < 139.25 < box.east
    assert box.south < 35.74 < box.north
    assert box.east - box.west < 0.003


def test_axis_order_is_that_of_the_definition() -> None:
    by_code = {crs.code: crs for crs in output_crs(TOWN)}
    lon, lat = _one(139.267101, 35.745713)
    assert [axis[0] for axis in by_code["OGC:CRS84"].from_lonlat(lon, lat)] == [139.267101, 35.745713]
    assert [axis[0] for axis in by_code["EPSG:4326"].from_lonlat(lon, lat)] == [35.745713, 139.267101]
    north, east = by_code[TOWN].from_lonlat(lon, lat)
    assert (north[0], east[0]) == pytest.approx((-28064.2, -51212.1), abs=0.06)


def _gauss_krueger(phi: float, lam: float, phi0: float, lam0: float) -> tuple[float, float]:
    a, f, m0 = 6378137.0, 1 / 298.257222101, 0.9999
    n = f / (2 - f)
    big_a = [
        1 + n**2 / 4 + n**4 / 64,
        -3 / 2 * (n - n**3 / 8 - n**5 / 64),
        15 / 16 * (n**2 - n**4 / 4),
        -35 / 48 * (n**3 - 5 / 16 * n**5),
        315 / 512 * n**4,
        -693 / 1280 * n**5,
    ]
    alpha = [
        n / 2 - 2 / 3 * n**2 + 5 / 16 * n**3 + 41 / 180 * n**4 - 127 / 288 * n**5,
        13 / 48 * n**2 - 3 / 5 * n**3 + 557 / 1440 * n**4 + 281 / 630 * n**5,
        61 / 240 * n**3 - 103 / 140 * n**4 + 15061 / 26880 * n**5,
        49561 / 161280 * n**4 - 179 / 168 * n**5,
        34729 / 80640 * n**5,
    ]
    scale = m0 * a / (1 + n)
    meridian = scale * (big_a[0] * phi0 + sum(big_a[j] * math.sin(2 * j * phi0) for j in range(1, 6)))
    k = 2 * math.sqrt(n) / (1 + n)
    t = math.sinh(math.atanh(math.sin(phi)) - k * math.atanh(k * math.sin(phi)))
    xi = math.atan2(t, math.cos(lam - lam0))
    eta = math.atanh(math.sin(lam - lam0) / math.sqrt(1 + t * t))
    stretch = scale * big_a[0]
    x = (
        stretch * (xi + sum(alpha[j - 1] * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j in range(1, 6)))
        - meridian
    )
    y = stretch * (eta + sum(alpha[j - 1] * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j in range(1, 6)))
    return x, y
