from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_control_character_is_taken_out_with_a_warning() -> None:
    finding = only(examine(districts(FNNumber={1: "町告示\x08第1号"})))
    assert (finding.rule, finding.severity) == ("conform", "warn")
    assert finding.message == "列「FNNumber」の値「町告示第1号」: 見えない制御文字を取り除きました。"
    assert finding.record == 1
    assert finding.field == "kokuji"
