"""GeoJSON with half of a character (an escape of one surrogate)."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import geojson
from tests.formats.material import read_one


def test_names_record_and_field(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null,"properties":{"氏":"\\ud842野"}}]}',
        encoding="utf-8",
    )
    with pytest.raises(MaterialError, match=r"^a\.geojson・1 番目の地物・属性「氏」: 文字の半分だけの符号"):
        read_one(geojson, path)
