from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_first_decision_after_the_last_warns() -> None:
    finding = only(examine(districts(INDate={1: "平成22年"})))
    assert (finding.rule, finding.severity) == ("dates_in_order", "warn")
    assert finding.message == "「当初決定日」が「最終告示日」より後です (2010)。"
    assert finding.record == 1
    assert finding.field == "tosho"
