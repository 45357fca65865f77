from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_the_name_of_a_person_blocks_and_is_masked() -> None:
    finding = only(examine(districts(FNNumber={3: "見本 花子様宅前"})))
    assert (finding.rule, finding.severity) == ("personal_data", "block")
    assert finding.message == "「告示番号」に人の名前のような文字があります: 見本＊＊＊＊＊＊"
    assert finding.record == 3
    assert finding.field == "kokuji"
    assert "花子様宅前" not in finding.model_dump_json()
