from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_telephone_number_blocks_and_is_masked() -> None:
    finding = only(examine(districts(FNNumber={3: "連絡は０３－１２３４－５６７８まで"})))
    assert (finding.rule, finding.severity) == ("personal_data", "block")
    assert finding.message == "「告示番号」に電話番号のような文字があります: 連絡＊＊＊＊＊＊＊＊＊＊"
    assert finding.record == 3
    assert finding.field == "kokuji"
    assert "０３－１２３４－５６７８まで" not in finding.model_dump_json()
