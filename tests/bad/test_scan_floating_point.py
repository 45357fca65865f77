"""Elevations as 32-bit floating point: a TIFF, but no picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import tiff
from gis_pipeline.georef.pixels import source_pixels


def test_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(np.ones((30, 40), dtype=np.float32)).save(path)
    (page,) = tiff.read(path, path.name, 400, tmp_path)
    with pytest.raises(MaterialError, match=r"^a\.tif: この種類の画像は扱えません（1 バンド、float32）"):
        source_pixels(page, tmp_path)
