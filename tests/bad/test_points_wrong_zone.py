"""Coordinates of zone VIII taken for zone IX: the sheet is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import PlacementError
from tests.georef.scene import place_blank


def test_is_refused(tmp_path: Path) -> None:
    text = """#CRS: EPSG:6677
mapX,mapY,sourceX,sourceY,enable
68000,-27000,20,-20,1
70000,-27000,2020,-20,1
70000,-28500,2020,-1520,1
68000,-28500,20,-1520,1
"""
    with pytest.raises(PlacementError, match=r"図郭の 100 % が画像の外に出ます。"):
        place_blank(tmp_path, "09KC971", text)
