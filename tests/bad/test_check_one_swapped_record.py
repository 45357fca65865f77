from __future__ import annotations

import shapely

from tests.checks.planting import districts, examine, only, square


def test_one_swapped_record_blocks_alone() -> None:
    finding = only(examine(districts({4: shapely.transform(square(3), lambda pairs: pairs[:, ::-1])})))
    assert (finding.rule, finding.severity) == ("inside_town", "block")
    assert finding.message == "地物が町域の外にあります (町域から 30.8 km)。"
    assert finding.record == 4
    assert finding.advice == "X (北) と Y (東) を入れ替えると町内に入ります。列の順を確かめてください。"
