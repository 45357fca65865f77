from __future__ import annotations

from tests.checks.planting import districts, examine, only, youto


def test_a_fraction_in_a_whole_number_blocks() -> None:
    finding = only(
        examine(
            districts(add={"N": [1, 2, 3, 4.5, 5, 6]}),
            youto(fields={"kosu": {"source": "N", "type": "integer", "title": "個数"}}),
        )
    )
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == "列「N」の値「4.5」: 整数ではありません。"
    assert finding.record == 4
    assert finding.field == "kosu"
