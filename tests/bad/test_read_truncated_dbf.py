"""A .dbf that ends too early."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import shapefile
from tests.formats.material import read_one, write_shapefile


def test_is_refused_with_the_number_of_whole_records(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 40)], [[b"1"], [b"2"], [b"3"]])
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes()[:-30])
    with pytest.raises(
        MaterialError, match=r"^a\.dbf: 属性ファイル \(\.dbf\) が途中で切れています \(3 件のうち 2 件まで\)。"
    ):
        read_one(shapefile, path)
