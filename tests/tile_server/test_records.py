"""Maps are found by word, box and time."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

ALL = {"choiki", "youto", "choudou", "banchi", "choubo", "zumen"}


def found(client: TestClient, query: str = "") -> set[str]:
    answer = client.get(f"/api/records{query}")
    assert answer.status_code == 200, answer.text
    return {record["id"] for record in answer.json()["features"]}


@pytest.mark.parametrize(("query", "wanted"), [
    ("", ALL),
    ("?q=用途", {"youto"}),
    ("?q=商業", {"youto"}),  # the name of one of its classes
    ("?q=町道,地形図", {"choudou", "zumen"}),
    ("?q=そのような地図はない", set()),
    ("?bbox=0,0,1,1", {"choubo"}),  # a register has no place, so no box leaves it out
    ("?datetime=2021-01-01", {"choiki"}),
    ("?datetime=2026-06-02/..", ALL | {"koudo"}),
    ("?datetime=2019-01-01", set()),
])  # fmt: skip
def test_records_are_those_of_the_word_the_box_and_the_time(client: TestClient, query: str, wanted: set[str]) -> None:
    assert found(client, query) == wanted


def test_the_edition_is_that_of_the_day(client: TestClient) -> None:
    def edition(query: str) -> Any:
        return client.get(f"/api/records?q=用途{query}").json()["features"][0]["properties"]["edition"]

    assert (edition(""), edition("&datetime=2025-06-01")) == ("2026-04-01", "2025-04-01")


def test_pages_follow_one_another_without_gap_or_repeat(client: TestClient) -> None:
    address, seen = "/api/records?limit=4", []
    while address:
        page = client.get(address).json()
        seen += [record["id"] for record in page["features"]]
        assert page["numberMatched"] == len(ALL)
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert sorted(seen) == sorted(ALL)


@pytest.mark.parametrize("query", ["bbox=1,2,3", "bbox=NaN,0,1,1", "datetime=x", "limit=0", "q=" + "x" * 101])
def test_what_cannot_be_asked_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/api/records?{query}").status_code == 400


def test_the_landing_page_leads_to_styles_and_catalogue(client: TestClient) -> None:
    hrefs = {link["href"].partition("?")[0].rpartition("maps.example.jp")[2] for link in _landing_links(client)}
    assert {"/api/styles", "/api/stac", "/layers.txt"} <= hrefs


def _landing_links(client: TestClient) -> list[dict[str, str]]:
    links: list[dict[str, str]] = client.get("/api").json()["links"]
    return links
