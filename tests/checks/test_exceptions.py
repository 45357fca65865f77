"""What a check must let pass, and where its limits lie."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from gis_pipeline.checks import inside_town
from gis_pipeline.declaration import SHEET_FIELDS
from gis_pipeline.model import Collection, Scan
from tests.checks.planting import FRAME, TOWN, context, districts, examine, only, square, table, youto


def test_a_field_declared_as_personal_may_be_published() -> None:
    owner = {"source": "OWNER", "title": "施設の電話番号", "personal": True}
    source = districts(add={"OWNER": ["03-1234-5678"] * 6})
    assert [one.rule for one in examine(source, youto(fields={"tel": owner}))] == []


def test_an_empty_geometry_blocks_like_a_missing_one() -> None:
    finding = only(examine(districts({2: shapely.Polygon()})))
    assert (finding.rule, finding.severity, finding.record) == ("geometry_missing", "block", 2)


def test_a_required_field_blocks_whatever_the_collection_is() -> None:
    required = {"kokuji": {"source": "FNNumber", "title": "告示番号", "required": True}}
    finding = only(examine(districts(FNNumber={5: None}), youto(role="other", fields=required)))
    assert (finding.rule, finding.severity, finding.record) == ("conform", "block", 5)


@pytest.mark.parametrize(("role", "severity"), [("use_district", "block"), ("fire", "block"), ("other", "warn")])
def test_a_feature_without_class_blocks_where_the_law_hangs_on_it(role: str, severity: str) -> None:
    finding = only(examine(districts(YoutoCode={2: None}, YoutoName={2: None}), youto(role=role)))
    assert (finding.rule, finding.severity, finding.field) == ("conform", severity, "youto")


def test_the_sheets_around_a_town_may_leave_it() -> None:
    columns: dict[str, list[Any]] = {"code": ["09KC971", "09KC972"]}
    edge = shapely.box(-53000, -28000, -51000, -26500)
    collection = Collection(
        id="plan",
        title="図",
        role="sheets",
        geometry="polygon",
        permission="自由に使えます。",
        fields={"sheet": SHEET_FIELDS["sheet"]},
        scan=Scan(pixel_m=0.5),
        source={"crs": FRAME},
    )
    sheets = table(columns, [edge, shapely.affinity.translate(edge, 2000)])
    assert list(inside_town.check(context([sheets], collection)[0])) == []


@pytest.mark.parametrize(
    ("away_m", "expected"), [(1.0, None), (5.0, "warn"), (999.0, "warn"), (1001.0, "block"), (90000.0, "block")]
)
def test_a_feature_beside_the_town_is_a_neighbour_up_to_a_kilometre_and_misplaced_beyond(
    away_m: float, expected: str | None
) -> None:
    """The tolerance of map level 2500 is 1.75 m: a side that overhangs by less is the same line."""
    east = TOWN.bounds[2]
    inside = shapely.box(east - 100, -28000, east + away_m, -27900)
    beside = shapely.box(east + away_m, -28000, east + away_m + 100, -27900)
    shape = inside if expected is None else beside
    found = list(inside_town.check(context([districts({6: shape})], youto())[0]))
    assert [one.severity for one in found] == ([expected] if expected else [])


def test_without_a_town_boundary_only_the_zone_is_looked_at() -> None:
    far_but_in_the_zone = shapely.affinity.translate(square(5), 30000, 20000)
    assert list(inside_town.check(context([districts({6: far_but_in_the_zone})], youto(), town=None)[0])) == []


def test_the_input_of_a_date_in_a_coarser_precision_is_not_out_of_order() -> None:
    assert examine(districts(INDate={1: "平成21年"}, FNDate={1: "平成21年8月10日"})) == []
