"""Rows counted from the foot of the page, so that the map would be mirrored."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import PlacementError
from tests.georef.scene import place_blank


def test_is_refused(tmp_path: Path) -> None:
    text = """#CRS: EPSG:6677
mapX,mapY,sourceX,sourceY,enable
-52000,-27000,20,1520,1
-50000,-27000,2020,1520,1
-50000,-28500,2020,20,1
-52000,-28500,20,20,1
"""
    with pytest.raises(PlacementError, match=r"図面が裏返しに置かれます。"):
        place_blank(tmp_path, "09KC971", text)
