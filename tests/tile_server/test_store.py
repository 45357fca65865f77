"""Features out of either shelf, the file or the memory, agree with a plain look at every geometry."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from gis_pipeline.model import BBox
from tests.tile_server.tree import SOUTH_M, WEST_M, lonlat
from tile_server.area import Area, FrameBox
from tile_server.boxes import around
from tile_server.memory import MemoryShelf
from tile_server.selection import Wish, select
from tile_server.shelves import SqliteShelf
from tile_server.store import FeatureStore, Stored, Stores

FRAME = "EPSG:6677"


@pytest.fixture(scope="module", params=[0, 1000], ids=["sqlite", "memory"])
def stores(request: pytest.FixtureRequest) -> Stores:
    return Stores(request.param)


@pytest.fixture(scope="module")
def youto(tree: Path, stores: Stores) -> FeatureStore:
    return stores.open(tree / "collections" / "youto" / "2026-04-01" / "store.sqlite")


@pytest.fixture(scope="module")
def roads(tree: Path, stores: Stores) -> FeatureStore:
    return stores.open(tree / "collections" / "choudou" / "2026-04-01" / "store.sqlite")


def geometries(store: FeatureStore) -> dict[int, BaseGeometry]:
    everything = store.read(range(1, store.count + 1))
    return {stored.seq: shapely.geometry.shape(json.loads(stored.geojson)["geometry"]) for stored in everything}


def town(stored: Stored) -> BaseGeometry:
    geometry = shapely.from_wkb(stored.town)
    assert geometry is not None
    return geometry


def boxes(count: int, seed: int) -> list[tuple[float, float, float, float]]:
    """West, south, east, north in degrees around the town; many are smaller than a district."""
    rng = np.random.default_rng(seed)
    west, south = lonlat(-200, -200)
    east, north = lonlat(1200, 1200)
    corners = rng.uniform((west, south), (east, north), (count, 2))
    sizes = rng.exponential(0.002, (count, 2))
    return [(x, y, x + w, y + h) for (x, y), (w, h) in zip(corners.tolist(), sizes.tolist(), strict=True)]


def test_a_box_finds_exactly_what_intersects_it(youto: FeatureStore, roads: FeatureStore) -> None:
    for store in (youto, roads):
        shapes = geometries(store)
        for west, south, east, north in boxes(200, 6677):
            asked = shapely.box(west, south, east, north)
            expected = [seq for seq, shape in shapes.items() if shape.intersects(asked)]
            found = store.matching(Area((BBox(west=west, south=south, east=east, north=north),)), ())
            assert list(found) == expected


def test_a_box_in_the_town_frame_finds_exactly_what_intersects_it(youto: FeatureStore) -> None:
    shapes = {stored.seq: town(stored) for stored in youto.read(range(1, youto.count + 1))}
    rng = np.random.default_rng(9)
    for east, north, width, height in rng.uniform((-300, -300, 0, 0), (1200, 1200, 400, 400), (200, 4)).tolist():
        box = FrameBox(WEST_M + east, SOUTH_M + north, WEST_M + east + width, SOUTH_M + north + height)
        asked = shapely.box(box.west_m, box.south_m, box.east_m, box.north_m)
        expected = [seq for seq, shape in shapes.items() if shape.intersects(asked)]
        assert list(youto.matching(Area(frame=box), ())) == expected


def test_near_gives_town_metres_and_nothing_beyond_the_radius(roads: FeatureStore) -> None:
    shapes = {stored.fid: town(stored) for stored in roads.read(range(1, roads.count + 1))}
    rng = np.random.default_rng(3)
    for east, north in rng.uniform(0, 900, (100, 2)).tolist():
        lon, lat = lonlat(east, north)
        placed = around(FRAME, lon, lat, 60.0)
        assert placed is not None
        easting_m, northing_m, box = placed
        assert (easting_m, northing_m) == pytest.approx((WEST_M + east, SOUTH_M + north), abs=1e-4)
        point = shapely.Point(easting_m, northing_m)
        expected = {fid: shape.distance(point) for fid, shape in shapes.items() if shape.distance(point) <= 60.0}
        found = roads.near(easting_m, northing_m, box, 60.0, 50)
        assert {near.feature.fid: near.distance_m for near in found} == pytest.approx(expected)
        assert [near.distance_m for near in found] == sorted(near.distance_m for near in found)


def test_a_polygon_counts_only_where_it_holds_the_point(youto: FeatureStore) -> None:
    for east, north, expected in ((50, 50, {"d0"}), (100, 50, {"d0", "d1"}), (-0.5, 50, set())):
        lon, lat = lonlat(east, north)
        placed = around(FRAME, lon, lat, 10.0)
        assert placed is not None
        found = youto.near(WEST_M + east, SOUTH_M + north, placed[2], 10.0, 50)
        assert {near.feature.fid for near in found} == expected


def test_ids_with_slashes_spaces_and_quotes_are_found(roads: FeatureStore) -> None:
    for fid in ("101/1", "102 乙"):
        stored = roads.by_id(fid)
        assert stored is not None
        assert json.loads(stored.geojson)["id"] == fid
    assert roads.by_id("' OR 1=1 --") is None


def test_the_file_is_never_written(tree: Path, youto: FeatureStore) -> None:
    folder = tree / "collections" / "youto" / "2026-04-01"
    assert youto.count == 100
    assert not [path for path in folder.iterdir() if path.name.startswith("store.sqlite-")]


def test_a_feature_without_a_place_matches_every_area(tree: Path, stores: Stores) -> None:
    register = stores.open(tree / "collections" / "choubo" / "2026-04-01" / "store.sqlite")
    box = BBox(west=0, south=0, east=1, north=1)
    assert list(register.matching(Area((box,)), ())) == [1]
    assert list(register.matching(Area(frame=FrameBox(0, 0, 1, 1)), ())) == [1]
    assert register.near(0, 0, box, 10.0, 50) == []


def test_pages_and_single_features_are_the_same_bytes_from_either_shelf(tree: Path) -> None:
    path = tree / "collections" / "youto" / "2026-04-01" / "store.sqlite"
    file, memory = Stores(0).open(path), Stores(1000).open(path)
    assert isinstance(file.shelf, SqliteShelf)
    assert isinstance(memory.shelf, MemoryShelf)
    for seqs in (range(1, 101), range(20, 31), [3], [], [99, 1, 50], range(1, 1)):
        assert memory.read(seqs) == file.read(seqs)
    assert memory.ids() == file.ids()
    assert memory.by_id("d7") == file.by_id("d7")
    assert memory.by_id("x") is None


def test_memory_holds_no_more_than_is_said(tree: Path) -> None:
    names = ("youto/2026-04-01", "youto/2025-04-01", "choudou/2026-04-01")
    stores = Stores(2)
    held = [isinstance(stores.open(tree / "collections" / name / "store.sqlite").shelf, MemoryShelf) for name in names]
    assert held == [False, False, True]


def test_over_editions_the_newest_state_of_a_feature_decides(tree: Path, stores: Stores) -> None:
    newest, older = (
        stores.open(tree / "collections" / "youto" / edition / "store.sqlite")
        for edition in ("2026-04-01", "2025-04-01")
    )
    chosen = select([newest, older], Wish())
    assert chosen.count == 100
    assert json.loads(chosen.read(0, 1)[0].geojson)["properties"]["kenpei"] == 50
    # The older edition's 40 % is not in force any more in any feature: it must not come back through a filter.
    assert select([newest, older], Wish(filters=(("kenpei", "40"),))).count == 0
