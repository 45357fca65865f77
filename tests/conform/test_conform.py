"""Laws of conforming: what goes in comes out under its declared name and type, and keeps its id."""

from __future__ import annotations

import random
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import shapely.affinity
from hypothesis import given, settings
from hypothesis import strategies as st

from gis_pipeline.codelists import CODE_LISTS
from gis_pipeline.declaration import SHEET_FIELDS
from gis_pipeline.members import Features, SourceTable
from gis_pipeline.model import Collection, Finding, Scan
from tests.checks.planting import COLUMNS, FRAME, conformed, districts, square, table, youto


def without_ids(**changes: Any) -> Collection:
    return youto(feature_id=[], **changes)


def take(source: SourceTable, order: list[int]) -> SourceTable:
    """The same table with its records in another order."""
    columns = {name: [source.frame[name].iloc[at] for at in order] for name in COLUMNS}
    return table(columns, [source.frame.geometry.iloc[at] for at in order])


def content(features: Features) -> dict[str, tuple[object, ...]]:
    """fid → everything published of the feature."""
    plain = pd.DataFrame(features.frame.drop(columns="geometry")).astype("object").fillna("—")
    shapes = shapely.to_wkb(shapely.normalize(features.frame.geometry.array))
    rows = zip(plain.itertuples(index=True, name=None), shapes, strict=True)
    return {row[0]: (*row[1:], shape) for row, shape in rows}


def changed(one: Features, other: Features) -> list[int]:
    """The records (from 1) whose ids differ."""
    pairs = zip(one.frame.index, other.frame.index, strict=True)
    return [record for record, (first, second) in enumerate(pairs, 1) if first != second]


def blocking(found: list[Finding]) -> list[str]:
    return [one.message for one in found if one.severity == "block"]


# ------------------------------------------------------------------ shape of the result


def test_the_clean_town_comes_out_as_declared_without_a_remark() -> None:
    features, found = conformed([districts()], youto())
    assert found == []
    frame = features.frame
    assert list(frame.columns) == [
        "bango", "youto", "youto_name", "kenpei", "yoseki", "tosho", "saishu", "kokuji", "geometry",
    ]  # fmt: skip
    assert frame["bango"].tolist() == ["001", "002", "003", "004", "005", "006"]
    assert frame["youto"].tolist() == ["1", "3", "5", "9", "10", "11"]
    assert frame["youto_name"].iloc[0] == "第一種低層住居専用地域"
    assert frame["kenpei"].tolist() == [50, 60, 60, 80, 80, 60]
    assert frame["yoseki"].tolist() == [80, 200, 200, 300, 400, 200]
    assert frame["tosho"].tolist() == ["1973", "1973-11-20", "1973-11-20", "1990-08-10", "1990-08-10", "1990-08-10"]
    assert frame["saishu"].tolist() == ["2009-08-10", "2019", *["2009-08-10"] * 4]
    assert frame["kokuji"].iloc[2] == "町告示第3号"


def test_the_types_are_those_of_the_contract() -> None:
    extra = {
        "n": {"source": "N", "type": "integer", "title": "個数"},
        "x": {"source": "X", "type": "number", "title": "長さ"},
    }
    source = districts(add={"N": [1, None, 3, 4, 5, 6], "X": [0.5, 1, None, 2, 3, 4]})
    features, _ = conformed([source], youto(fields=extra))
    dtypes = features.frame.drop(columns="geometry").dtypes.astype(str).to_dict()
    assert dtypes == {
        "bango": "string", "youto": "string", "youto_name": "string", "kenpei": "Int64", "yoseki": "Int64",
        "tosho": "string", "saishu": "string", "kokuji": "string", "n": "Int64", "x": "Float64",
    }  # fmt: skip
    assert features.frame["n"].isna().tolist() == [False, True, False, False, False, False]
    assert features.frame.index.name == "fid"


def test_the_origin_names_the_record_of_the_file() -> None:
    second = SourceTable("b.gpkg", "youto", districts().frame.iloc[2:4], FRAME)
    features, _ = conformed([districts(), second], youto())
    assert features.origin["record"].tolist() == [1, 2, 3, 4, 5, 6, 3, 4]
    assert features.origin["file"].tolist() == ["youto.shp"] * 6 + ["b.gpkg"] * 2
    assert features.origin["layer"].iloc[-1] == "youto"
    assert features.origin.index.equals(features.frame.index)


def test_single_geometries_become_multi_and_nothing_moves() -> None:
    features, _ = conformed([districts()], youto())
    assert set(features.frame.geom_type) == {"MultiPolygon"}
    assert features.frame.crs == FRAME
    for number, shape in enumerate(features.frame.geometry):
        assert shape.equals_exact(shapely.MultiPolygon([square(number)]), 0)


def test_no_table_gives_an_empty_frame_with_every_column() -> None:
    features, found = conformed([], youto())
    assert found == []
    assert len(features.frame) == 0
    assert features.frame.columns.tolist()[0] == "bango"
    assert str(features.frame["kenpei"].dtype) == "Int64"


