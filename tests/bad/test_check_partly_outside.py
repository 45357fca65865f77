from __future__ import annotations

from tests.checks.planting import districts, examine, only, square


def test_a_feature_that_leaves_the_town_warns_with_its_area() -> None:
    finding = only(examine(districts({6: square(6, side_m=1100.0)})))
    assert (finding.rule, finding.severity) == ("inside_town", "warn")
    assert finding.message == "地物の一部が町域の外にあります (100,000.0 m²)。"
    assert finding.record == 6
