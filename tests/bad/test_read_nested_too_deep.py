"""GeoJSON nested to exhaust the reader."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import geojson
from tests.formats.material import read_one


@pytest.mark.parametrize("depth", [65, 900, 100_000])
def test_properties_are_refused(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "a.geojson"
    value = "[" * depth + "]" * depth
    path.write_text(
        f'{{"type":"FeatureCollection","features":[{{"type":"Feature","geometry":null,"properties":{{"a":{value}}}}}]}}',
        encoding="utf-8",
    )
    with pytest.raises(MaterialError, match=r"^a\.geojson.*: 入れ子が深すぎます \(上限 64\)。"):
        read_one(geojson, path)


def test_coordinates_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    value = "[" * 500 + "]" * 500
    path.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":'
        f'{{"type":"Point","coordinates":{value}}}}}]}}',
        encoding="utf-8",
    )
    with pytest.raises(MaterialError, match=r"^a\.geojson・1 番目の地物: 座標が数の並びではありません。"):
        read_one(geojson, path)
