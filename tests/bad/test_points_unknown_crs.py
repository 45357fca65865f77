"""A #CRS line that names no CRS."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import PlacementError
from tests.georef.scene import place_blank


def test_is_refused(tmp_path: Path) -> None:
    text = """#CRS: 平面直角9系
mapX,mapY,sourceX,sourceY,enable
-52000,-27000,20,-20,1
-50000,-27000,2020,-20,1
-50000,-28500,2020,-1520,1
-52000,-28500,20,-1520,1
"""
    with pytest.raises(
        PlacementError, match=r"^09KC971\.png\.points・図郭 09KC971: ファイルの座標系「平面直角9系」が分かりません。"
    ):
        place_blank(tmp_path, "09KC971", text)
