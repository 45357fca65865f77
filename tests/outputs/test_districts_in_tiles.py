"""The zoning of the sample in its prebuilt vector tiles."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest

from gis_pipeline.catalog import Catalog, Published
from tests.outputs.neighbours import in_mercator, missing, strips, working_zooms


@pytest.fixture(scope="module")
def zoning(sample: Path) -> Published:
    return Catalog(sample / "published").snapshot().edition("youto")


@pytest.fixture(scope="module")
def areas(zoning: Published) -> gpd.GeoDataFrame:
    return in_mercator(gpd.read_file(zoning.file("features.gpkg")))


def test_every_district_is_there_at_every_working_zoom(zoning: Published, areas: gpd.GeoDataFrame) -> None:
    assert len(working_zooms(zoning)) >= 4
    for zoom in working_zooms(zoning):
        assert missing(zoning, set(areas.index), zoom) == set(), zoom


def test_neighbours_have_no_strip_between_them(zoning: Published, areas: gpd.GeoDataFrame) -> None:
    assert [strip for zoom in working_zooms(zoning) for strip in strips(zoning, areas, zoom)] == []
