"""Polygon Z for flat data: heights say nothing about a plan, and some readers stumble over them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import shapely

from gis_pipeline.formats import shapefile
from tests.formats.material import read_one


def test_heights_are_dropped_and_it_is_said(tmp_path: Path) -> None:
    ring = [(-51200, -28000, 3.5), (-51100, -28000, 0), (-51100, -27900, 0), (-51200, -28000, 3.5)]
    solid = gpd.GeoDataFrame({"no": ["1"]}, geometry=[shapely.Polygon(ring)], crs="EPSG:6677")
    solid.to_file(tmp_path / "a.shp", encoding="cp932", engine="pyogrio")
    read = read_one(shapefile, tmp_path / "a.shp")
    assert not read.frame.geometry.has_z.any()
    assert [finding.message for finding in read.findings] == ["高さ (Z) を除きました: 1 件、高さ 0〜3.5。"]
