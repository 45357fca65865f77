from __future__ import annotations

from tests.checks.planting import districts, examine, only

MOJIBAKE = "町告示第2号".encode("cp932").decode("latin-1")


def test_text_decoded_with_the_wrong_encoding_blocks() -> None:
    finding = only(examine(districts(FNNumber={2: MOJIBAKE})))
    assert (finding.rule, finding.severity) == ("broken_text", "block")
    assert finding.message == "「告示番号」の値「�¬���¦�æ2��」が文字化けしています。"
    assert finding.record == 2
    assert finding.field == "kokuji"
