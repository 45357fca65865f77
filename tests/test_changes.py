"""Laws of comparing two editions, over made-up towns: hypothesis, and a second formula for sizes."""

from __future__ import annotations

import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis_pipeline.changes import compare, differences

FRAME = "EPSG:6677"

corners = st.integers(-40, 40).map(lambda n: n * 2.5)
sizes = st.integers(1, 12).map(lambda n: n * 2.5)
rows = st.tuples(
    st.sampled_from([f"f{n}" for n in range(8)]),
    st.tuples(corners, corners, sizes, sizes),
    st.sampled_from(["住居", "商業", None]),
    st.sampled_from([50, 60, None]),
)
towns = st.lists(rows, max_size=8, unique_by=lambda row: row[0])


def frame(town: list[tuple[str, tuple[float, float, float, float], str | None, int | None]]) -> gpd.GeoDataFrame:
    index = pd.Index([fid for fid, *_ in town], dtype="str", name="fid")
    shapes = [shapely.MultiPolygon([shapely.box(e, n, e + w, n + h)]) for _, (e, n, w, h), *_ in town]
    columns = {
        "youto": pd.Series([youto for *_, youto, _ in town], dtype="string", index=index),
        "kenpei": pd.Series([kenpei for *_, kenpei in town], dtype="Int64", index=index),
    }
    return gpd.GeoDataFrame(pd.DataFrame(columns), geometry=gpd.GeoSeries(shapes, index=index, crs=FRAME), crs=FRAME)


@settings(max_examples=60, deadline=None)
@given(towns, st.booleans())
def test_an_edition_does_not_differ_from_itself(town: list, hashed: bool) -> None:  # type: ignore[type-arg]
    assert differences(frame(town), frame(town), hashed=hashed) == ()


