"""A GeoPackage with a text in a column of numbers: SQLite allows it, GDAL makes 0 of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import geopackage
from tests.formats.material import collection, ogr2ogr, read_one, write_json


def _package(tmp_path: Path) -> Path:
    plain = write_json(tmp_path / "plain.geojson", collection())
    return ogr2ogr(tmp_path / "a.gpkg", plain, "GPKG", "-nln", "a", "-lco", "SPATIAL_INDEX=NO")


def test_names_record_field_and_text(tmp_path: Path) -> None:
    path = _package(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE a SET 棟数 = '不明' WHERE fid = 3")
        connection.commit()
    with pytest.raises(MaterialError, match=r"^a\.gpkg・レイヤ a・3 番目の地物・属性「棟数」: 数の列に文字「不明」が"):
        read_one(geopackage, path)
