from __future__ import annotations

from tests.checks.planting import districts, examine, only, square


def test_one_shape_with_two_attributes_warns() -> None:
    finding = only(examine(districts({2: square(0)})))
    assert (finding.rule, finding.severity) == ("duplicate_features", "warn")
    assert finding.message == "同じ形で属性の違う地物があります (youto.shp の 1 番目)。"
    assert finding.record == 2
