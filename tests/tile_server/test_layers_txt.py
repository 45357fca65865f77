"""layers.txt: folders by theme, and for each tiled collection addresses that answer."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from gis_pipeline.model import BBox
from tile_server.tilesets import tile_range


def layers(client: TestClient, query: str = "") -> dict[str, dict[str, Any]]:
    document = client.get(f"/layers.txt{query}").json()
    assert all(group["type"] == "LayerGroup" for group in document["layers"])
    return {
        layer["id"]: layer | {"folder": group["title"]} for group in document["layers"] for layer in group["entries"]
    }


def test_folders_are_the_themes(client: TestClient) -> None:
    folders = {name: layer["folder"] for name, layer in layers(client).items()}
    assert folders == {
        "youto@2026-04-01": "都市計画",
        "choudou@2026-04-01": "道路",
        "banchi@2026-04-01": "都市計画",
        "zumen@2026-04-01": "図面",
    }


def test_tiles_and_legends_answer(client: TestClient) -> None:
    for layer in layers(client).values():
        zoom = 15  # the single point of 番地 is the outermost of its map, and must be drawn all the same
        west, south, east, north = layer["bounds"]
        lon, lat = (west + east) / 2, (south + north) / 2
        row, _, col, _ = tile_range(BBox(west=lon, south=lat, east=lon, north=lat), zoom)
        tile = client.get(layer["url"].format(z=zoom, x=col, y=row))
        assert tile.status_code == 200, layer["url"]
        assert tile.headers["content-type"] == "image/png"
        assert client.get(layer["legendUrl"]).status_code == 200
        assert layer["minZoom"] <= layer["maxNativeZoom"] <= layer["maxZoom"]


def test_the_day_chooses_the_edition(client: TestClient) -> None:
    assert "youto@2025-04-01" in layers(client, "?datetime=2025-06-01")
    assert layers(client, "?datetime=2019-01-01") == {}


def test_attribution_carries_the_sentences_of_the_permissions(client: TestClient) -> None:
    assert "小町長の承認" in layers(client)["youto@2026-04-01"]["attribution"]
