"""One suite over every check: pure, quiet on a clean town, and able to find something."""

from __future__ import annotations

import datetime as dt
import inspect
from typing import Any

import pytest
import shapely

from gis_pipeline.codelists import CODE_LISTS
from gis_pipeline.findings import LIMIT
from gis_pipeline.members import Context, SourceTable
from gis_pipeline.model import Collection, Finding, SheetFit
from tests.checks.planting import COLUMNS, all_checks, area, context, districts, square, table, youto

CHECKS = all_checks()
BOW_TIE = shapely.Polygon([(-51400, -28400), (-51200, -28200), (-51200, -28400), (-51400, -28200)])
SLIVER = shapely.Polygon([(-51400, -28400), (-51370, -28400), (-51370, -28399.999)])
FIT = SheetFit(
    code="09KC971", file="09KC971.tif", method="affine", points=6, rmse_m=2.4, max_residual_m=4.0,
    pixel_size_m=0.5, tolerance_m=1.75,
)  # fmt: skip

Plant = tuple[SourceTable, Collection, dict[str, Any]]

BEFORE = context([districts()], youto())[0].features.frame

DEFECTS: dict[str, Plant] = {
    "attribute_lost": (districts(FAR=dict.fromkeys(range(1, 7))), youto(), {"before": BEFORE}),
    "broken_text": (districts(FNNumber={2: "町告示\ufffd"}), youto(), {}),
    "codes": (districts(FAR={1: 400}), youto(), {}),
    "dates_in_order": (districts(INDate={1: "令和2年"}), youto(), {}),
    "duplicate_features": (districts({2: square(0)}), youto(), {}),
    "duplicate_ids": (districts(KANRI_NO={2: "001"}), youto(), {}),
    "fit_tolerance": (districts(), youto(), {"fits": (FIT,)}),
    "glyph_missing": (districts(FNNumber={2: "\U0002a6df号"}), youto(), {}),
    "geometry_missing": (districts({1: None}), youto(), {}),
    "geometry_valid": (districts({3: BOW_TIE}), youto(), {}),
    "inside_town": (districts({6: square(60)}), youto(), {}),
    "not_empty": (table({name: [] for name in COLUMNS}, []), youto(), {}),
    "permissions": (districts(), youto(permission=""), {}),
    "personal_data": (districts(FNNumber={1: "090-1234-5678"}), youto(), {}),
    "relations_inside": (districts(), youto(relations=[{"inside": "kuiki"}]), {"others": {"kuiki": area()}}),
    "too_small": (districts({2: SLIVER}), youto(), {}),
    "undeclared_fields": (districts(add={"X": [1] * 6}), youto(), {}),
}


def planted(name: str) -> Context:
    source, collection, changes = DEFECTS[name]
    return context([source], collection, **changes)[0]


