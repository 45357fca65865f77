"""A text with a NUL inside: readers in C stop there and lose the rest."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import csv, flatgeobuf, geojson, geopackage, shapefile
from tests.formats.material import collection, ogr2ogr, read_one, write_every_format, write_json, write_shapefile


def test_in_a_shapefile_names_record_and_field(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 20)], [[b"ok"], [b"Tokyo\0Hinode"]])
    with pytest.raises(MaterialError, match=r"^a\.dbf・2 番目の地物・属性「name」: 値「Tokyo」の途中に NUL 文字があり"):
        read_one(shapefile, path)


def test_nul_as_padding_of_a_shapefile_is_no_defect(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 8)], [[b"Tokyo\0\0\0"]])
    assert read_one(shapefile, path).frame["name"][1] == "Tokyo"


def test_in_geojson_names_record_and_field(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [139, 35]}
    feature = {"type": "Feature", "properties": {"名称": "見本\0町"}, "geometry": point}
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    with pytest.raises(
        MaterialError, match=r"^a\.geojson・1 番目の地物・属性「名称」: 値「見本」の途中に NUL 文字があり"
    ):
        read_one(geojson, path)


def test_in_geopackage_names_record_and_field(tmp_path: Path) -> None:
    plain = write_json(tmp_path / "plain.geojson", collection())
    path = ogr2ogr(tmp_path / "a.gpkg", plain, "GPKG", "-nln", "a", "-lco", "SPATIAL_INDEX=NO")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE a SET 名称 = replace(名称, '～', char(0)) WHERE fid = 2")
        connection.commit()
    with pytest.raises(
        MaterialError, match=r"^a\.gpkg・レイヤ a・2 番目の地物・属性「名称」: 値「第１種」の途中に NUL"
    ):
        read_one(geopackage, path)


def test_in_flatgeobuf_names_record_and_field(tmp_path: Path) -> None:
    path = write_every_format(tmp_path, tmp_path)["flatgeobuf"][0]
    path.write_bytes(path.read_bytes().replace("～".encode(), b"\0ab"))
    with pytest.raises(MaterialError, match=r"^e\.fgb・2 番目の地物・属性「名称」: 値「第１種」の途中に NUL"):
        read_one(flatgeobuf, path)


def test_in_csv_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"name\r\nTokyo\0Hinode\r\n")
    with pytest.raises(MaterialError, match=r"^a\.csv: NUL 文字があります。"):
        read_one(csv, path)
