from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_mail_address_blocks_and_is_masked() -> None:
    finding = only(examine(districts(FNNumber={3: "taro@example.jp"})))
    assert (finding.rule, finding.severity) == ("personal_data", "block")
    assert finding.message == "「告示番号」にメールアドレスのような文字があります: ta＊＊＊＊＊＊＊＊＊＊"
    assert finding.record == 3
    assert finding.field == "kokuji"
    assert "o@example.jp" not in finding.model_dump_json()
