from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_rate_with_a_fraction_blocks() -> None:
    finding = only(examine(districts(BCR={6: "60.5%"})), "block")
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == "列「BCR」の値「60.5%」: 整数の % になりません。"
    assert finding.record == 6
    assert finding.field == "kenpei"
