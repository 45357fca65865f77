from __future__ import annotations

import geopandas as gpd
import pytest

from tests.checks.planting import COLUMNS, context, districts, examine, square, table, youto


@pytest.fixture
def before() -> gpd.GeoDataFrame:
    return context([districts()], youto())[0].features.frame


def test_a_renamed_column_does_not_take_its_attribute_with_it(before: gpd.GeoDataFrame) -> None:
    renamed = {("容積" if name == "FAR" else name): values for name, values in COLUMNS.items()}
    found = examine(table(renamed, [square(number) for number in range(6)]), before=before)
    [finding] = [one for one in found if one.severity == "block"]
    assert (finding.rule, finding.field) == ("attribute_lost", "yoseki")
    assert finding.message == "「容積率」の値が一つもありません。前の版では 6 件にありました。"


def test_an_attribute_that_some_features_keep_is_no_loss(before: gpd.GeoDataFrame) -> None:
    found = examine(districts(FNNumber=dict.fromkeys(range(1, 6))), before=before)
    assert [one.rule for one in found if one.rule == "attribute_lost"] == []
