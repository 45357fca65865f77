from __future__ import annotations

from tests.checks.planting import districts, examine, only, youto


def test_a_missing_required_value_blocks() -> None:
    finding = only(
        examine(
            districts(FNNumber={5: "　"}),
            youto(fields={"kokuji": {"source": "FNNumber", "title": "告示番号", "required": True}}),
        )
    )
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == "「告示番号」の値がありません。"
    assert finding.record == 5
    assert finding.field == "kokuji"
