"""Side files whose names differ from the .shp in case only: Windows takes them for the same, Linux does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import shapefile
from tests.formats.material import read_one, texts, write_shapefile


def test_attributes_are_found_whatever_the_case_of_their_name(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "youto.shp", [(b"name", "C", 4)], [[b"1"]])
    path.with_suffix(".dbf").rename(tmp_path / "Youto.Dbf")
    assert texts(read_one(shapefile, path), "name") == ["1"]


def test_an_index_that_gdal_cannot_find_is_named(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "youto.shp", [(b"name", "C", 4)], [[b"1"]])
    path.with_suffix(".shx").rename(tmp_path / "Youto.Shx")
    if path.with_suffix(".shx").exists():
        pytest.skip("skipped: this file system does not tell upper from lower case")
    with pytest.raises(
        MaterialError, match=r"Youto\.Shx と \.shp とで、名前の大文字と小文字が違います。 youto\.shx に"
    ):
        read_one(shapefile, path)
