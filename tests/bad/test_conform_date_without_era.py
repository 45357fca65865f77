from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_two_digit_year_without_era_blocks() -> None:
    finding = only(examine(districts(FNDate={3: "21.8.10"})))
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == "列「FNDate」の値「21.8.10」: 年が二桁で、元号がないため決められません。"
    assert finding.record == 3
    assert finding.field == "saishu"
