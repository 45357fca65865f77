from __future__ import annotations

from tests.checks.planting import examine, moved, only


def test_millimetres_block_and_are_named() -> None:
    finding = only(examine(moved(lambda pairs: pairs * 1000)))
    assert (finding.rule, finding.severity) == ("inside_town", "block")
    assert finding.message == "12 件の地物が町域の外にあります (町域から 58,743.5 km)。"
    assert finding.record == 1
    assert finding.advice == "単位をミリメートルとして読むと町内に入ります。メートルに直してください。"
