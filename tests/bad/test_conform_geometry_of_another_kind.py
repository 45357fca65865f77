from __future__ import annotations

import shapely

from tests.checks.planting import districts, examine, only


def test_a_line_among_polygons_blocks() -> None:
    finding = only(examine(districts({2: shapely.LineString([(-51500, -28300), (-51450, -28250)])})))
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == "図形の種類が宣言と違います: 宣言は面 (polygon)、資料は LineString です。"
    assert finding.record == 2
