from __future__ import annotations

from tests.checks.planting import doubled, examine, only


def test_a_feature_drawn_twice_warns() -> None:
    finding = only(examine(doubled()))
    assert (finding.rule, finding.severity) == ("duplicate_features", "warn")
    assert finding.message == "形も属性も同じ地物がほかにあります (youto.shp の 2 番目)。"
    assert finding.record == 7
