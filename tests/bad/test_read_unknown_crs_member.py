"""GeoJSON whose `crs` member names nothing known."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import geojson
from tests.formats.material import read_one


def test_is_not_taken_for_wgs84(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(
        '{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"9系"}},"features":[]}', encoding="utf-8"
    )
    with pytest.raises(MaterialError, match=r"^a\.geojson: crs「9系」が分かりません。"):
        read_one(geojson, path)