@settings(max_examples=100, deadline=None)
@given(towns, towns, st.booleans())
def test_swapped_sides_swap_added_and_removed_and_keep_areas(one: list, two: list, hashed: bool) -> None:  # type: ignore[type-arg]
    there = differences(frame(one), frame(two), hashed=hashed)
    back = differences(frame(two), frame(one), hashed=hashed)
    swapped = {"added": "removed", "removed": "added", "changed": "changed"}
    assert sorted((swapped[d.kind], d.fid_before, d.fid) for d in there) == sorted(
        (d.kind, d.fid, d.fid_before) for d in back
    )
    mirrored = {(d.kind, d.fid_before, d.fid): d for d in back}
    for difference in there:
        other = mirrored[swapped[difference.kind], difference.fid, difference.fid_before]  # type: ignore[index]
        assert [(c.name, c.before, c.after) for c in difference.fields] == [
            (c.name, c.after, c.before) for c in other.fields
        ]
        assert (difference.movement is None) == (other.movement is None)
        if difference.movement is not None and other.movement is not None:
            assert difference.movement.area_m2 == pytest.approx(other.movement.area_m2, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(towns, towns)
def test_declared_ids_tell_the_same_as_the_plain_comparison(one: list, two: list) -> None:  # type: ignore[type-arg]
    told, plain = differences(frame(one), frame(two), hashed=False), compare(frame(one), frame(two))
    assert {d.fid for d in told if d.kind == "added"} == set(plain.added)
    assert {d.fid for d in told if d.kind == "removed"} == set(plain.removed)
    assert {d.fid for d in told if d.fields} == set(plain.changed)
    assert {d.fid for d in told if d.movement is not None} == set(plain.moved)


@settings(max_examples=60, deadline=None)
@given(towns, towns)
def test_the_moved_area_is_what_inclusion_and_exclusion_gives(one: list, two: list) -> None:  # type: ignore[type-arg]
    before, after = frame(one), frame(two)
    for difference in differences(before, after, hashed=False):
        if difference.movement is None:
            continue
        first, second = before.geometry[difference.fid], after.geometry[difference.fid]
        expected = first.area + second.area - 2 * first.intersection(second).area
        assert difference.movement.area_m2 == pytest.approx(expected, abs=1e-6)
        if not difference.fields:
            assert difference.place is not None
            assert shapely.area(difference.place) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(towns, towns)
def test_every_feature_of_both_sides_is_accounted_for_once(one: list, two: list) -> None:  # type: ignore[type-arg]
    told = differences(frame(one), frame(two), hashed=True)
    befores = [d.fid_before for d in told if d.kind != "added"]
    afters = [d.fid for d in told if d.kind != "removed"]
    assert len(befores) == len(set(befores))
    assert len(afters) == len(set(afters))
    added, removed = ([d for d in told if d.kind == kind] for kind in ("added", "removed"))
    assert len(two) - len(one) == len(added) - len(removed)


def named(fid: str, shape: shapely.Geometry | None, text: str) -> gpd.GeoDataFrame:
    index = pd.Index([fid], dtype="str")
    return gpd.GeoDataFrame({"name": pd.Series([text], index=index)}, geometry=[shape], index=index, crs=FRAME)


SQUARE = shapely.box(0, 0, 10, 10)


def test_hashed_ids_at_the_same_place_are_one_changed_feature() -> None:
    (told,) = differences(named("aaa", SQUARE, "旧"), named("bbb", SQUARE, "新"), hashed=True)
    assert (told.kind, told.fid, told.fid_before, told.movement) == ("changed", "bbb", "aaa", None)
    assert [(c.name, c.before, c.after) for c in told.fields] == [("name", "旧", "新")]


def test_hashed_ids_with_the_same_attributes_and_overlap_are_one_moved_feature() -> None:
    (told,) = differences(named("aaa", SQUARE, "同"), named("bbb", shapely.box(2, 0, 12, 10), "同"), hashed=True)
    assert told.kind == "changed"
    assert told.movement is not None
    assert told.movement.area_m2 == pytest.approx(40)


def test_hashed_ids_that_only_touch_stay_two_features() -> None:
    told = differences(named("aaa", SQUARE, "同"), named("bbb", shapely.box(10, 0, 20, 10), "同"), hashed=True)
    assert [d.kind for d in told] == ["added", "removed"]


def test_declared_ids_are_never_paired() -> None:
    told = differences(named("aaa", SQUARE, "旧"), named("bbb", SQUARE, "新"), hashed=False)
    assert [d.kind for d in told] == ["added", "removed"]


def test_a_vertex_on_the_same_outline_moves_nothing() -> None:
    finer = shapely.Polygon([(0, 0), (5, 0), (10, 0), (10, 10), (0, 10)])
    assert differences(named("a", SQUARE, "同"), named("a", finer, "同"), hashed=False) == ()


def test_a_line_tells_its_hausdorff_distance_and_its_length() -> None:
    straight, bent = shapely.LineString([(0, 0), (10, 0)]), shapely.LineString([(0, 0), (10, 0), (10, 5)])
    (told,) = differences(named("a", straight, "同"), named("a", bent, "同"), hashed=False)
    assert told.movement is not None
    assert told.movement.length_m == pytest.approx(5)
    assert told.movement.hausdorff_m == pytest.approx(5)
    assert told.place is not None and shapely.length(told.place) == pytest.approx(5)


def test_a_point_tells_its_distance() -> None:
    (told,) = differences(named("a", shapely.Point(0, 0), "同"), named("a", shapely.Point(3, 4), "同"), hashed=False)
    assert told.movement is not None
    assert told.movement.distance_m == pytest.approx(5)


def test_a_feature_that_gets_a_place_has_moved() -> None:
    (told,) = differences(named("a", None, "同"), named("a", SQUARE, "同"), hashed=False)
    assert told.movement is not None and told.movement.area_m2 == pytest.approx(100)
    assert told.place is not None and shapely.equals(told.place, SQUARE)


def test_comparing_does_not_touch_what_it_compares() -> None:
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    before = named("a", bow_tie, "同")
    differences(before, named("a", SQUARE, "同"), hashed=False)
    assert before.geometry.iloc[0].equals_exact(bow_tie, 0)


def test_ten_thousand_features_a_side_take_at_most_two_seconds() -> None:
    def town(shift_m: float, text: str) -> gpd.GeoDataFrame:
        cells = [(100.0 * (n % 100), 100.0 * (n // 100)) for n in range(10_000)]
        shapes = shapely.box(*(np.array([(e + shift_m, n, e + shift_m + 100, n + 100) for e, n in cells]).T))
        index = pd.Index([f"f{n}" for n in range(10_000)], dtype="str")
        columns = {f"c{k}": pd.Series([f"{text}{n}" for n in range(10_000)], index=index) for k in range(8)}
        return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, index=index), crs=FRAME)

    before, after = town(0, "旧"), town(3, "新")
    started = time.process_time()
    assert len(differences(before, after, hashed=False)) == 10_000
    assert time.process_time() - started <= 2.0
