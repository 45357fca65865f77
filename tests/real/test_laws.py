"""Laws that hold for every collection of real files: what ogr2ogr reads is what is published, and what is served."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
import shapely

from gis_pipeline.model import Collection
from tests.real import material, second, written
from tests.real.conftest import Towns

pytestmark = pytest.mark.real

ALL = [
    (town, collection)
    for town in material.towns()
    for collection in material.declared(town)
    if "[scan]" not in (material.HERE / town / collection / "collection.toml").read_text(encoding="utf-8")
]
of_town = pytest.mark.parametrize("town", material.towns())
each = pytest.mark.parametrize(("town", "collection"), ALL, ids=str)

EXTENT_M = 0.01
SHAPE_M = 0.001
MEASURE = 1e-6


@of_town
def test_building_leaves_the_material_byte_identical(towns: Towns, town: str) -> None:
    folders, before = towns[town].folders, towns[town].material
    assert before
    assert material.hashes(folders.source) == before


@of_town
def test_the_town_serves_what_it_declares_in_its_own_frame(towns: Towns, town: str) -> None:
    service = towns.get(town, "/api")["service"]
    served = [each["id"] for each in towns.get(town, "/api/collections")["collections"]]
    assert sorted(served) == list(material.declared(town))
    assert service["crs"] == towns[town].catalog.snapshot().release.service.crs


@each
def test_every_feature_is_published(towns: Towns, town: str, collection: str) -> None:
    published = towns[town].published(collection)
    expected = len(towns.second(town, collection).rows)
    assert expected > 0
    assert published.edition.count == expected
    assert len(towns[town].features(collection)) == expected


@each
def test_the_extent_is_the_sources(towns: Towns, town: str, collection: str) -> None:
    ours = towns[town].features(collection).total_bounds
    theirs = shapely.total_bounds(towns.second(town, collection).shapes)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=EXTENT_M)


@each
def test_the_published_geojson_brought_back_into_the_frame_is_the_source(
    towns: Towns, town: str, collection: str, tmp_path: Path
) -> None:
    _is_the_source(towns, town, collection, "features.geojson", tmp_path)


@each
def test_the_published_geopackage_is_the_source(towns: Towns, town: str, collection: str, tmp_path: Path) -> None:
    _is_the_source(towns, town, collection, "features.gpkg", tmp_path)


def _is_the_source(towns: Towns, town: str, collection: str, name: str, scratch: Path) -> None:
    """A published file, read by ogr2ogr, has the count, extent and every string that it reads in the source."""
    published = towns[town].published(collection)
    back = second.convert(published.file(name), published.edition.frame, scratch)
    source = towns.second(town, collection)
    assert len(back.rows) == len(source.rows)
    bounds = shapely.total_bounds(source.shapes)
    np.testing.assert_allclose(shapely.total_bounds(back.shapes), bounds, rtol=0, atol=EXTENT_M)
    for field_name, field in published.declaration.fields.items():
        if field.type in ("text", "code"):
            raw = source.column(next(each for each in field.sources if each in source.rows[0]))
            assert back.column(field_name) == [written.expected(field, value) for value in raw], field_name


@each
def test_every_value_of_every_declared_field_is_the_sources(towns: Towns, town: str, collection: str) -> None:
    declaration = _declaration(towns, town, collection)
    features, table = towns[town].features(collection), towns.second(town, collection)
    compared = 0
    for name, field in declaration.fields.items():
        if field.type == "class":
            continue
        raw = table.column(next(source for source in field.sources if source in table.rows[0]))
        assert features[name].tolist() == [written.expected(field, value) for value in raw], name
        compared += len(raw)
    assert compared or not declaration.fields


@each
def test_every_class_is_the_sources(towns: Towns, town: str, collection: str) -> None:
    declaration = _declaration(towns, town, collection)
    name = declaration.class_field
    if name is None:
        assert not declaration.classes
        return
    features, table = towns[town].features(collection), towns.second(town, collection)
    for source in declaration.fields[name].sources:
        raw = [written.text(value) for value in table.column(source)]
        if all(value.isdecimal() for value in raw):
            assert features[name].tolist() == [str(int(value)) for value in raw]
        else:
            assert features[f"{name}_name"].tolist() == [written.class_name(value) for value in raw]


@each
def test_areas_and_lengths_are_the_sources(towns: Towns, town: str, collection: str) -> None:
    ours, theirs = towns[town].features(collection).geometry.array, towns.second(town, collection).shapes
    for measure in (shapely.area, shapely.length, shapely.get_num_coordinates):
        assert measure(ours).sum() == pytest.approx(measure(theirs).sum(), rel=MEASURE)


@each
def test_every_shape_is_within_a_millimetre_of_the_sources(towns: Towns, town: str, collection: str) -> None:
    ours, theirs = towns[town].features(collection).geometry.array, towns.second(town, collection).shapes
    small = shapely.get_num_coordinates(theirs) < 5000  # the distance takes the square of the number of vertices
    assert small.any()
    assert float(shapely.hausdorff_distance(ours[small], theirs[small]).max()) <= SHAPE_M


@each
def test_the_items_served_are_as_many_as_the_sources(towns: Towns, town: str, collection: str) -> None:
    document = towns.get(town, f"/api/collections/{collection}/items?limit=1")
    assert document["numberMatched"] == len(towns.second(town, collection).rows)


@each
def test_an_item_served_has_the_sources_values(towns: Towns, town: str, collection: str) -> None:
    features, table = towns[town].features(collection), towns.second(town, collection)
    position = len(features) // 2
    item = towns.get(town, f"/api/collections/{collection}/items/{features['fid'].iloc[position]}")
    for name, field in _declaration(towns, town, collection).fields.items():
        if field.type != "class":
            source = next(source for source in field.sources if source in table.rows[0])
            assert item["properties"][name] == written.expected(field, table.rows[position][source]), name


@each
def test_a_vector_tile_has_every_feature_of_its_area(towns: Towns, town: str, collection: str) -> None:
    features = towns[town].features(collection)
    mercator = features.to_crs("EPSG:3857").geometry
    zoom = max(12, _declaration(towns, town, collection).zooms[0])
    size_m = 2 * ORIGIN_M / (1 << zoom)
    middle = shapely.centroid(mercator.array[len(features) // 2])
    point = shapely.shortest_line(mercator.array[len(features) // 2], middle).coords[0]
    col, row = int((point[0] + ORIGIN_M) // size_m), int((ORIGIN_M - point[1]) // size_m)
    west_m, north_m = col * size_m - ORIGIN_M, ORIGIN_M - row * size_m
    answer = towns.client(town).get(f"/tiles/{collection}/{zoom}/{col}/{row}.mvt")
    assert answer.status_code == 200
    found = _fids(answer.content, collection)
    unit_m = size_m / UNITS
    inside = shapely.box(west_m + unit_m, north_m - size_m + unit_m, west_m + size_m - unit_m, north_m - unit_m)
    wanted = set(features["fid"][shapely.intersects(mercator.array, inside)])
    nearby = set(features["fid"][shapely.intersects(mercator.array, shapely.buffer(inside, size_m / 8))])
    assert wanted
    assert wanted <= found <= nearby


UNITS = 1 << 14
"""The grid of a published vector tile, in units a side."""

ORIGIN_M = 20037508.342789244
"""Half the width of the Web Mercator square, in its metres (OGC 17-083r4, annex D.1)."""


def _fids(tile: bytes, layer: str) -> set[str]:
    content = gzip.decompress(tile) if tile[:2] == b"\x1f\x8b" else tile
    decoded: dict[str, Any] = mapbox_vector_tile.decode(content)
    return {feature["properties"]["fid"] for feature in decoded[layer]["features"]}


def _declaration(towns: Towns, town: str, collection: str) -> Collection:
    return towns[town].published(collection).declaration
