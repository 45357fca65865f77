"""Points taken on an image that was placed already: metres where pixels should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import PlacementError
from tests.georef.scene import place_blank


def test_is_refused(tmp_path: Path) -> None:
    text = """#CRS: EPSG:6677
mapX,mapY,sourceX,sourceY,enable
-52000,-27000,-52000,-27000,1
-50000,-27000,-50000,-27000,1
-50000,-28500,-50000,-28500,1
-52000,-28500,-52000,-28500,1
"""
    with pytest.raises(PlacementError, match=r"3 行目の画素（-52000, 27000）が画像（2040×1540 画素）の外です。"):
        place_blank(tmp_path, "09KC971", text)
