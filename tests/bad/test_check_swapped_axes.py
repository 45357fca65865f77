from __future__ import annotations

from tests.checks.planting import examine, moved, only


def test_swapped_axes_block_and_are_named() -> None:
    finding = only(examine(moved(lambda pairs: pairs[:, ::-1])))
    assert (finding.rule, finding.severity) == ("inside_town", "block")
    assert finding.message == "12 件の地物が町域の外にあります (町域から 31.3 km)。"
    assert finding.record == 1
    assert finding.advice == "X (北) と Y (東) を入れ替えると町内に入ります。列の順を確かめてください。"
