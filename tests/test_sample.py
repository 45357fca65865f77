"""Laws of the embedded sample: what 見本町 must be so that everything else can be shown and tested on it."""

from __future__ import annotations

import csv
import math
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from numpy.typing import NDArray
from PIL import Image

from gis_pipeline.declaration import read_source_tree
from tools.sample.layers import vector_files, write_vectors
from tools.sample.scan import EDITION, write_points

SOURCE = Path(__file__).resolve().parent.parent / "data" / "source"
CODES = ("09KC971", "09KC972", "09KC973", "09KC974")
LEGAL = {
    1: ({30, 40, 50, 60}, {50, 60, 80, 100, 150, 200}),
    2: ({30, 40, 50, 60}, {50, 60, 80, 100, 150, 200}),
    3: ({30, 40, 50, 60}, {100, 150, 200, 300, 400, 500}),
    4: ({30, 40, 50, 60}, {100, 150, 200, 300, 400, 500}),
    5: ({50, 60, 80}, {100, 150, 200, 300, 400, 500}),
    6: ({50, 60, 80}, {100, 150, 200, 300, 400, 500}),
    7: ({50, 60, 80}, {100, 150, 200, 300, 400, 500}),
    8: ({30, 40, 50, 60}, {50, 60, 80, 100, 150, 200}),
    9: ({60, 80}, {100, 150, 200, 300, 400, 500}),
    10: ({80}, set(range(200, 1400, 100))),
    11: ({50, 60, 80}, {100, 150, 200, 300, 400, 500}),
    12: ({50, 60}, {100, 150, 200, 300, 400}),
    13: ({30, 40, 50, 60}, {100, 150, 200, 300, 400}),
}
"""建蔽率 and 容積率 that 建築基準法 52, 53条 allow, by use district."""

Array = NDArray[np.float64]


@cache
def layer(name: str) -> gpd.GeoDataFrame:
    return pyogrio.read_dataframe(SOURCE / name, encoding="CP932" if name.endswith(".shp") else None)


def youto(year: int) -> gpd.GeoDataFrame:
    return layer(f"youto/{year}-04-01/99999_youto.shp")


def roads() -> gpd.GeoDataFrame:
    return layer("choudo/2026-04-01/choudo.shp")


def town() -> shapely.Geometry:
    shape: shapely.Geometry = layer("choiki/2026-04-01/choiki.geojson").geometry.iloc[0]
    return shape


def bounds_by_rule(code: str) -> tuple[float, float, float, float]:
    """west, south, east, north of a 2500 sheet in plane-rectangular metres, counted out letter by letter."""
    row50, col50, row5, col5, quarter = code[2], code[3], int(code[4]), int(code[5]), int(code[6])
    north = 300_000 - 30_000 * "ABCDEFGHIJKLMNOPQRST".index(row50) - 3_000 * row5 - (1_500 if quarter > 2 else 0)
    west = -160_000 + 40_000 * "ABCDEFGH".index(col50) + 4_000 * col5 + (2_000 if quarter in (2, 4) else 0)
    return west, north - 1_500, west + 2_000, north


def points_file(code: str) -> Path:
    return next((SOURCE / EDITION).glob(f"{code}.*.points"))


