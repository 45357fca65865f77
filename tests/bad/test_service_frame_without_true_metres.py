"""A town frame in which nothing can be measured: degrees, feet, or the stretched metres of Web Mercator."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import DeclarationError
from tests.town import SERVICE, Town


@pytest.mark.parametrize(
    ("crs", "sentence"),
    [
        ("EPSG:6668", "メートル単位の平面座標系ではありません。例: EPSG:6677"),
        ("EPSG:2263", "メートル単位の平面座標系ではありません。例: EPSG:6677"),
        ("EPSG:3857", "1 m が地上の 1 m になりません（メルカトル図法）。例: EPSG:6677"),
        ("EPSG:3395", "1 m が地上の 1 m になりません（メルカトル図法）。例: EPSG:6677"),
        ("EPSG:66777", "座標系「EPSG:66777」が分かりません。EPSG:6677 のように書いてください。"),
    ],
)
def test_is_refused(tmp_path: Path, crs: str, sentence: str) -> None:
    town = Town(tmp_path)
    town.write("service.toml", SERVICE.replace("EPSG:6677", crs))
    with pytest.raises(DeclarationError, match=sentence):
        town.build()
