"""layers.txt: folders by theme, and for each tiled collection addresses that answer."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from gis_pipeline.model import BBox
from tests.tile_server.tree import lonlat
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
    lon, lat = lonlat(155, 155)
    for name, layer in layers(client).items():
        zoom = layer["maxNativeZoom"]
        box = client.get(f"/tiles/{name.partition('@')[0]}.json").json()["bounds"] if "zumen" in name else None
        lon_here, lat_here = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) if box else (lon, lat)
        row, _, col, _ = tile_range(_box(lon_here, lat_here), zoom)
        tile = client.get(layer["url"].format(z=zoom, x=col, y=row))
        assert tile.status_code in (200, 204), layer["url"]
        assert client.get(layer["legendUrl"]).status_code == 200
        assert layer["minZoom"] <= layer["maxNativeZoom"] <= layer["maxZoom"]


def _box(lon: float, lat: float) -> BBox:
    return BBox(west=lon, south=lat, east=lon, north=lat)


def test_the_day_chooses_the_edition(client: TestClient) -> None:
    assert "youto@2025-04-01" in layers(client, "?datetime=2025-06-01")
    assert layers(client, "?datetime=2019-01-01") == {}


def test_attribution_carries_the_sentences_of_the_permissions(client: TestClient) -> None:
    assert "小町長の承認" in layers(client)["youto@2026-04-01"]["attribution"]