def test_every_check_has_a_planted_defect() -> None:
    assert set(DEFECTS) == set(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_says_in_japanese_what_it_checks(name: str) -> None:
    assert any(ord(char) > 0x3000 for char in CHECKS[name].TITLE)
    assert list(inspect.signature(CHECKS[name].check).parameters) == ["context"]


@pytest.mark.parametrize("name", CHECKS)
def test_a_clean_town_gives_nothing_to_do(name: str) -> None:
    looked_at, _ = context([districts()], youto())
    assert list(CHECKS[name].check(looked_at)) == []


@pytest.mark.parametrize("name", CHECKS)
def test_the_planted_defect_is_found_and_says_what_where_and_what_to_do(name: str) -> None:
    found = list(CHECKS[name].check(planted(name)))
    assert found
    for one in found:
        assert one.rule == name
        assert "。" in one.message or "＊" in one.message
        assert one.advice.endswith("。")
        assert one.file or one.sheet or one.field


@pytest.mark.parametrize("name", CHECKS)
def test_the_same_context_gives_the_same_findings_twice(name: str) -> None:
    looked_at = planted(name)
    frame, origin = looked_at.features.frame.copy(deep=True), looked_at.features.origin.copy(deep=True)
    first = list(CHECKS[name].check(looked_at))
    assert list(CHECKS[name].check(looked_at)) == first
    assert looked_at.features.frame.equals(frame), "the check changed the features"
    assert looked_at.features.origin.equals(origin)


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_stands_an_empty_collection_without_fields(name: str) -> None:
    collection = Collection(id="bare", title="空", geometry="polygon", permission="自由")
    looked_at, _ = context([], collection)
    found = list(CHECKS[name].check(looked_at))
    assert [one.severity for one in found] == (["block"] if name == "not_empty" else [])


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_stands_a_register_without_geometry(name: str) -> None:
    collection = youto(geometry="none", role="other")
    looked_at, _ = context([districts(dict.fromkeys(range(1, 7)))], collection)
    assert list(CHECKS[name].check(looked_at)) == []


def test_more_findings_than_the_limit_are_counted_not_dropped() -> None:
    count = LIMIT + 57
    columns: dict[str, list[Any]] = {name: [values[0]] * count for name, values in COLUMNS.items()}
    columns["KANRI_NO"] = [f"{number:04}" for number in range(count)]
    looked_at, _ = context([table(columns, [None] * count)], youto())
    found: list[Finding] = list(CHECKS["geometry_missing"].check(looked_at))
    assert len(found) == LIMIT + 1
    assert found[-1].message.startswith("同じ種類の指摘がほかに 57 件あります (全 257 件)")
    assert found[-1].severity == "block"


@pytest.mark.parametrize("codes", CODE_LISTS)
def test_every_legal_rate_of_every_district_passes(codes: str) -> None:
    rows = [
        (code, coverage, floor_area)
        for code, district in CODE_LISTS[codes].items()  # type: ignore[index]
        for coverage in district.coverage_percent
        for floor_area in district.floor_area_percent
    ]
    collection = _all_districts(codes)
    looked_at, found = context([_rated(rows)], collection)
    assert [one for one in found if one.severity == "block"] == []
    assert list(CHECKS["codes"].check(looked_at)) == []


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-1, "block"), (0, "warn"), (7, "warn"), (8, "warn"), (30, "warn"), (90, "warn"), (91, None), (4000, None)],
)
def test_an_approval_warns_from_ninety_days_before_its_last_day_and_blocks_after_it(
    days: int, expected: str | None
) -> None:
    last = dt.date(2026, 4, 1) + dt.timedelta(days=days)
    approval = {
        "kind": "測量法44条", "grantor": "見本県知事", "number": "第1号", "date": "2015-04-01",
        "expires": last.isoformat(), "acts": ["screen", "raw download"],
    }  # fmt: skip
    looked_at, _ = context([districts()], youto(approvals=[approval]))
    found = [one.severity for one in CHECKS["permissions"].check(looked_at)]
    assert found == ([expected] if expected else [])


def _rated(rows: list[tuple[str, int, int]]) -> SourceTable:
    count = len(rows)
    columns: dict[str, list[Any]] = {name: [values[0]] * count for name, values in COLUMNS.items()}
    columns["KANRI_NO"] = [f"{number:04}" for number in range(count)]
    columns["YoutoCode"] = [row[0] for row in rows]
    columns["YoutoName"] = [None] * count
    columns["BCR"] = [row[1] for row in rows]
    columns["FAR"] = [row[2] for row in rows]
    return table(columns, [square(0)] * count)


def _all_districts(codes: str) -> Collection:
    classes = [
        {"code": code, "title": district.name, "colour": district.colour or "#ffffff"}
        for code, district in CODE_LISTS[codes].items()  # type: ignore[index]
    ]
    field = {"source": ["YoutoCode", "YoutoName"], "type": "class", "codes": codes, "title": "用途地域"}
    return youto(fields={"youto": field}, classes=classes)
