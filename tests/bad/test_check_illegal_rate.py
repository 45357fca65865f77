from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_rate_that_the_law_does_not_offer_blocks() -> None:
    finding = only(examine(districts(BCR={5: 60})))
    assert (finding.rule, finding.severity) == ("codes", "block")
    assert finding.message == "商業地域の建蔽率 60 % は法の定める値 (80) にありません。"
    assert finding.record == 5
    assert finding.field == "kenpei"
