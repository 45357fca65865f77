from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_district_of_the_law_before_1992_blocks() -> None:
    finding = only(examine(districts(YoutoCode={1: None}, YoutoName={1: "第一種住居専用地域"})))
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == "列「YoutoName」の値「第一種住居専用地域」: コード表 i-ur にありません。"
    assert finding.record == 1
    assert finding.field == "youto"
