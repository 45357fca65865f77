"""Two of three sheets cannot be placed: both are told at once, each by its own reason."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tests.town import SOUTH_M, WEST_M, Town, findings

SHEETS = """
title = "図"
role = "sheets"
geometry = "polygon"
permission = "自由に使えます。"
outputs = ["geojson"]
[source]
crs = "EPSG:6677"
[scan]
pixel_m = 1.0
neatline = "none"
"""
HEAD = "mapX,mapY,sourceX,sourceY,enable\n"
CORNERS = ((0, 0), (200, 0), (200, 150), (0, 150))
ROWS = "".join(f"{WEST_M + 2 * col},{SOUTH_M + 600 - 2 * row},{col},{-row},1\n" for col, row in CORNERS)


def _town(root: Path, **points: str | None) -> Town:
    town = Town(root)
    town.write("zu/collection.toml", SHEETS)
    for name, text in points.items():
        image = town.write(f"zu/2026-04-01/{name}.png", "")
        Image.new("L", (200, 150), 200).save(image)
        if text is not None:
            town.write(f"zu/2026-04-01/{name}.png.points", text)
    return town


def test_both_are_told(tmp_path: Path) -> None:
    outcome = _town(tmp_path, a=HEAD, b=HEAD + ROWS, c=None).build()
    assert outcome.candidate is None
    told = {(one.file, one.message) for one in findings(outcome)}
    assert told == {("a.png.points", "基準点が一つもありません。"), ("c.png", "位置の手がかりがありません。")}
    assert findings(outcome, "warn") == []


def test_without_any_sheet_there_is_still_a_report(tmp_path: Path) -> None:
    outcome = _town(tmp_path, a=HEAD).build()
    assert [one.file for one in findings(outcome)] == ["a.png.points"]
    assert "基準点が一つもありません" in outcome.report_path.read_text(encoding="utf-8")
