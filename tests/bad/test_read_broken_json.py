"""GeoJSON whose end was lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import geojson
from tests.formats.material import read_one


def test_names_line_and_place(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text('{"type": "FeatureCollection",\n"features": [{"type": "Fea', encoding="utf-8")
    with pytest.raises(MaterialError, match=r"^a\.geojson: JSON として読めません \(2 行目 23 文字目: "):
        read_one(geojson, path)
