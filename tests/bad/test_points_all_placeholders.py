"""Points clicked on the page whose ground coordinates were never filled in."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import PlacementError
from tests.georef.scene import place_blank


def test_is_refused(tmp_path: Path) -> None:
    text = """#CRS: EPSG:6677
mapX,mapY,sourceX,sourceY,enable
1111,1111,20,-20,1
1111,1111,2020,-20,1
1111,1111,2020,-1520,1
1111,1111,20,-1520,1
"""
    with pytest.raises(PlacementError, match=r"アフィン変換には基準点が 3 点以上必要ですが、0 点しかありません。"):
        place_blank(tmp_path, "09KC971", text)
