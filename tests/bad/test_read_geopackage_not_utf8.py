"""A GeoPackage whose text is CP932."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gis_pipeline.errors import EncodingError
from gis_pipeline.formats import geopackage
from tests.formats.material import collection, ogr2ogr, read_one, write_json


def _package(tmp_path: Path) -> Path:
    plain = write_json(tmp_path / "plain.geojson", collection())
    return ogr2ogr(tmp_path / "a.gpkg", plain, "GPKG", "-nln", "a", "-lco", "SPATIAL_INDEX=NO")


def test_names_record_field_and_bytes(tmp_path: Path) -> None:
    path = _package(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE a SET 名称 = CAST(? AS TEXT) WHERE fid = 1", ("町道".encode("cp932"),))
        connection.commit()
    with pytest.raises(
        EncodingError,
        match=r"^a\.gpkg・レイヤ a・1 番目の地物・属性「名称」: UTF-8 として読めない文字があります \(バイト 92 AC",
    ):
        read_one(geopackage, path)
