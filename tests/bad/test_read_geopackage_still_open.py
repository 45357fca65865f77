"""A GeoPackage copied while QGIS had it open: the last changes lie in the -wal file."""

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


def test_is_refused(tmp_path: Path) -> None:
    path = _package(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("UPDATE a SET 名称 = '新しい名' WHERE fid = 1")
        connection.commit()
        with pytest.raises(
            MaterialError, match=r"^a\.gpkg: ほかのソフトが開いたままで、保存されていない変更があります。"
        ):
            read_one(geopackage, path)


def test_in_wal_mode_but_closed_it_is_read_and_nothing_is_written_beside_it(tmp_path: Path) -> None:
    path = _package(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    before = sorted(entry.name for entry in tmp_path.iterdir())
    assert len(read_one(geopackage, path).frame) == 4
    assert sorted(entry.name for entry in tmp_path.iterdir()) == before
