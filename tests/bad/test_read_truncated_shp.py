"""A .shp that ends too early: GDAL reads what is left of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import shapefile
from tests.formats.material import read_one, write_shapefile


def test_is_refused(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 4)], [[b"1"], [b"2"]])
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(
        MaterialError, match=r"^a\.shp: ファイルが途中で切れています \(156 バイトのはずが 152 バイト\)。"
    ):
        read_one(shapefile, path)
