"""A full-width text was cut in the middle of its last character by the width of the .dbf field."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import EncodingError
from gis_pipeline.formats import shapefile
from tests.formats.material import read_one, write_shapefile


@pytest.mark.parametrize(("encoding", "width", "readable"), [("cp932", 7, "見本町"), ("utf-8", 10, "見本町")])
def test_names_record_and_field_and_the_width(tmp_path: Path, encoding: str, width: int, readable: str) -> None:
    cut = "見本町大字".encode(encoding)[:width]
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", width)], [["町".encode(encoding)], [cut]])
    with pytest.raises(
        EncodingError,
        match=rf"^a\.dbf・2 番目の地物・属性「name」: 値「{readable}…」が項目の幅 {width} バイトで、文字の途中で切れ",
    ):
        read_one(shapefile, path)
