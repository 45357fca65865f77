"""/identify and /search: found, nothing there, and no data never look the same."""

from __future__ import annotations

from typing import Any

import pyproj
import pytest
from starlette.testclient import TestClient

from tests.tile_server.tree import SOUTH_M, WEST_M, lonlat


def identify(client: TestClient, east_m: float, north_m: float, **more: str) -> dict[str, Any]:
    lon, lat = lonlat(east_m, north_m)
    answer = client.get("/identify", params={"lon": str(lon), "lat": str(lat)} | more)
    assert answer.status_code == 200
    document: dict[str, Any] = answer.json()
    return document


def layers(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {layer["collection"]: layer for layer in document["layers"]}


def test_the_place_is_given_in_town_metres_as_pyproj_gives_them(client: TestClient) -> None:
    found = identify(client, 155, 155)
    northing, easting = pyproj.Transformer.from_crs("EPSG:6668", "EPSG:6677").transform(found["lat"], found["lon"])
    assert (found["easting_m"], found["northing_m"]) == pytest.approx((easting, northing), abs=0.001)
    assert (found["easting_m"], found["northing_m"]) == (WEST_M + 155, SOUTH_M + 155)


def test_every_answer_says_whose_it_is_and_since_when(client: TestClient) -> None:
    youto = layers(identify(client, 155, 155))["youto"]
    assert youto["state"] == "found"
    assert (youto["edition"], youto["takesEffect"], youto["authority"]) == ("2026-04-01", "2026-04-01", "小町")
    assert (youto["legalBasis"], youto["mapLevel"], youto["accuracyM"]) == ("都市計画法8条1項1号", 2500, 1.75)
    assert youto["notices"] == ["この地図は小町長の承認を得て使用した（架空）"]
    (feature,) = youto["features"]
    assert feature["id"] == "d11"
    assert [(row["title"], row["value"], row["unit"]) for row in feature["labelled"]] == [
        ("番号", "011", ""),
        ("用途地域", "商業地域", ""),
        ("建蔽率", 60, "%"),
        ("高さの限度", None, "m"),
    ]
    assert client.get(feature["href"]).json()["id"] == "d11"


@pytest.mark.parametrize(("radius_m", "ids"), [("4.9", set()), ("5.1", {"101/1", "102 乙"}), ("0", set())])
def test_lines_count_within_the_radius(client: TestClient, radius_m: str, ids: set[str]) -> None:
    road = layers(identify(client, 155, 155, radius_m=radius_m))["choudou"]
    assert {feature["id"] for feature in road["features"]} == ids
    assert road["state"] == ("found" if ids else "none")


def test_nothing_there_inside_the_town_is_none_and_outside_is_nodata(client: TestClient) -> None:
    inside, outside = identify(client, 950, 950), identify(client, 1500, 1500)
    assert (inside["insideTown"], outside["insideTown"]) == (True, False)
    assert layers(inside)["choudou"]["state"] == "none"
    assert layers(outside)["choudou"]["state"] == layers(outside)["youto"]["state"] == "nodata"
    assert layers(outside)["choiki"]["state"] == "none"


def test_a_layer_with_nothing_in_force_is_nodata(client: TestClient) -> None:
    found = layers(identify(client, 155, 155))
    for name in ("koudo", "bouka"):
        assert (found[name]["state"], found[name]["edition"]) == ("nodata", None)


def test_a_draft_never_appears_in_an_answer(client: TestClient) -> None:
    assert "an" not in layers(identify(client, 155, 155))


def test_an_answer_of_a_past_day(client: TestClient) -> None:
    found = layers(identify(client, 50, 50, datetime="2026-03-31"))["youto"]
    assert found["edition"] == "2025-04-01"
    values = {row["name"]: row["value"] for row in found["features"][0]["labelled"]}
    assert values["kenpei"] == 40
    assert client.get(found["features"][0]["href"]).json()["properties"]["kenpei"] == 40


@pytest.mark.parametrize(
    "query",
    ["", "lon=139", "lat=35", "lon=NaN&lat=35", "lon=139&lat=Infinity", "lon=181&lat=0", "lon=0&lat=91",
     "lon=139&lat=35&radius_m=-1", "lon=139&lat=35&radius_m=501", "lon=139&lat=35&radius_m=1e9",
     "lon=139&lat=35&datetime=2026-01-01/..", "lon=139,1&lat=35"],
)  # fmt: skip
def test_a_senseless_place_is_400(client: TestClient, query: str) -> None:
    assert client.get(f"/identify?{query}").status_code == 400


@pytest.mark.parametrize(("lon", "lat"), [("-40.7", "0"), ("0", "90"), ("-41", "-36"), ("49.8", "0"), ("180", "-90")])
def test_the_other_side_of_the_earth_is_no_fault_of_the_server(client: TestClient, lon: str, lat: str) -> None:
    answer = client.get("/identify", params={"lon": lon, "lat": lat})
    assert answer.status_code in (200, 404)
    if answer.status_code == 200:
        assert all(layer["state"] != "found" for layer in answer.json()["layers"])


# ------------------------------------------------------------------ search


@pytest.mark.parametrize(
    ("query", "first"),
    [("0101", "101/1"), ("101号線", "101/1"), ("平井", "p1"), ("平井2丁目", "p1"), ("平井二丁目３", "p1"),
     ("09KC971", "s0"), ("０９ｋｃ９７２", "s1"), ("見本通り", "101/1")],
)  # fmt: skip
def test_a_place_is_found_however_it_is_spelt(client: TestClient, query: str, first: str) -> None:
    results = client.get("/search", params={"q": query}).json()["results"]
    assert results[0]["id"] == first
    entry = results[0]
    west, south, east, north = entry["bbox"]
    assert west <= entry["lon"] <= east
    assert south <= entry["lat"] <= north
    assert set(entry) == {"text", "kind", "collection", "id", "lon", "lat", "bbox"}


def test_an_equal_word_comes_before_a_beginning_and_a_part(client: TestClient) -> None:
    results = client.get("/search", params={"q": "011", "limit": "100"}).json()["results"]
    assert results[0]["id"] == "d11"


def test_search_gives_no_more_than_asked(client: TestClient) -> None:
    assert len(client.get("/search", params={"q": "地域", "limit": "3"}).json()["results"]) == 3
    assert len(client.get("/search", params={"q": "地域"}).json()["results"]) == 20
    assert len(client.get("/search", params={"q": "地域", "limit": "9999"}).json()["results"]) == 100


@pytest.mark.parametrize("query", ["", "q=" + "x" * 101, "q=a&limit=0", "q=a&limit=x"])
def test_a_senseless_search_is_400(client: TestClient, query: str) -> None:
    assert client.get(f"/search?{query}").status_code == 400


@pytest.mark.parametrize("query", ["", " ", "　", "\u0000", "%", "_", "zzz", "𠮷" * 50])
def test_a_search_that_finds_nothing_is_empty(client: TestClient, query: str) -> None:
    answer = client.get("/search", params={"q": query})
    assert (answer.status_code, answer.json()["results"]) == (200, [])
