"""CIE L*a*b* colours, which GDAL turns into a wrong RGB."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import tiff
from gis_pipeline.georef.pixels import source_pixels
from tests.georef.scene import picture


def test_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(picture(30, 40)).convert("LAB").save(path)
    (page,) = tiff.read(path, path.name, 400, tmp_path)
    with pytest.raises(MaterialError, match=r"^a\.tif: この種類の画像は扱えません（4 バンド、uint8）"):
        source_pixels(page, tmp_path)
