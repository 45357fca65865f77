from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_district_without_kind_blocks() -> None:
    finding = only(examine(districts(YoutoCode={2: None}, YoutoName={2: ""})))
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == "「用途地域」の値がありません。"
    assert finding.record == 2
    assert finding.field == "youto"
