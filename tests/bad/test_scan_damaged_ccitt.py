"""A G4 page with some bytes destroyed: the decoder goes on with other lines, and only mentions it."""

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
    Image.fromarray(picture(600, 800)[..., 2] > 127).save(path, compression="group4")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40] = b"\xff" * 40
    path.write_bytes(data)
    (page,) = tiff.read(path, path.name, 400, tmp_path)
    with pytest.raises(MaterialError, match=r"^a\.tif: 画像が壊れていて最後まで読めません（.*Fax4Decode"):
        source_pixels(page, tmp_path)
