"""A row that ends too early."""

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
-52000,-28500,20
"""
    with pytest.raises(PlacementError, match=r"6 行目「-52000,-28500,20」が数値として読めません。"):
        place_blank(tmp_path, "09KC971", text)
