from __future__ import annotations

from tests.checks.planting import area, districts, examine, only, youto


def test_a_feature_outside_the_area_it_must_lie_in_warns_with_its_size() -> None:
    finding = only(examine(districts(), youto(relations=[{"inside": "kuiki"}]), others={"kuiki": area()}))
    assert (finding.rule, finding.severity) == ("relations_inside", "warn")
    assert finding.message == "「kuiki」の外にはみ出しています (10,000.0 m²)。"
    assert finding.record == 6
