from __future__ import annotations

from tests.checks.planting import examine, moved, only, to_degrees


def test_degrees_read_as_metres_block_and_are_named() -> None:
    finding = only(examine(moved(to_degrees)), "block")  # that the shapes are tiny then is only a warning
    assert (finding.rule, finding.severity) == ("inside_town", "block")
    assert finding.message == "12 件の地物が町域の外にあります (町域から 57.0 km)。"
    assert finding.record == 1
    assert finding.advice == '値は度 (経度・緯度) のようです。crs = "EPSG:6668" と読むと町内に入ります。'
