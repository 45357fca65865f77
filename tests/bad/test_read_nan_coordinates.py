"""GeoJSON with coordinates that are no numbers: NaN, Infinity, 1e999, text, true."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import geojson
from tests.formats.material import read_one


def _path(tmp_path: Path, coordinate: str) -> Path:
    good = '{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[139.1,35.7]}}'
    path = tmp_path / "a.geojson"
    features = f"{good},{good.replace('35.7', coordinate)}"
    path.write_text(f'{{"type":"FeatureCollection","features":[{features}]}}', encoding="utf-8")
    return path


@pytest.mark.parametrize("coordinate", ["NaN", "-Infinity", "1e999"])
def test_not_finite_names_the_record(tmp_path: Path, coordinate: str) -> None:
    with pytest.raises(
        MaterialError, match=r"^a\.geojson・2 番目の地物: 座標に数でない値 \(NaN・Infinity\) があります。"
    ):
        read_one(geojson, _path(tmp_path, coordinate))


@pytest.mark.parametrize("coordinate", ['"35.7"', "true", "null", "[35.7]"])
def test_not_a_number_names_the_record(tmp_path: Path, coordinate: str) -> None:
    with pytest.raises(MaterialError, match=r"^a\.geojson・2 番目の地物: 座標が数の並びではありません。"):
        read_one(geojson, _path(tmp_path, coordinate))
