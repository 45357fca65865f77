"""GML that asks for a file of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import gml
from tests.formats.material import read_one

BODY = (
    '<ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" xmlns:gml="http://www.opengis.net/gml/3.2">'
    "<ogr:featureMember><ogr:t><ogr:name>&secret;</ogr:name></ogr:t></ogr:featureMember></ogr:FeatureCollection>"
)


def test_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("秘密", encoding="utf-8")
    path = tmp_path / "a.gml"
    path.write_text(
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY secret SYSTEM "file://{secret}">]>{BODY}', encoding="utf-8"
    )
    with pytest.raises(MaterialError, match=r"^a\.gml: DOCTYPE \(実体の宣言\) のある XML は受け付けません。"):
        read_one(gml, path)


def test_a_doctype_in_utf16_is_refused_as_well(tmp_path: Path) -> None:
    path = tmp_path / "a.gml"
    path.write_bytes(f'<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">{BODY}'.encode("utf-16"))
    with pytest.raises(MaterialError, match=r"^a\.gml: DOCTYPE"):
        read_one(gml, path)
