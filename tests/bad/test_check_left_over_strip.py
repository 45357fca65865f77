from __future__ import annotations

import shapely

from tests.checks.planting import districts, examine, only

STRIP = shapely.Polygon([(-51400, -28400), (-51370, -28400), (-51370, -28399.999)])


def test_a_strip_left_over_between_zones_warns_with_its_width() -> None:
    finding = only(examine(districts({3: STRIP})))
    assert (finding.rule, finding.severity, finding.record) == ("too_small", "warn", 3)
    assert finding.message == "図形が目に見えないほど小さいです (面積 0.0150 m²、平均の幅 0.50 mm)。"
