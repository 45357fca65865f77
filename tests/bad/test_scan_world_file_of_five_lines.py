"""A world file with a line missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import png
from tests.georef.scene import picture


def test_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(picture(30, 40)).save(path)
    (tmp_path / "a.pgw").write_text("1\n0\n0\n-1\n-52000\n", encoding="ascii")
    with pytest.raises(MaterialError, match=r"^a\.pgw: ワールドファイルとして読めません。6 行の数値が必要です。"):
        list(png.read(path, path.name, 400, tmp_path))
