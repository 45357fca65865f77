"""A table of millions of rows that was taken for a file of control points."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import PlacementError
from tests.georef.scene import place_blank


def test_is_refused_before_it_is_read(tmp_path: Path) -> None:
    text = "mapX,mapY,sourceX,sourceY,enable\n" + "1,2,3,-4,1\n" * 100_000
    with pytest.raises(
        PlacementError, match=r"基準点ファイルが大きすぎます \(上限 1,048,576 バイト\)。 別のファイルを"
    ):
        place_blank(tmp_path, "09KC971", text)
