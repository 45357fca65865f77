from __future__ import annotations

import pytest

from tests.checks.planting import districts, examine, only


def test_the_name_of_a_person_blocks_and_is_masked() -> None:
    finding = only(examine(districts(FNNumber={3: "見本 花子様宅前"})))
    assert (finding.rule, finding.severity) == ("personal_data", "block")
    assert finding.message == "「告示番号」に人の名前のような文字があります: 見本＊＊＊＊＊＊"
    assert finding.record == 3
    assert finding.field == "kokuji"
    assert "花子様宅前" not in finding.model_dump_json()


@pytest.mark.parametrize("text", ["所有者 見本花子", "申請者：見本　花子", "建築主名 見本花子", "所有者：町田花子"])
def test_a_name_behind_its_word_blocks(text: str) -> None:
    finding = only(examine(districts(FNNumber={3: text})))
    assert (finding.rule, finding.severity, finding.record) == ("personal_data", "block", 3)
    assert "花子" not in finding.model_dump_json()


@pytest.mark.parametrize(
    "text",
    [
        "所有者 不明",
        "所有者との協議による",
        "申請者：町",
        "所有者：日の出町",
        "所有者 国",
        "申請者 見本土地区画整理組合",
        "建築主事の確認",
        "代表者 なし",
    ],
)
def test_the_word_alone_is_nobody_s_name(text: str) -> None:
    assert examine(districts(FNNumber={3: text})) == []
