from __future__ import annotations

from tests.checks.planting import COLUMNS, context, districts, examine, only, table, youto


def test_an_empty_layer_blocks() -> None:
    finding = only(
        examine(table({name: [] for name in COLUMNS}, []), before=context([districts()], youto())[0].features.frame),
        "block",
    )
    assert (finding.rule, finding.severity) == ("not_empty", "block")
    assert finding.message == "地物が一つもありません。前の版には 6 件ありました。"
