"""The catalogue: pystac accepts it offline, every file is what its checksum says, time and withdrawal are obeyed."""

from __future__ import annotations

import hashlib
from typing import Any

import pystac
import pystac.validation
import pytest
from starlette.testclient import TestClient

from tests.tile_server.client import BASE


def read(client: TestClient, href: str) -> dict[str, Any]:
    answer = client.get(href)
    assert answer.status_code == 200, href
    found: dict[str, Any] = answer.json()
    return found


def linked(document: dict[str, Any], rel: str) -> list[str]:
    return [link["href"] for link in document["links"] if link["rel"] == rel]


def items_of(client: TestClient, name: str, query: str = "") -> list[str]:
    collection = read(client, f"/api/stac/collections/{name}{query}")
    return [href.rpartition("/")[2] for href in linked(collection, "item")]


def test_pystac_validates_every_object(client: TestClient) -> None:
    root = read(client, "/api/stac")
    collections = [read(client, href) for href in linked(root, "child")]
    items = [read(client, href) for collection in collections for href in linked(collection, "item")]
    assert len(collections) == 7 and len(items) == 11
    for document in (root, *collections, *items):
        # the extensions' schemas are on another host: their fields are tested below, by what they say
        pystac.validation.validate_dict(document, extensions=[])
        assert pystac.read_dict(document).id == document["id"]


def test_every_file_has_the_size_and_checksum_it_says(client: TestClient) -> None:
    checked = 0
    for name in ("youto", "zumen"):
        for item_id in items_of(client, name):
            for asset in read(client, f"/api/stac/collections/{name}/items/{item_id}")["assets"].values():
                if "file:checksum" not in asset:
                    continue
                answer = client.get(asset["href"])
                digest = hashlib.sha256(answer.content).hexdigest()
                assert (asset["file:checksum"], asset["file:size"]) == (f"1220{digest}", len(answer.content))
                assert answer.headers["content-type"].partition(";")[0] == asset["type"].partition(";")[0]
                checked += 1
    assert checked > 12


def test_every_address_is_absolute(client: TestClient) -> None:
    item = read(client, "/api/stac/collections/youto/items/2026-04-01")
    hrefs = [entry["href"] for entry in (*item["links"], *item["assets"].values())]
    assert all(href.startswith(BASE + "/") for href in hrefs)


def test_a_scan_has_an_item_a_sheet_with_its_neatline(client: TestClient) -> None:
    (edition, *sheets) = items_of(client, "zumen")
    assert edition == "2026-04-01"
    item = read(client, f"/api/stac/collections/zumen/items/{sheets[0]}")
    assert item["id"] == f"2026-04-01_{item['properties']['machizu:sheet']}"
    assert item["geometry"]["type"] == "MultiPolygon"
    assert item["assets"]["image"]["type"].startswith("image/tiff")
    assert item["properties"]["proj:code"] == item["assets"]["image"]["proj:code"] == "EPSG:6677"


def test_an_item_states_day_source_and_accuracy(client: TestClient) -> None:
    properties = read(client, "/api/stac/collections/youto/items/2026-04-01")["properties"]
    assert properties["datetime"] == "2026-03-31T15:00:00Z"  # 00:00 in Asia/Tokyo
    assert (properties["machizu:mapLevel"], properties["machizu:accuracyM"]) == (2500, 1.75)
    assert "小町長の承認" in properties["machizu:attribution"]
    assert properties["license"] == "CC-BY-4.0"


@pytest.mark.parametrize(("query", "wanted"), [
    ("", ["2025-04-01", "2026-04-01", "2027-04-01"]),
    ("?datetime=2025-06-01", ["2025-04-01"]),
    ("?datetime=2025-06-01/2026-05-01", ["2025-04-01", "2026-04-01"]),
    ("?datetime=2026-05-01/..", ["2026-04-01", "2027-04-01"]),
])  # fmt: skip
def test_the_editions_are_those_in_force_at_the_time_asked_for(
    client: TestClient, query: str, wanted: list[str]
) -> None:
    assert items_of(client, "youto", query) == wanted


def test_nothing_before_the_first_edition(client: TestClient) -> None:
    assert client.get("/api/stac/collections/youto?datetime=2019-01-01").status_code == 404
    assert "youto" not in str(linked(read(client, "/api/stac?datetime=2022-01-01"), "child"))


def test_what_was_withdrawn_is_gone_and_not_listed(client: TestClient) -> None:
    assert client.get("/api/stac/collections/bouka").status_code == 410
    assert client.get("/api/stac/collections/youto?datetime=../2024-12-31").status_code == 410
    assert client.get("/api/stac/collections/bouka/items/2026-04-01").status_code == 410
    assert "bouka" not in str(linked(read(client, "/api/stac"), "child"))


def test_what_is_for_viewing_only_hands_out_no_file(client: TestClient) -> None:
    assets = read(client, "/api/stac/collections/banchi/items/2026-04-01")["assets"]
    assert set(assets) == {"tiles"}


@pytest.mark.parametrize("item_id", ["2026-04-01_none", "2026-04-02", "x", "2026-04-01_", "2026-04-01_..%2f"])
def test_other_items_do_not_exist(client: TestClient, item_id: str) -> None:
    assert client.get(f"/api/stac/collections/zumen/items/{item_id}").status_code == 404
