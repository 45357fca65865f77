"""GeoJSON with one property twice: parsers keep the last in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import geojson
from tests.formats.material import read_one


def test_names_the_key(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null,'
        '"properties":{"容積率":200,"容積率":400}}]}',
        encoding="utf-8",
    )
    with pytest.raises(MaterialError, match=r"^a\.geojson: 同じ名前「容積率」が一つの地物に二度あります。"):
        read_one(geojson, path)
