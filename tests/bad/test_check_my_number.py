from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_number_with_the_check_digit_of_my_number_blocks_and_is_masked() -> None:
    finding = only(examine(districts(FNNumber={3: "123456789018"})))
    assert (finding.rule, finding.severity) == ("personal_data", "block")
    assert finding.message == "「告示番号」に個人番号のような文字があります: 12＊＊＊＊＊＊＊＊＊＊"
    assert finding.record == 3
    assert finding.field == "kokuji"
    assert "456789018" not in finding.model_dump_json()
