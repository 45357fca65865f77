from __future__ import annotations

import shapely

from tests.checks.planting import districts, examine, only

BOW_TIE = shapely.Polygon([(-51400, -28400), (-51200, -28200), (-51200, -28400), (-51400, -28200)])


def test_a_bow_tie_blocks_at_the_crossing_with_a_proposal() -> None:
    finding = only(examine(districts({3: BOW_TIE})))
    assert (finding.rule, finding.severity) == ("geometry_valid", "block")
    assert finding.message == "図形が正しくありません: 輪郭が自分自身と交わっています。"
    assert finding.record == 3
    assert finding.place is not None
    assert (finding.place.easting_m, finding.place.northing_m) == (-51300.0, -28300.0)
    assert "面積" in finding.advice
