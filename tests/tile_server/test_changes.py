"""What changed, over HTTP: as data, page and feeds; for a part of the town; coming and withdrawn editions as news."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.tile_server.client import BASE, client_of
from tests.tile_server.tree import WITHDRAWN_BECAUSE, lonlat

AT = "/api/collections/youto/changes"
ATOM = "{http://www.w3.org/2005/Atom}"
WEST, SOUTH = lonlat(0, 0)
EAST, NORTH = lonlat(1000, 1000)
FIRST = ",".join(str(value) for value in (*lonlat(10, 10), *lonlat(90, 90)))
"""A box inside district d0, the only one that changes from one edition to the next."""


def told(client: TestClient, query: str = "") -> dict[str, Any]:
    answer = client.get(AT + query)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_the_default_is_the_last_change_in_force(client: TestClient) -> None:
    document = told(client)
    assert (document["from"]["id"], document["to"]["id"]) == ("2025-04-01", "2026-04-01")
    (feature,) = document["features"]
    assert feature["properties"]["changes"] == [
        {"name": "kenpei", "title": "建蔽率", "unit": "%", "before": 40, "after": 50}
    ]
    assert document["counts"] == {"added": 0, "removed": 0, "changed": 1, "moved": 0, "area_m2": 0.0}
    assert shapely.from_geojson(client.get(AT).content).contains(shapely.Point(lonlat(50, 50)))


def test_days_and_edition_ids_name_the_same_editions(client: TestClient) -> None:
    by_day = told(client, "?from=2025-12-31&to=2027-05-05")
    by_id = told(client, "?from=2025-04-01.1&to=2027-04-01.1")
    assert by_day["features"] == by_id["features"]
    assert by_day["to"]["id"] == "2027-04-01"


def test_swapped_editions_swap_before_and_after(client: TestClient) -> None:
    (there,) = told(client, "?from=2025-04-01&to=2026-04-01")["features"]
    (back,) = told(client, "?from=2026-04-01&to=2025-04-01")["features"]
    (change,), (other,) = there["properties"]["changes"], back["properties"]["changes"]
    assert (change["before"], change["after"]) == (other["after"], other["before"])


def test_an_edition_does_not_differ_from_itself(client: TestClient) -> None:
    assert told(client, "?from=2026-04-01&to=2026-04-01")["features"] == []


def test_a_withdrawn_edition_is_passed_over_unless_it_is_named(client: TestClient) -> None:
    answer = client.get(f"{AT}?from=2024-04-01&to=2026-04-01")
    assert (answer.status_code, answer.json()["reason"]) == (410, WITHDRAWN_BECAUSE)
    first = client.get(f"{AT}?to=2025-04-01")
    assert (first.status_code, first.json()["type"]) == (404, "urn:machizu:problem:no-data")


CORNERS = ",".join(f"{lon} {lat}" for lon, lat in (lonlat(10, 10), lonlat(90, 10), lonlat(90, 90), lonlat(10, 10)))


@pytest.mark.parametrize("query", [f"bbox={FIRST}", f"area=POLYGON(({CORNERS}))"])
def test_only_the_part_that_is_asked_about(client: TestClient, query: str) -> None:
    assert told(client, f"?{query}")["numberMatched"] == 1
    assert told(client, f"?bbox={EAST - 1e-4},{NORTH - 1e-4},{EAST},{NORTH}")["features"] == []


def test_area_takes_geojson(client: TestClient) -> None:
    west, south, east, north = (float(value) for value in FIRST.split(","))
    inside = shapely.to_geojson(shapely.box(west, south, east, north))
    answer = client.get(AT, params={"area": inside})
    assert answer.json()["numberMatched"] == 1


TEN_CM_DEG = 1e-6


@settings(max_examples=30, deadline=None)
@given(st.tuples(*(st.integers(-10_000, 10_000) for _ in range(4))))
def test_a_part_is_a_subset_of_the_whole(client: TestClient, edges: tuple[int, int, int, int]) -> None:
    """Boxes of whole steps of 10 cm; one without width or height is a line or a point and holds what it touches."""
    west, east = sorted(round(WEST + step * TEN_CM_DEG, 6) for step in edges[:2])
    south, north = sorted(round(SOUTH + step * TEN_CM_DEG, 6) for step in edges[2:])
    whole = {feature["id"] for feature in told(client)["features"]}
    part = {feature["id"] for feature in told(client, f"?bbox={west},{south},{east},{north}")["features"]}
    assert part <= whole
    changed = shapely.from_geojson(client.get(AT).content)
    assert bool(part) == shapely.box(west, south, east, north).intersects(changed)


@pytest.mark.parametrize(
    "area",
    [
        "POINT(139 35)", "POLYGON EMPTY", "POLYGON((0 0,1 1,NaN 0,0 0))", "{",
        '{"type":"Point","coordinates":[1,2]}', '{"type":"Polygon","coordinates":[[[1,2]]]}', "((((((((((", "",
        "POLYGON((0 0,1 1" + ",1 1" * 3000 + "))",
        "POLYGON((" + ",".join(f"{n / 1000} {n * n / 1e6}" for n in range(501)) + ",0 1,0 0))", "[1]", "null",
        '{"type":"Feature"}', '{"type":"Feature","geometry":[[[[[[[[1]]]]]]]]}',
    ],
)  # fmt: skip
def test_an_area_that_is_none_is_refused(client: TestClient, area: str) -> None:
    answer = client.get(AT, params={"area": area})
    assert (answer.status_code, answer.json().get("parameter")) == (400, "area")


@pytest.mark.parametrize(
    "area",
    ["POLYGON((0 0,1 1,1 0,0 1,0 0))", '{"type":"Polygon","coordinates":[[[0,0],[999,0],[0,9],[0,0]]]}',
     "POLYGON((1e999 0,1 1,1 0,1e999 0))", "POLYGON((1 1,1 1,1 1,1 1))"],
)  # fmt: skip
def test_a_polygon_that_encloses_nothing_is_not_found(client: TestClient, area: str) -> None:
    answer = client.get(AT, params={"area": area})
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:machizu:problem:nowhere")


def test_the_page_is_read_by_people(client: TestClient) -> None:
    page = client.get(f"{AT}?f=html").text
    assert "建蔽率: 40 % → 50 %" in page
    assert "2025-04-01 版" in page
    coming = client.get(f"{AT}?to=2027-04-01&f=html").text
    assert "2027-04-01 から効力をもつ予定です" in coming


def test_what_is_for_viewing_only_is_told_without_coordinates(client: TestClient) -> None:
    answer = client.get("/api/collections/banchi/changes?from=2026-04-01&to=2026-04-01")
    assert answer.status_code == 200


def test_feeds_say_the_same_with_ids_that_stay(client: TestClient) -> None:
    document = client.get(f"{AT}?f=jsonfeed").json()
    root = ElementTree.fromstring(client.get(f"{AT}?f=atom").content)
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    ids = [item["id"] for item in document["items"]]
    assert ids == [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")]
    assert ids == ["urn:machizu:99998:change:youto:2025-04-01:2026-04-01:changed:d0"]
    for node in (root, *root.iter(f"{ATOM}entry")):
        assert node.findtext(f"{ATOM}id") and node.findtext(f"{ATOM}title") and node.findtext(f"{ATOM}updated")
    assert ids == [item["id"] for item in client.get(f"{AT}?f=jsonfeed&bbox={FIRST}").json()["items"]]


def test_accept_chooses_the_form(client: TestClient) -> None:
    for media_type in ("application/atom+xml", "application/feed+json", "text/html", "application/geo+json"):
        answer = client.get(AT, headers={"accept": media_type})
        assert answer.headers["content-type"].partition(";")[0] == media_type


# ------------------------------------------------------------------ all collections


def news(client: TestClient, query: str = "") -> dict[tuple[str, str], dict[str, Any]]:
    changes = client.get(f"/api/changes{query}").json()["changes"]
    return {(one["collection"], one["edition"]): one for one in changes}


def test_news_tell_what_is_in_force_past_coming_and_withdrawn(client: TestClient) -> None:
    found = news(client)
    assert found["youto", "2026-04-01"]["state"] == "in force"
    assert found["youto", "2025-04-01"]["state"] == "past"
    assert found["koudo", "2026-06-02"]["state"] == "planned"
    assert found["bouka", "2026-04-01"]["reason"] == WITHDRAWN_BECAUSE
    assert ("an", "2026-04-01") not in found, "a draft is asked for by name only"


def test_a_coming_edition_is_told_with_its_day(client: TestClient) -> None:
    root = ElementTree.fromstring(client.get("/api/changes?f=atom").content)
    titles = {entry.findtext(f"{ATOM}id"): entry.findtext(f"{ATOM}title") for entry in root.iter(f"{ATOM}entry")}
    assert titles["urn:machizu:99998:edition:koudo:2026-06-02"] == "予定: 高度地区 2026年6月2日から"
    later = ElementTree.fromstring(client.get("/api/changes?f=atom&datetime=2026-06-02").content)
    titles = {entry.findtext(f"{ATOM}id"): entry.findtext(f"{ATOM}title") for entry in later.iter(f"{ATOM}entry")}
    assert titles["urn:machizu:99998:edition:koudo:2026-06-02"] == "公開: 高度地区 2026-06-02 版"


def test_news_of_a_part_of_the_town_leave_out_what_changed_elsewhere(client: TestClient) -> None:
    assert ("youto", "2026-04-01") in news(client, f"?bbox={FIRST}")
    assert ("youto", "2026-04-01") not in news(client, f"?bbox={EAST - 1e-4},{NORTH - 1e-4},{EAST},{NORTH}")


def test_every_address_in_a_feed_answers(client: TestClient) -> None:
    for feed in (f"{AT}?f=jsonfeed", "/api/changes?f=jsonfeed"):
        for item in client.get(feed).json()["items"]:
            assert item["url"].startswith(BASE)
            assert client.get(item["url"]).status_code == 200, item["url"]


# ------------------------------------------------------------------ feeds, pages, limits

FEEDS = (AT, "/api/changes")


def _absolute(address: Any) -> bool:
    return isinstance(address, str) and address.startswith(BASE + "/")


@pytest.mark.parametrize("path", FEEDS)
def test_a_json_feed_has_what_its_version_requires(client: TestClient, path: str) -> None:
    """https://www.jsonfeed.org/version/1.1/: title and items; each item a unique id, content and an RFC 3339 date."""
    answer = client.get(f"{path}?f=jsonfeed")
    feed = answer.json()
    assert answer.headers["content-type"] == "application/feed+json"
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"] and _absolute(feed["home_page_url"]) and feed["authors"][0]["name"]
    assert client.get(feed["feed_url"]).json() == feed
    assert len({item["id"] for item in feed["items"]}) == len(feed["items"]) > 0
    for item in feed["items"]:
        assert isinstance(item["id"], str) and item["content_text"] and item["title"] and _absolute(item["url"])
        assert dt.datetime.fromisoformat(item["date_modified"]).tzinfo is not None
        assert all(name.startswith("_") or name in JSON_FEED_ITEM for name in item)


