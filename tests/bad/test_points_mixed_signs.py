"""One row counted downwards among rows counted upwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import PlacementError
from tests.georef.scene import place_blank


def test_is_refused(tmp_path: Path) -> None:
    text = """#CRS: EPSG:6677
mapX,mapY,sourceX,sourceY,enable
-52000,-27000,20,-20,1
-50000,-27000,2020,-20,1
-50000,-28500,2020,-1520,1
-52000,-28500,20,1520,1
"""
    with pytest.raises(PlacementError, match=r"画素の縦の座標の符号が混じっています（6 行目）。"):
        place_blank(tmp_path, "09KC971", text)