def control_points(code: str) -> Array:
    """(n, 4): easting_m, northing_m, col_px, row_px."""
    lines = [line for line in points_file(code).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = [[float(value) for value in line.split(",")[:4]] for line in lines[1:]]
    return np.array(rows) * (1, 1, 1, -1)


def to_pixels(code: str) -> Array:
    """(3, 2): a least-squares affine fit of (easting, northing, 1) → (col, row)."""
    points = control_points(code)
    ground = np.column_stack([points[:, :2], np.ones(len(points))])
    return np.asarray(np.linalg.lstsq(ground, points[:, 2:], rcond=None)[0], dtype=np.float64)


# ------------------------------------------------------------------ declarations


def test_every_collection_says_that_it_is_a_sample() -> None:
    tree = read_source_tree(SOURCE)
    assert tree.service.fictional
    for folder in tree.collections:
        assert "見本・架空" in folder.collection.title
        assert "見本・架空" in folder.collection.attribution
        assert folder.collection.permission == "見本のため自由に使えます。"


def test_the_permissions_of_the_scans_outlast_the_sample() -> None:
    tree = read_source_tree(SOURCE)
    scans = next(folder.collection for folder in tree.collections if folder.collection.id == "plan2500")
    assert scans.approvals
    assert all(approval.expires is not None and approval.expires.year >= 2029 for approval in scans.approvals)
    assert all({"screen", "tiles", "raw download"} <= set(approval.acts) for approval in scans.approvals)


def test_the_sample_stays_small() -> None:
    scans = sum(path.stat().st_size for path in (SOURCE / EDITION).iterdir())
    everything = sum(path.stat().st_size for path in SOURCE.rglob("*") if path.is_file())
    assert scans <= 12_000_000
    assert everything <= 16_000_000


# ------------------------------------------------------------------ files as offices deliver them


@pytest.mark.parametrize("name", [name for name in vector_files() if name.endswith(".shp")])
def test_shapefiles_are_cp932_and_do_not_say_so(name: str) -> None:
    path = SOURCE / name
    assert not path.with_suffix(".cpg").exists()
    table = path.with_suffix(".dbf").read_bytes()
    assert table[29] == 0, "the language byte says nothing"
    records = table[int.from_bytes(table[8:10], "little") :]
    assert "見本" in records.decode("cp932")
    with pytest.raises(UnicodeDecodeError):
        records.decode("utf-8")


def test_one_shapefile_has_no_prj() -> None:
    without = [
        name for name in vector_files() if name.endswith(".shp") and not (SOURCE / name).with_suffix(".prj").exists()
    ]
    assert without == ["bouka/2026-04-01/99999_bouka.shp"]


# ------------------------------------------------------------------ use districts


@pytest.mark.parametrize("year", [2019, 2026])
def test_use_districts_neither_overlap_nor_leave_gaps(year: int) -> None:
    shapes = youto(year).geometry
    assert shapes.is_valid.all()
    assert shapely.coverage_is_valid(shapes.to_numpy())


def test_every_kind_of_use_district_is_there() -> None:
    assert set(youto(2026)["YoutoCode"]) == set(range(1, 14))
    assert len(youto(2026)) >= 14


@pytest.mark.parametrize("year", [2019, 2026])
def test_rates_are_those_that_the_law_allows(year: int) -> None:
    for code, coverage, floor in youto(year)[["YoutoCode", "BCR", "FAR"]].itertuples(index=False):
        assert coverage in LEGAL[code][0]
        assert floor in LEGAL[code][1]


def test_the_newer_edition_adds_and_changes_and_keeps() -> None:
    before, after = youto(2019).set_index("KANRI_NO"), youto(2026).set_index("KANRI_NO")
    assert set(after.index) - set(before.index) == {"Y-15"}
    both = before.index.intersection(after.index)
    same_code = before.loc[both, "YoutoCode"] == after.loc[both, "YoutoCode"]
    same_shape = before.loc[both].geometry.geom_equals(after.loc[both].geometry)
    assert 1 <= (~same_code).sum() <= 3
    assert 1 <= (~same_shape).sum() <= 5
    assert (same_code & same_shape).sum() >= 15


def test_the_urban_area_is_exactly_the_use_districts() -> None:
    kuiki = layer("kuiki/2026-04-01/99999_kuiki.shp").set_index("AreaCode").geometry
    districts = shapely.coverage_union_all(youto(2026).geometry.to_numpy())
    assert shapely.symmetric_difference(kuiki[22], districts).area < 1.0
    assert shapely.coverage_is_valid(kuiki.to_numpy())


def test_fire_districts_follow_use_districts() -> None:
    fire = layer("bouka/2026-04-01/99999_bouka.shp").set_index("AreaCode").geometry
    commercial = youto(2026).set_index("YoutoCode").geometry[10]
    assert shapely.symmetric_difference(fire[24], commercial).area < 1.0
    assert shapely.coverage_is_valid(fire.to_numpy())


# ------------------------------------------------------------------ roads


def test_route_numbers_are_unique_strings_and_some_begin_with_zero() -> None:
    numbers = roads()["ROSEN_NO"]
    assert len(roads()) >= 60
    assert numbers.is_unique
    assert numbers.str.fullmatch(r"\d{4}").all()
    assert numbers.str.startswith("0").sum() >= 10


def test_a_road_under_four_metres_is_never_42_1_1() -> None:
    narrow = roads()[roads()["FUKU_MIN"] < 4.0]
    assert len(narrow) >= 10
    assert set(narrow["KIJUNHO"]) <= {"14", "9000", "9010"}


def test_unsurveyed_and_not_applicable_are_both_there() -> None:
    assert {"1", "14", "9000", "9010"} <= set(roads()["KIJUNHO"])
    assert set(roads().loc[roads()["KIJUNHO"] == "9000", "KIJUN_N"]) == {"未調査"}


def test_lengths_in_the_register_are_lengths_on_the_ground() -> None:
    assert (roads().geometry.length - roads()["SO_ENCHO"]).abs().max() <= 0.06
    parts = roads()[["JUFUKU", "MIKYOYO", "JITSU_EN"]].sum(axis=1)
    assert (parts - roads()["SO_ENCHO"]).abs().max() < 0.01


def test_the_sheet_of_a_road_is_the_sheet_of_its_middle() -> None:
    for line, code in zip(roads().geometry, roads()["ZUBAN"], strict=True):
        west, south, east, north = bounds_by_rule(code)
        middle = line.interpolate(0.5, normalized=True)
        assert west <= middle.x <= east
        assert south <= middle.y <= north


# ------------------------------------------------------------------ place


def test_the_sheet_rule_puts_hirai_where_the_survey_does() -> None:
    west, south, east, north = bounds_by_rule("09KC971")
    assert west <= -51_212.1 < east
    assert south < -28_064.2 <= north


@pytest.mark.parametrize(
    "name",
    ["youto/2026-04-01/99999_youto.shp", "choudo/2026-04-01/choudo.shp", "toshi_doro/2026-04-01/99999_douro.gpkg"],
)
def test_everything_lies_in_the_town_and_the_town_on_the_four_sheets(name: str) -> None:
    boxes = [bounds_by_rule(code) for code in CODES]
    block = shapely.box(
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
    assert block.contains(town())
    assert layer(name).geometry.within(town()).all()


def test_addresses_are_unique_points_of_the_town_with_x_to_the_north() -> None:
    with (SOURCE / "azachi/2026-04-01/99999_ichi.csv").open(encoding="cp932", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 150
    assert len({(row["大字・丁目名"], row["街区符号・地番"]) for row in rows}) == len(rows)
    points = shapely.points([[float(row["Ｙ座標"]), float(row["Ｘ座標"])] for row in rows])
    assert shapely.contains(town(), points).all()
    assert any("-" in row["街区符号・地番"] for row in rows)


# ------------------------------------------------------------------ scans


@pytest.mark.parametrize("code", CODES)
def test_control_points_are_corners_and_crosses_of_their_sheet(code: str) -> None:
    west, south, east, north = bounds_by_rule(code)
    ground = control_points(code)[:, :2]
    assert {(west, north), (east, north), (east, south), (west, south)} <= set(map(tuple, ground.tolist()))
    assert np.all(ground % 250 == 0)
    assert len(ground) >= 10


@pytest.mark.parametrize("code", CODES)
def test_an_affine_fit_places_a_sheet_to_half_a_metre(code: str) -> None:
    points = control_points(code)
    fitted = np.column_stack([points[:, :2], np.ones(len(points))]) @ to_pixels(code)
    residuals_px = np.hypot(*(fitted - points[:, 2:]).T)
    metres_per_px = 2_500 * 0.0254 / 200
    assert 0.0 < residuals_px.max() * metres_per_px < 0.5


def test_every_sheet_lay_askew_in_its_own_way() -> None:
    turns = [math.degrees(math.atan2(fit[0, 1], fit[0, 0])) for fit in map(to_pixels, CODES)]
    assert all(0.2 <= abs(turn) <= 0.8 for turn in turns)
    assert len({round(turn, 1) for turn in turns}) == 4


@cache
def page(code: str) -> NDArray[np.uint8]:
    """The scan in grey."""
    path = points_file(code).with_suffix("")
    return np.asarray(Image.open(path).convert("L"))


@pytest.mark.parametrize("code", CODES)
def test_the_neatline_is_drawn_at_its_control_points(code: str) -> None:
    grey = page(code)
    for _, _, col, row in control_points(code)[:4]:
        assert grey[int(row), int(col)] < 110
        assert grey[int(row) - 9 : int(row) + 10, int(col) - 9 : int(col) + 10].max() > 200


def test_roads_on_the_scan_lie_where_the_register_says() -> None:
    """Across each road, between its two dark edges: the middle is the centre line, the distance the width."""
    code = "09KC974"
    grey, fit = page(code), to_pixels(code)
    window = shapely.box(*bounds_by_rule(code)).buffer(-60)
    offsets, widenings = [], []
    for line, width in zip(roads().geometry, roads()["FUKU_DAI"], strict=True):
        if not window.contains(line) or not 5 <= width <= 9 or line.length < 60:
            continue
        for share in (0.3, 0.5, 0.7):
            edges = _edges(grey, fit, line, share * line.length, width)
            if edges is not None:
                offsets.append(sum(edges) / 2)
                widenings.append(edges[1] - edges[0] - width)
    assert len(offsets) >= 60
    assert abs(np.median(offsets)) < 0.15
    assert np.percentile(np.abs(offsets), 80) < 0.5
    assert abs(np.median(widenings)) < 0.5


def _edges(
    grey: NDArray[np.uint8], fit: Array, line: shapely.LineString, at_m: float, width_m: float
) -> tuple[float, float] | None:
    """Where the darkest pixels left and right of a centre line lie, in metres; None if it is not open road."""
    here, ahead = line.interpolate(at_m), line.interpolate(at_m + 1.0)
    across = np.array([-(ahead.y - here.y), ahead.x - here.x])
    stations = np.arange(-width_m / 2 - 1.2, width_m / 2 + 1.2, 0.05)
    ground = np.array([here.x, here.y]) + stations[:, None] * across / np.hypot(*across)
    pixels = (np.column_stack([ground, np.ones(len(ground))]) @ fit).astype(int)
    profile = grey[pixels[:, 1], pixels[:, 0]].astype(float)
    if profile[np.abs(stations) < width_m / 2 - 1.0].min() < 225:
        return None
    left, right = stations < -1.0, stations > 1.0
    return (
        float(np.mean(stations[left][profile[left] == profile[left].min()])),
        float(np.mean(stations[right][profile[right] == profile[right].min()])),
    )


# ------------------------------------------------------------------ the generator


@pytest.fixture(scope="module")
def remade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sample")
    write_vectors(root)
    write_points(root)
    return root


def test_the_generator_makes_the_committed_files_again_byte_for_byte(remade: Path) -> None:
    made = sorted(path.relative_to(remade) for path in remade.rglob("*") if path.is_file())
    assert len(made) >= 20
    different = [str(name) for name in made if (remade / name).read_bytes() != (SOURCE / name).read_bytes()]
    assert different == []
