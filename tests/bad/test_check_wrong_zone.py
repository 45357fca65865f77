from __future__ import annotations

from tests.checks.planting import examine, moved, only, to_zone_8


def test_another_plane_zone_blocks_and_is_named() -> None:
    finding = only(examine(moved(to_zone_8)))
    assert (finding.rule, finding.severity) == ("inside_town", "block")
    assert finding.message == "12 件の地物が町域の外にあります (町域から 118.8 km)。"
    assert finding.record == 1
    assert finding.advice == '第VIII系として読むと町内に入ります。crs = "EPSG:6676" ではないか確かめてください。'
