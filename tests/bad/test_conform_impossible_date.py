from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_the_thirtieth_of_february_blocks() -> None:
    finding = only(examine(districts(FNDate={2: "平成21年2月30日"})))
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == "列「FNDate」の値「平成21年2月30日」: 2009年2月30日という日はありません。"
    assert finding.record == 2
    assert finding.field == "saishu"
