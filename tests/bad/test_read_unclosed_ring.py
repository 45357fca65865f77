"""A GeoJSON polygon whose ring does not end where it began: some readers close it themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import geojson
from tests.formats.material import read_one


@pytest.mark.parametrize("ring", ["[[0,0],[1,0],[1,1],[0,1]]", "[[0,0],[1,1],[0,0]]"])
def test_names_the_record(tmp_path: Path, ring: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":'
        f'{{"type":"Polygon","coordinates":[{ring}]}}}}]}}',
        encoding="utf-8",
    )
    with pytest.raises(MaterialError, match=r"^a\.geojson・1 番目の地物: 面の輪が閉じていません"):
        read_one(geojson, path)
