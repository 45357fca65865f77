"""mapX holds the northing, as X does in 平面直角座標系."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import PlacementError
from tests.georef.scene import place_blank


def test_is_refused(tmp_path: Path) -> None:
    text = """#CRS: EPSG:6677
mapX,mapY,sourceX,sourceY,enable
-27000,-52000,20,-20,1
-27000,-50000,2020,-20,1
-28500,-50000,2020,-1520,1
-28500,-52000,20,-1520,1
"""
    with pytest.raises(
        PlacementError, match=r"図面が裏返しに置かれます。 東距と北距の入れ違い（平面直角座標系では X が北）"
    ):
        place_blank(tmp_path, "09KC971", text)