JSON_FEED_ITEM = {"id", "url", "title", "content_text", "date_modified", "tags"}


@pytest.mark.parametrize("path", FEEDS)
def test_an_atom_feed_has_what_its_standard_requires(client: TestClient, path: str) -> None:
    """RFC 4287, 4.1.1 and 4.1.2: one id, title and updated each; an author; a link to itself; alternates of entries."""
    root = ElementTree.fromstring(client.get(f"{path}?f=atom").content)
    assert root.tag == f"{ATOM}feed"
    entries = root.findall(f"{ATOM}entry")
    for node in (root, *entries):
        for name in ("id", "title", "updated"):
            (element,) = node.findall(f"{ATOM}{name}")
            assert element.text
        assert dt.datetime.fromisoformat(node.findtext(f"{ATOM}updated") or "").tzinfo is not None
        assert (node.findtext(f"{ATOM}id") or "").startswith("urn:machizu:")
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    (own,) = [link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert _absolute(own.get("href"))
    for entry in entries:
        (alternate,) = [link for link in entry.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert _absolute(alternate.get("href")) and entry.findtext(f"{ATOM}content")
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == len(entries) > 0


def test_pages_of_a_feed_together_are_the_feed(client: TestClient) -> None:
    whole = [item["id"] for item in client.get("/api/changes?f=jsonfeed").json()["items"]]
    found: list[str] = []
    address: str | None = "/api/changes?f=jsonfeed&limit=2"
    while address:
        page = client.get(address).json()
        found += [item["id"] for item in page["items"]]
        address = page.get("next_url")
    assert found == whole
    first = ElementTree.fromstring(client.get("/api/changes?f=atom&limit=2").content)
    assert [link.get("rel") for link in first.findall(f"{ATOM}link")] == ["self", "alternate", "next"]
    assert {link["rel"] for link in client.get("/api/changes?limit=2&offset=2").json()["links"]} >= {"next", "prev"}


def test_editions_too_large_to_compare_are_said_to_be_too_large(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tile_server.comparing.MOST_FEATURES", 99)
    with client_of(tree) as fresh:
        answer = fresh.get(AT)
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:machizu:problem:too-large")
        assert "99 件" in answer.json()["detail"]
        assert news(fresh)["youto", "2026-04-01"]["counts"] is None


def test_a_map_and_the_landing_page_lead_to_what_changed(client: TestClient) -> None:
    landing = {link["href"]: link["type"] for link in client.get("/api").json()["links"]}
    assert landing[f"{BASE}/api/changes?f=html"] == "text/html"
    assert landing[f"{BASE}/api/changes?f=atom"] == "application/atom+xml"
    links = client.get("/api/collections/youto").json()["links"]
    assert f"{BASE}{AT}?f=html" in {link["href"] for link in links}
    register = client.get("/api/collections/choubo").json()["links"]
    assert not [link for link in register if "/changes" in link["href"]], "one edition has nothing to be compared with"
