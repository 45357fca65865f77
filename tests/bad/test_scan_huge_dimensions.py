"""A TIFF of 8 kB that claims 100,000 × 100,000 pixels."""

from __future__ import annotations

from pathlib import Path

import pytest
import rasterio

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import tiff


def test_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=100_000, height=100_000, count=1, dtype="uint8",
        SPARSE_OK=True, tiled=True, blockxsize=8192, blockysize=8192, transform=rasterio.Affine(2, 0, 5, 0, -2, 9),
    ):  # fmt: skip
        pass
    with pytest.raises(
        MaterialError, match=r"^a\.tif: 画像が大きすぎます: 100000×100000 画素（上限 600,000,000 画素）"
    ):
        list(tiff.read(path, path.name, 400, tmp_path))
