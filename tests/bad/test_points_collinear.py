"""All points along the north edge."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import PlacementError
from tests.georef.scene import place_blank


def test_is_refused(tmp_path: Path) -> None:
    text = """#CRS: EPSG:6677
mapX,mapY,sourceX,sourceY,enable
-52000,-27000,20,-20,1
-51000,-27000,1020,-20,1
-50000,-27000,2020,-20,1
"""
    with pytest.raises(PlacementError, match=r"基準点が画像の上でほぼ一直線に並んでいるので、位置が決まりません。"):
        place_blank(tmp_path, "09KC971", text)
