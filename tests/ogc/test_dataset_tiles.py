"""OGC API – Tiles Part 1, dataset-tilesets (OGC 20-057): the vector tiles of all maps together."""

from __future__ import annotations

from typing import Any

import mapbox_vector_tile
import pytest
from starlette.testclient import TestClient

REL = "http://www.opengis.net/def/rel/ogc/1.0/"
AT = "/api/tiles/WebMercatorQuad"
MAPS = {"youto", "choudou", "banchi"}
"""The maps of the town that have vector tiles and are in force."""


def tile_set(client: TestClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get(AT).json()
    return document


def test_req_dataset_tilesets_landingpage(client: TestClient) -> None:
    (link,) = [link for link in client.get("/api").json()["links"] if link["rel"] == REL + "tilesets-vector"]
    assert link["href"].endswith("/api/tiles?f=json")
    (entry,) = client.get(link["href"]).json()["tilesets"]
    assert (entry["tileMatrixSetId"], entry["dataType"]) == ("WebMercatorQuad", "vector")
    for inner in entry["links"]:  # the executable suite reads every one of them as JSON
        assert client.get(inner["href"], headers={"accept": "application/json"}).json()


def test_req_dataset_tilesets_tileset_operation(client: TestClient) -> None:
    document = tile_set(client)
    (item,) = [link for link in document["links"] if link["rel"] == "item"]
    assert item["href"] == f"http://maps.example.jp{AT}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
    assert {layer["id"] for layer in document["layers"]} == MAPS


def test_every_tile_holds_the_layers_that_the_maps_own_tiles_hold(client: TestClient) -> None:
    seen: set[str] = set()
    for limits in tile_set(client)["tileMatrixSetLimits"]:
        zoom = limits["tileMatrix"]
        for row in range(limits["minTileRow"], limits["maxTileRow"] + 1):
            for col in range(limits["minTileCol"], limits["maxTileCol"] + 1):
                answer = client.get(f"{AT}/{zoom}/{row}/{col}")
                own: dict[str, Any] = {}
                for name in MAPS:
                    tile = client.get(f"/api/collections/{name}/tiles/WebMercatorQuad/{zoom}/{row}/{col}")
                    own |= mapbox_vector_tile.decode(tile.content) if tile.status_code == 200 else {}
                assert answer.status_code == (200 if own else 204)
                assert (mapbox_vector_tile.decode(answer.content) if own else {}) == own
                seen |= set(own)
    assert seen == MAPS


@pytest.mark.parametrize("place", ["14/0/0", "24/1/1", "99/0/0", "14/-1/0", "x/0/0", f"14/{1 << 40}/0"])
def test_req_core_tc_error(client: TestClient, place: str) -> None:
    answer = client.get(f"{AT}/{place}")
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"] == "application/problem+json"


def test_other_matrix_sets_and_forms_are_refused(client: TestClient) -> None:
    limits = tile_set(client)["tileMatrixSetLimits"][0]
    place = f"{limits['tileMatrix']}/{limits['minTileRow']}/{limits['minTileCol']}"
    assert client.get(f"/api/tiles/EPSG6677Scales/{place}").status_code == 404
    assert client.get(f"{AT}/{place}?f=png").status_code == 400


def test_datetime_gives_the_state_of_the_day(client: TestClient) -> None:
    document = client.get(f"{AT}?datetime=2025-05-01").json()
    assert [layer["id"] for layer in document["layers"]] == ["youto"]
    (item,) = [link for link in document["links"] if link["rel"] == "item"]
    limits = document["tileMatrixSetLimits"][-1]
    kenpei = {
        feature["properties"]["kenpei"]
        for row in range(limits["minTileRow"], limits["maxTileRow"] + 1)
        for col in range(limits["minTileCol"], limits["maxTileCol"] + 1)
        for tile in [_decoded(client, item["href"], limits["tileMatrix"], row, col)]
        for feature in tile.get("youto", {"features": ()})["features"]
        if feature["properties"]["fid"] == "d0"
    }
    assert kenpei == {40}


def _decoded(client: TestClient, template: str, zoom: str, row: int, col: int) -> dict[str, Any]:
    filled = template.replace("{tileMatrix}", zoom).replace("{tileRow}", str(row)).replace("{tileCol}", str(col))
    content = client.get(filled).content
    decoded: dict[str, Any] = mapbox_vector_tile.decode(content) if content else {}
    return decoded


def test_req_oas30_operation_id(client: TestClient) -> None:
    """OGC 20-057, table 11: what ends the ids of operations that give tiles."""
    paths = client.get("/api/openapi.json").json()["paths"]
    ids = {path: item["get"]["operationId"] for path, item in paths.items()}
    assert len(set(ids.values())) == len(ids)
    tail = "/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"
    for at, name in (
        ("/tiles", ".dataset.vector"),
        ("/collections/{collectionId}/tiles", ".collection.vector"),
        ("/collections/{collectionId}/map/tiles", ".collection.map"),
    ):
        assert ids[at].endswith(f"{name}.getTileSetsList")
        assert ids[f"{at}/{{tileMatrixSetId}}"].endswith(f"{name}.getTileSet")
        assert ids[at + tail].endswith(f"{name}.getTile")
