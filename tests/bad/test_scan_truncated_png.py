"""A PNG cut off in the middle: GDAL's fast way takes it for a whole one."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import png
from gis_pipeline.georef.pixels import source_pixels
from tests.georef.scene import picture


def test_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(picture(300, 400)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    (page,) = png.read(path, path.name, 400, tmp_path)
    with pytest.raises(MaterialError, match=r"^a\.png: 画像が壊れていて最後まで読めません（.*libpng: Read Error"):
        source_pixels(page, tmp_path)
