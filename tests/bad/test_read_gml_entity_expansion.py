"""GML whose entities grow to gigabytes."""

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


def test_is_refused(tmp_path: Path) -> None:
    entities = '<!ENTITY e0 "見本">' + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    path = tmp_path / "a.gml"
    path.write_text(f'<?xml version="1.0"?><!DOCTYPE x [{entities}<!ENTITY secret "&e9;">]>{BODY}', encoding="utf-8")
    with pytest.raises(MaterialError, match=r"^a\.gml: DOCTYPE"):
        read_one(gml, path)
