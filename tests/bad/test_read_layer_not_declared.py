"""A GeoPackage of several layers, and no declaration which."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import geopackage
from gis_pipeline.model import Source
from tests.formats.material import collection, ogr2ogr, read_one, write_json


def _two_layers(tmp_path: Path) -> Path:
    plain = write_json(tmp_path / "plain.geojson", collection())
    path = ogr2ogr(tmp_path / "a.gpkg", plain, "GPKG", "-nln", "用途地域")
    return ogr2ogr(path, plain, "GPKG", "-update", "-nln", "町道")


def test_lists_the_layers(tmp_path: Path) -> None:
    with pytest.raises(
        MaterialError,
        match=r"^a\.gpkg: レイヤを一つに決められません。このファイルのレイヤ: 用途地域、町道。 宣言の \[source\] に l",
    ):
        read_one(geopackage, _two_layers(tmp_path))


def test_a_layer_that_is_not_there_lists_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(MaterialError, match=r"レイヤ「道路」はありません。このファイルのレイヤ: 用途地域、町道。"):
        read_one(geopackage, _two_layers(tmp_path), Source(layer="道路"))


def test_the_declared_layer_is_read(tmp_path: Path) -> None:
    assert read_one(geopackage, _two_layers(tmp_path), Source(layer="町道")).layer == "町道"