def test_a_column_that_nobody_declared_does_not_come_out() -> None:
    features, _ = conformed([districts(add={"SHOYUSHA": ["見本 太郎"] * 6})], youto())
    assert "SHOYUSHA" not in features.frame.columns
    assert not features.frame.astype(str).apply(lambda column: column.str.contains("太郎")).any(axis=None)


def test_a_height_is_dropped_and_that_is_said() -> None:
    raised = {1: shapely.force_3d(square(0), 12.5)}
    features, found = conformed([districts(raised)], youto())
    assert not features.frame.has_z.any()
    assert [one.message for one in found] == ["高さ (Z) は公開されません。"]


def test_a_register_has_no_geometry_and_is_not_reprojected() -> None:
    features, found = conformed([districts(dict.fromkeys(range(1, 7)))], youto(geometry="none"))
    assert found == []
    assert features.frame.geometry.isna().all()


# ------------------------------------------------------------------ ids


@settings(deadline=None, max_examples=20)
@given(st.randoms(use_true_random=False), st.booleans())
def test_a_feature_keeps_its_id_in_any_order(shuffle: random.Random, declared: bool) -> None:
    collection = youto() if declared else without_ids()
    order = list(range(6))
    shuffle.shuffle(order)
    one, _ = conformed([districts()], collection)
    other, _ = conformed([take(districts(), order)], collection)
    assert content(one) == content(other)


def test_equal_features_are_numbered_and_keep_their_ids_in_any_order() -> None:
    columns = {name: [values[0]] * 3 for name, values in COLUMNS.items()}
    features, _ = conformed([table(columns, [square(0)] * 3)], without_ids())
    first, second, third = features.frame.index
    assert (second, third) == (f"{first}-2", f"{first}-3")


def test_the_start_and_direction_of_a_ring_do_not_change_the_id() -> None:
    ring = list(square(2).exterior.coords)[:-1]
    turned = shapely.Polygon([*ring[2:], *ring[:2]][::-1])
    one, _ = conformed([districts()], without_ids())
    other, _ = conformed([districts({3: turned})], without_ids())
    assert one.frame.index.equals(other.frame.index)


def test_a_tenth_of_a_millimetre_keeps_the_id_and_a_centimetre_changes_it() -> None:
    one, _ = conformed([districts()], without_ids())
    near, _ = conformed([districts({3: shapely.affinity.translate(square(2), 0.0001)})], without_ids())
    far, _ = conformed([districts({3: shapely.affinity.translate(square(2), 0.01)})], without_ids())
    assert one.frame.index.equals(near.frame.index)
    assert changed(one, far) == [3]


def test_an_attribute_changes_the_id_where_none_is_declared() -> None:
    one, _ = conformed([districts()], without_ids())
    other, _ = conformed([districts(FNNumber={2: "別の告示"})], without_ids())
    assert changed(one, other) == [2]


def test_the_order_of_the_declared_fields_does_not_change_the_id() -> None:
    turned = without_ids()
    turned = turned.model_copy(update={"fields": dict(reversed(turned.fields.items()))})
    one, _ = conformed([districts()], without_ids())
    other, _ = conformed([districts()], turned)
    assert one.frame.index.equals(other.frame.index)


def test_several_id_columns_are_joined_and_stay_one_part_of_a_path() -> None:
    source = districts(KANRI_NO={1: "甲/１", 2: "A B", 3: "..", 4: 101.0, 5: "丙?x#1"})
    features, _ = conformed([source], youto(feature_id=["KANRI_NO"]))
    assert features.frame.index.tolist() == ["甲_1", "A_B", "_..", "101", "丙_x_1", "006"]
    joined, _ = conformed([districts()], youto(feature_id=["KANRI_NO", "YoutoCode"]))
    assert joined.frame.index.tolist() == ["001-1", "002-3", "003-5", "004-9", "005-10", "006-11"]


def test_a_sheet_is_known_by_its_code() -> None:
    columns: dict[str, list[Any]] = {"code": ["09KC971", "09KC972"], "map_level": [2500, 2500]}
    fields = {"sheet": SHEET_FIELDS["sheet"], "map_level": SHEET_FIELDS["map_level"]}
    scan = Scan(pixel_m=0.5)
    collection = Collection(id="plan", title="図", role="sheets", geometry="polygon", fields=fields, scan=scan)
    features, found = conformed([table(columns, [square(0), square(1)])], collection)
    assert found == []
    assert features.frame.index.tolist() == ["09KC971", "09KC972"]


# ------------------------------------------------------------------ columns and classes


def test_the_first_present_column_is_used() -> None:
    collection = youto(fields={"kokuji": {"source": ["告示番号", "FNNumber"], "title": "告示番号"}})
    features, found = conformed([districts(add={"告示番号": ["一", "二", "三", "四", "五", "六"]})], collection)
    assert features.frame["kokuji"].iloc[0] == "一"
    assert conformed([districts()], collection)[0].frame["kokuji"].iloc[0] == "町告示第1号"
    assert found == []


def test_a_column_name_in_full_width_is_the_same_column() -> None:
    collection = youto(fields={"kokuji": {"source": "ＦＮＮｕｍｂｅｒ", "title": "告示番号"}})
    assert conformed([districts()], collection)[1] == []


