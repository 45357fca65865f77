from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_decision_after_the_day_it_takes_effect_warns() -> None:
    finding = only(examine(districts(FNDate={1: "令和8年4月2日"})))
    assert (finding.rule, finding.severity) == ("dates_in_order", "warn")
    assert finding.message == "「最終告示日」が版の施行日 2026-04-01 より後です (2026-04-02)。"
    assert finding.record == 1
    assert finding.field == "saishu"
