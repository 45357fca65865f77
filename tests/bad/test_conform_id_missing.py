from __future__ import annotations

from tests.checks.planting import districts, examine, only, youto


def test_a_record_without_its_number_blocks() -> None:
    finding = only(
        examine(
            districts(KANRI_NO={3: None}),
            youto(fields={"bango": {"source": "KANRI_NO", "type": "code", "title": "管理番号"}}),
        )
    )
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == "地物の番号 (feature_id: KANRI_NO) に値がありません。"
    assert finding.record == 3
    assert finding.field == "feature_id"
