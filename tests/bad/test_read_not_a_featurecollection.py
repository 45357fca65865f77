"""JSON that is no GeoJSON FeatureCollection."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import geojson
from tests.formats.material import read_one


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"type": "Feature", "properties": {}, "geometry": null}', "Feature"),
        ('{"type": "Topology", "objects": {}, "arcs": []}', "Topology"),
        ('{"geometryType": "esriGeometryPoint", "features": []}', "なし"),
        ('[{"town": "大字平井"}]', "なし"),
        ("null", "なし"),
    ],
)
def test_names_what_it_is(tmp_path: Path, text: str, kind: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MaterialError, match=rf"^a\.geojson: FeatureCollection ではありません \(type は「{kind}」\)。"):
        read_one(geojson, path)


def test_a_member_that_is_no_feature_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Point", "coordinates": [1, 2]}]}', encoding="utf-8"
    )
    with pytest.raises(MaterialError, match=r"^a\.geojson・1 番目の地物: Feature ではありません。"):
        read_one(geojson, path)
