"""A file with a header and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import PlacementError
from tests.georef.scene import place_blank


def test_is_refused(tmp_path: Path) -> None:
    text = """#CRS: EPSG:6677
mapX,mapY,sourceX,sourceY,enable
"""
    with pytest.raises(PlacementError, match=r"基準点が一つもありません。"):
        place_blank(tmp_path, "09KC971", text)
