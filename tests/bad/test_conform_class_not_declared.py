from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_district_without_a_declared_class_blocks() -> None:
    finding = only(examine(districts(YoutoCode={6: 12}, YoutoName={6: None})))
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == "列「YoutoCode」の値「12」: コード 12 (工業地域) が [[classes]] に宣言されていません。"
    assert finding.record == 6
    assert finding.field == "youto"
