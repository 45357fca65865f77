"""A GDAL virtual file under another suffix would read any path or address of this machine."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import csv, flatgeobuf, geojson, geopackage, gml, shapefile
from gis_pipeline.model import Source
from tests.formats.material import collection, read_one, write_json, write_shapefile

SECRET = "secret.geojson"


def _vrt(tmp_path: Path) -> bytes:
    secret = write_json(tmp_path / SECRET, collection())
    return (
        '<OGRVRTDataSource xmlns="http://www.opengis.net/gml"><OGRVRTLayer name="plain">'
        f"<SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    ).encode()


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (geojson, "JSON として読めません"),
        (gml, "中身が GML ではありません"),
        (geopackage, "中身が GeoPackage ではありません"),
        (flatgeobuf, "中身が FlatGeobuf ではありません"),
    ],
)
def test_is_refused(tmp_path: Path, member: ModuleType, message: str) -> None:
    path = tmp_path / f"a{member.SUFFIXES[0]}"
    path.write_bytes(_vrt(tmp_path))
    with pytest.raises(MaterialError, match=f"^{path.name}: {message}"):
        read_one(member, path)


def test_is_refused_as_shp_beside_whole_side_files(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 4)], [[b"1"]])
    path.write_bytes(_vrt(tmp_path))
    with pytest.raises(MaterialError, match=r"^a\.shp: \.shp の中身が Shapefile ではありません。"):
        read_one(shapefile, path)


def test_is_refused_as_gml_behind_a_comment(tmp_path: Path) -> None:
    path = tmp_path / "a.gml"
    path.write_bytes(b"<?xml version='1.0'?><!-- http://www.opengis.net/gml -->" + _vrt(tmp_path))
    with pytest.raises(MaterialError, match=r"^a\.gml: 中身が GML ではありません"):
        read_one(gml, path)


def test_is_only_text_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(_vrt(tmp_path))
    table = read_one(csv, path, Source())
    assert len(table.frame) == 0
