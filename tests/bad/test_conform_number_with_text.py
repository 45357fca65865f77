from __future__ import annotations

from tests.checks.planting import districts, examine, only, youto


def test_a_number_with_a_remark_blocks() -> None:
    finding = only(
        examine(
            districts(add={"W": ["4.0", "6m", "2.1m(1.1m)", 4, 5, 6]}),
            youto(fields={"haba": {"source": "W", "type": "number", "title": "幅員", "unit": "m"}}),
        )
    )
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == "列「W」の値「2.1m(1.1m)」: 数として読めません。"
    assert finding.record == 3
    assert finding.field == "haba"
