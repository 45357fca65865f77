"""A CSV that lacks the declared columns of coordinates."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import DeclarationError, MaterialError
from gis_pipeline.formats import csv
from gis_pipeline.model import Source
from tests.formats.material import read_one


def test_lists_the_columns_there_are(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("番地,lon,lat\n1-2,139.2,35.7\n", encoding="utf-8")
    with pytest.raises(
        MaterialError,
        match=r"^a\.csv: 座標の列「経度」がありません。この CSV の列: 番地、lon、lat。 宣言の \[source\] の",
    ):
        read_one(csv, path, Source(easting="経度", northing="緯度"))


def test_half_a_declaration_is_a_fault_of_the_declaration(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("番地,lon,lat\n1-2,139.2,35.7\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"^a\.csv: \[source\] の easting と northing は両方書いてください。"):
        read_one(csv, path, Source(easting="lon"))
