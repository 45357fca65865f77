"""GeoJSON saved in CP932."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import EncodingError
from gis_pipeline.formats import geojson
from tests.formats.material import read_one


def test_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes('{"type": "FeatureCollection",\n"name": "用途"}'.encode("cp932"))
    with pytest.raises(EncodingError, match=r"^a\.geojson: UTF-8 として読めません \(2 行目、バイト 97 70 93 72 "):
        read_one(geojson, path)