def test_an_absent_column_that_is_not_required_warns_and_is_missing() -> None:
    features, found = conformed([districts(drop=["FNNumber"])], youto())
    assert [one.severity for one in found] == ["warn"]
    assert features.frame["kokuji"].isna().all()


@pytest.mark.parametrize("template", ["第{}種", "{}種", " 第 {} 種"])
@pytest.mark.parametrize("one", ["1", "１", "一", "壱"])
@pytest.mark.parametrize("suffix", ["地域", ""])
def test_every_spelling_of_a_district_is_that_district(template: str, one: str, suffix: str) -> None:
    name = template.format(one) + "中高層住居専用" + suffix
    features, found = conformed([districts(YoutoCode={1: None}, YoutoName={1: name})], youto())
    assert blocking(found) == []
    assert features.frame["youto"].iloc[0] == "3"


@pytest.mark.parametrize("codes", CODE_LISTS)
def test_every_code_and_name_of_every_list_agree_with_themselves(codes: str) -> None:
    listed = CODE_LISTS[codes]  # type: ignore[index]
    classes = [{"code": code, "title": one.name, "colour": "#ffffff"} for code, one in listed.items()]
    for spelling in ("name", "stamp"):
        columns: dict[str, list[Any]] = {name: [values[0]] * len(listed) for name, values in COLUMNS.items()}
        columns["KANRI_NO"] = [f"{n:03}" for n in range(len(listed))]
        columns["YoutoCode"] = [float(code) for code in listed]
        columns["YoutoName"] = [getattr(one, spelling) for one in listed.values()]
        field = {"source": ["YoutoCode", "YoutoName"], "type": "class", "codes": codes, "title": "用途地域"}
        features, found = conformed(
            [table(columns, [square(0)] * len(listed))], youto(fields={"youto": field}, classes=classes)
        )
        assert blocking(found) == []
        assert features.frame["youto"].tolist() == list(listed)


@pytest.mark.parametrize(("codes", "name"), [("i-ur", "商業地域"), ("ksj-a29", "準工業地域"), ("two-digit", None)])
def test_the_same_number_is_another_district_under_another_declared_list(codes: str, name: str | None) -> None:
    classes = [
        {"code": code, "title": one.name, "colour": "#ffffff"}
        for code, one in CODE_LISTS[codes].items()  # type: ignore[index]
    ]
    field = {"source": "YoutoCode", "type": "class", "codes": codes, "title": "用途地域"}
    source = districts(YoutoCode=dict.fromkeys(range(1, 7), 10))
    features, found = conformed([source], youto(fields={"youto": field}, classes=classes))
    assert bool(blocking(found)) == (name is None)
    assert features.frame["youto_name"].dropna().unique().tolist() == ([name] if name else [])


def test_declared_classes_are_found_by_code_title_and_short() -> None:
    classes = [
        {"code": "24", "title": "防火地域", "short": "防火", "colour": "#e60033"},
        {"code": "025", "title": "準防火地域", "short": "準防", "colour": "#f39800"},
    ]
    fields = {"youto": {"source": "K", "type": "class", "title": "防火"}}
    source = districts(add={"K": [24.0, "２５", "防火", "準防火地域", "準防", "025"]})
    features, found = conformed([source], youto(role="fire", classes=classes, fields=fields))
    assert blocking(found) == []
    assert features.frame["youto"].tolist() == ["24", "025", "24", "025", "025", "025"]


def test_where_keeps_the_records_with_the_value_after_nfkc() -> None:
    collection = youto(source={"crs": FRAME, "where": {"field": "YoutoCode", "values": ["９", "10"]}})
    features, found = conformed([districts(YoutoCode={4: 9.0})], collection)
    assert found == []
    assert features.frame.index.tolist() == ["004", "005"]
    assert features.origin["record"].tolist() == [4, 5]


def test_the_same_value_warns_once_with_its_number() -> None:
    _, found = conformed([districts(FNDate={2: "平成32年", 4: "平成32年"})], youto())
    assert len(found) == 1
    assert "同じ値が 2 件" in found[0].message
    assert found[0].record == 2


def test_a_blocked_value_is_missing_and_the_rest_of_the_record_stays() -> None:
    features, found = conformed([districts(FAR={2: "不明"})], youto())
    assert len(blocking(found)) == 1
    assert features.frame["yoseki"].isna().tolist() == [False, True, False, False, False, False]
    assert features.frame["kenpei"].iloc[1] == 60


def test_a_finding_says_where_on_the_ground() -> None:
    _, found = conformed([districts(FAR={2: "不明"})], youto())
    place = found[0].place
    assert place is not None
    assert square(1).contains(shapely.Point(place.easting_m, place.northing_m))


def test_the_source_table_is_not_changed() -> None:
    source = districts()
    before = gpd.GeoDataFrame(source.frame.copy(deep=True))
    conformed([source], youto())
    pd.testing.assert_frame_equal(pd.DataFrame(source.frame), pd.DataFrame(before))
