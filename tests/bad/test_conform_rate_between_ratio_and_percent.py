from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_rate_that_is_neither_ratio_nor_percent_blocks() -> None:
    finding = only(examine(districts(FAR={1: 15})), "block")
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == "列「FAR」の値「15」: 比率か % か決められません。"
    assert finding.record == 1
    assert finding.field == "yoseki"
