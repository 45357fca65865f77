from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_ratios_among_percents_are_read_with_a_warning() -> None:
    finding = only(examine(districts(FAR={5: 4.0})))
    assert (finding.rule, finding.severity) == ("conform", "warn")
    assert finding.message == "列「FAR」に比率 (1 件) と % が混ざっています。比率は 100 倍しました。"
    assert finding.record == 5
    assert finding.field == "yoseki"


def test_ratios_among_percents_written_as_text_are_told_as_well() -> None:
    """The usual dBASE and CSV: a column of texts."""
    finding = only(examine(districts(BCR={3: "60", 4: "0.8", 5: "80", 6: "６０"})))
    assert finding.message == "列「BCR」に比率 (1 件) と % が混ざっています。比率は 100 倍しました。"
    assert (finding.severity, finding.record) == ("warn", 4)
