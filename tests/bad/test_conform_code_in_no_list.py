from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_code_of_another_list_blocks_and_the_list_is_named() -> None:
    finding = only(examine(districts(YoutoCode={2: 21}, YoutoName={2: None})), "block")
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == (
        "列「YoutoCode」の値「21」: コード表 i-ur にありません "
        "(two-digit では第一種中高層住居専用地域、ksj-a29 では田園住居地域です)。"
    )
    assert finding.record == 2
    assert finding.field == "youto"
