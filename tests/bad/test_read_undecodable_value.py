"""A .dbf value that is neither UTF-8 nor CP932."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import EncodingError
from gis_pipeline.formats import shapefile
from tests.formats.material import read_one, write_shapefile


def test_names_file_record_field_and_bytes(tmp_path: Path) -> None:
    rows = [["用途".encode("cp932")], [b"abc\x81\xff\x82"], ["町道".encode("cp932")]]
    path = write_shapefile(tmp_path / "youto.shp", [("名称".encode("cp932"), "C", 20)], rows)
    with pytest.raises(
        EncodingError,
        match=r"^youto\.dbf・2 番目の地物・属性「名称」: cp932 として読めない文字があります \(「abc」の後のバイト 81 ",
    ):
        read_one(shapefile, path)
