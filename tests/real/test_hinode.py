"""日の出町: its boundary from 国土数値情報 and the places of its two 大字."""

from __future__ import annotations

import pytest

from gis_pipeline.sheets import sheet_code
from tests.real.conftest import Towns

pytestmark = pytest.mark.real

PLACES = {"大字平井": (-51212.1, -28064.2, "09KC971"), "大字大久野": (-55755.0, -25998.0, "09KC863")}
"""easting_m, northing_m in EPSG:6677 and the sheet at 1:2500, by hand from GSI's own calculation."""


def test_the_town_has_the_area_that_is_known(towns: Towns) -> None:
    assert towns["hinode"].features("choiki").area.sum() / 1e6 == pytest.approx(28.070, abs=0.0005)


def test_the_town_spans_what_is_known(towns: Towns) -> None:
    west, south, east, north = towns["hinode"].features("choiki").total_bounds
    assert (west, south, east, north) == pytest.approx((-60598.9, -29665.5, -49624.8, -23198.8), abs=0.06)


def test_the_places_lie_where_they_are_known_to_lie(towns: Towns) -> None:
    places = towns["hinode"].features("oaza").set_index("oaza").geometry
    assert set(places.index) == set(PLACES)
    for name, (easting_m, northing_m, sheet) in PLACES.items():
        point = places[name].centroid
        assert (point.x, point.y) == pytest.approx((easting_m, northing_m), abs=0.06), name
        assert sheet_code(9, 2500, point.x, point.y) == sheet, name


def test_a_place_is_found_and_lies_inside_the_town(towns: Towns) -> None:
    (hit,) = towns.get("hinode", "/search?q=平井")["results"]
    assert hit["text"] == "大字平井"
    assert towns.get("hinode", f"/identify?lon={hit['lon']}&lat={hit['lat']}")["insideTown"] is True


def test_the_next_town_is_outside(towns: Towns) -> None:
    answer = towns.get("hinode", "/identify?lon=139.2941&lat=35.7287")  # あきる野市役所
    assert answer["insideTown"] is False
    assert [layer["features"] for layer in answer["layers"]] == [[], []]
