"""A .shx that ends too early."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import shapefile
from tests.formats.material import read_one, write_shapefile


@pytest.mark.parametrize("left", [104, 108, 99, 110])
def test_is_refused(tmp_path: Path, left: int) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 4)], [[b"1"], [b"2"]])
    shx = path.with_suffix(".shx")
    shx.write_bytes(shx.read_bytes()[:left])
    with pytest.raises(
        MaterialError, match=r"^a\.shx: (ファイルが途中で切れています|\.shx の中身が Shapefile ではありません)"
    ):
        read_one(shapefile, path)
