"""The quick way to a box of features gives what the ordinary way gives: memory switched off there is no quick way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.tile_server.client import client_of
from tests.tile_server.tree import lonlat
from tile_server.routes import items

WEST, SOUTH = lonlat(120, 120)
EAST, NORTH = lonlat(480, 330)
BOX = f"{WEST},{SOUTH},{EAST},{NORTH}"
QUERIES = (
    f"bbox={BOX}",
    f"bbox={BOX}&limit=3",
    f"bbox={BOX}&limit=3&offset=3",
    f"limit=2&offset=900&bbox={BOX}",
    "bbox=0,0,1,1",
    "bbox=139,35,140",
    "bbox=NaN,0,1,1",
    "bbox=1,1,0",
    "bbox=",
    f"bbox={BOX}&bbox={BOX}",
    f"bbox={BOX}&limit=0",
    f"bbox={BOX}&limit=-1",
    f"bbox={BOX}&unknown=1",
    f"bbox={BOX}&f=html",
    f"bbox={BOX}&datetime=2025-05-01",
    f"bbox={BOX}&no=011",
    f"bbox={BOX.replace(',', '%2C')}",
)
COLLECTIONS = ("youto", "choudou", "banchi", "choubo", "bouka", "koudo", "an", "nothing")


def seen(client: TestClient, path: str, **headers: str) -> tuple[int, dict[str, str], Any]:
    client.get(path, headers=headers)
    answer = client.get(path, headers=headers)
    kept = {name: value for name, value in answer.headers.items() if name != "content-length"}
    if "json" not in answer.headers.get("content-type", ""):
        return answer.status_code, kept, answer.text
    document = json.loads(answer.content)
    document.pop("timeStamp", None)
    return answer.status_code, kept, document


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_either_way_the_same_answer(tree: Path, collection: str) -> None:
    with client_of(tree) as quick, client_of(tree, memory_features=0) as ordinary:
        for query in QUERIES:
            path = f"/api/collections/{collection}/items?{query}"
            assert seen(quick, path) == seen(ordinary, path), path


@pytest.mark.parametrize(
    "accept", ["application/geo+json", "text/html", "text/csv", "*/*", "image/png", "text/*;q=0.1"]
)
def test_accept_is_followed_either_way(tree: Path, accept: str) -> None:
    path = f"/api/collections/youto/items?bbox={BOX}"
    with client_of(tree) as quick, client_of(tree, memory_features=0) as ordinary:
        assert seen(quick, path, accept=accept) == seen(ordinary, path, accept=accept)


def test_the_quick_way_is_taken(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    ordinary = items.quick

    def noted(*arguments: Any) -> Any:
        taken.append(arguments[2])
        return ordinary(*arguments)

    monkeypatch.setattr(items, "quick", noted)
    with client_of(tree) as client:
        for _ in range(3):
            assert client.get(f"/api/collections/youto/items?bbox={BOX}").status_code == 200
    assert taken == ["youto"] * 2
