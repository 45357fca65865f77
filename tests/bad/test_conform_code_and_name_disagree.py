from __future__ import annotations

from tests.checks.planting import YOUTO, districts, examine, only, youto

DENEN = {"code": "8", "title": "田園住居地域", "colour": "#d7eb6e"}


def test_a_code_and_a_name_that_disagree_block_and_the_agreeing_list_is_named() -> None:
    finding = only(
        examine(districts(YoutoCode={4: 8}, YoutoName={4: "近隣商業地域"}), youto(classes=[*YOUTO["classes"], DENEN]))
    )
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == (
        "同じ地物の区分が列によって違います: YoutoCode「8」は田園住居地域、YoutoName「近隣商業地域」は近隣商業地域。"
    )
    assert finding.record == 4
    assert finding.field == "youto"
    assert finding.advice == 'codes = "ksj-a29" と宣言すれば一致します。資料のコード表を確かめてください。'
