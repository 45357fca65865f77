"""A TIFF whose last strips are missing (its directory comes first)."""

from __future__ import annotations

from pathlib import Path

import pytest
import rasterio

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import tiff
from gis_pipeline.georef.pixels import source_pixels
from tests.georef.scene import picture


def test_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=400,
        height=300,
        count=1,
        dtype="uint8",
        transform=rasterio.Affine(2, 0, 5, 0, -2, 9),
    ) as out:
        out.write(picture(300, 400)[..., :1].transpose(2, 0, 1))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    (page,) = tiff.read(path, path.name, 400, tmp_path)
    with pytest.raises(MaterialError, match=r"^a\.tif: 画像が壊れていて最後まで読めません"):
        source_pixels(page, tmp_path)
