"""OGC API – Tiles Part 1: Core (OGC 20-057) and Tile Matrix Sets (OGC 17-083r4), by requirement."""

from __future__ import annotations

from typing import Any

import mapbox_vector_tile
import morecantile
import pytest
from starlette.testclient import TestClient

# rasterio multiplies affine transforms in the way affine 3 will drop; nothing here can change that.

TMS_URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
KINDS = {"youto": "tiles", "zumen": "map/tiles"}


def tile_set(client: TestClient, collection: str) -> dict[str, Any]:
    document: dict[str, Any] = client.get(f"/api/collections/{collection}/{KINDS[collection]}/WebMercatorQuad").json()
    return document


def templates(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [link for link in document["links"] if link["rel"] == "item"]


def address(template: str, zoom: object, row: object, col: object) -> str:
    filled = template.replace("{tileMatrix}", str(zoom)).replace("{tileRow}", str(row))
    return filled.replace("{tileCol}", str(col))


def test_req_core_conformance(client: TestClient) -> None:
    declared = client.get("/api/conformance").json()["conformsTo"]
    for name in (
        "core",
        "tileset",
        "tilesets-list",
        "dataset-tilesets",
        "geodata-tilesets",
        "mvt",
        "png",
        "jpeg",
        "oas30",
    ):
        assert f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}" in declared


@pytest.mark.parametrize("collection", list(KINDS))
def test_req_geodata_tilesets_desc_links(client: TestClient, collection: str) -> None:
    rel = REL + ("tilesets-vector" if collection == "youto" else "tilesets-map")
    links = [link for link in client.get(f"/api/collections/{collection}").json()["links"] if link["rel"] == rel]
    assert [link["type"] for link in links] == ["application/json"]
    assert "/tiles?" in links[0]["href"]
    assert client.get(links[0]["href"]).status_code == 200


@pytest.mark.parametrize("collection", list(KINDS))
def test_req_tilesets_list_tileset_links(client: TestClient, collection: str) -> None:
    entries = client.get(f"/api/collections/{collection}/{KINDS[collection]}").json()["tilesets"]
    assert [entry["tileMatrixSetId"] for entry in entries] == ["WebMercatorQuad", "EPSG6677Scales"]
    assert entries[0]["tileMatrixSetURI"] == TMS_URI
    for entry in entries:
        assert {"title", "dataType", "crs", "links", "tileMatrixSetURI"} <= set(entry)
        for link in entry["links"]:  # the executable suite reads every one of them as JSON
            assert client.get(link["href"], headers={"accept": "application/json"}).json()
        assert "self" in {link["rel"] for link in entry["links"]}


@pytest.mark.parametrize("collection", list(KINDS))
def test_req_tileset_tms_link_and_templates(client: TestClient, collection: str) -> None:
    document = tile_set(client, collection)
    (scheme,) = [link for link in document["links"] if link["rel"] == REL + "tiling-scheme"]
    assert client.get(scheme["href"]).json()["id"] == "WebMercatorQuad"
    assert templates(document)
    for link in templates(document):
        assert link["templated"] is True
    assert "?" not in templates(document)[0]["href"], "what is given without f is asked for without it"
    for link in templates(document):
        assert all(name in link["href"] for name in ("{tileMatrix}", "{tileRow}", "{tileCol}"))


@pytest.mark.parametrize("name", ["tileMatrix", "tileRow", "tileCol"])
def test_req_core_tc_parameter_definitions(client: TestClient, name: str) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    for kind in ("tiles", "map/tiles"):
        path = f"/collections/{{collectionId}}/{kind}/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
        (found,) = [entry for entry in paths[path]["get"]["parameters"] if entry["name"] == name]
        assert (found["in"], found["required"], found["schema"]["type"]) == ("path", True, "integer")


@pytest.mark.parametrize("collection", list(KINDS))
def test_req_core_tc_op_and_success(client: TestClient, collection: str) -> None:
    """Every tile within the limits answers 200 with the type its template says, an empty vector tile 204; some at
    each zoom are 200."""
    document = tile_set(client, collection)
    for link in templates(document):
        for limits in document["tileMatrixSetLimits"]:
            statuses = set()
            for row in range(limits["minTileRow"], limits["maxTileRow"] + 1):
                for col in range(limits["minTileCol"], limits["maxTileCol"] + 1):
                    answer = client.get(address(link["href"], limits["tileMatrix"], row, col))
                    statuses.add(answer.status_code)
                    assert answer.status_code == 204 or answer.headers["content-type"] == link["type"]
            assert 200 in statuses
            assert statuses <= ({200, 204} if KINDS[collection] == "tiles" else {200})


@pytest.mark.parametrize("collection", list(KINDS))
def test_req_core_tc_error(client: TestClient, collection: str) -> None:
    """Outside the limits or the matrix set: 404 or 400, never an empty success."""
    document = tile_set(client, collection)
    href = templates(document)[0]["href"]
    limits = document["tileMatrixSetLimits"][0]
    zoom, row, col = limits["tileMatrix"], limits["maxTileRow"], limits["minTileCol"]
    for bad in (
        (zoom, row + 1, col),
        (zoom, row, col - 1),
        (zoom, 2**31 - 1, 2**31 - 1),
        (zoom, 1 << 40, col),
        (zoom, -1, col),
        (99, 0, 0),
        (0, 0, 0),
        ("x", row, col),
        (zoom, "1.5", col),
    ):
        answer = client.get(address(href, *bad))
        assert answer.status_code in (400, 404), bad
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.get(href.replace("WebMercatorQuad", "WorldCRS84Quad")).status_code == 404


def test_rows_come_before_columns(client: TestClient) -> None:
    """The same tile by OGC's row/column and by XYZ's x/y."""
    limits = tile_set(client, "youto")["tileMatrixSetLimits"][-1]
    zoom, row, col = limits["tileMatrix"], limits["minTileRow"], limits["minTileCol"]
    ogc = client.get(f"/api/collections/youto/tiles/WebMercatorQuad/{zoom}/{row}/{col}")
    xyz = client.get(f"/tiles/youto@2026-04-01/{zoom}/{col}/{row}.mvt")
    assert ogc.status_code == xyz.status_code == 200
    assert ogc.content == xyz.content


def test_req_mvt_content(client: TestClient) -> None:
    """Every district is in the tiles of the working zooms, with all its attributes and its feature id."""
    limits = tile_set(client, "youto")["tileMatrixSetLimits"][-1]
    found: dict[str, dict[str, Any]] = {}
    for row in range(limits["minTileRow"], limits["maxTileRow"] + 1):
        for col in range(limits["minTileCol"], limits["maxTileCol"] + 1):
            path = f"/api/collections/youto/tiles/WebMercatorQuad/{limits['tileMatrix']}/{row}/{col}"
            content = client.get(path).content
            for feature in mapbox_vector_tile.decode(content)["youto"]["features"] if content else ():
                found[feature["properties"]["fid"]] = feature["properties"]
    items = client.get("/api/collections/youto/items").json()["features"]
    assert {feature["id"] for feature in items} == set(found)
    for feature in items:
        assert found[feature["id"]] == {"fid": feature["id"]} | {
            name: value for name, value in feature["properties"].items() if value is not None
        }


def test_req_tileset_limits_hold_every_tile_that_has_content(client: TestClient) -> None:
    limits = {entry["tileMatrix"]: entry for entry in tile_set(client, "youto")["tileMatrixSetLimits"]}
    west, south, east, north = client.get("/api/collections/youto").json()["extent"]["spatial"]["bbox"][0]
    for zoom, entry in limits.items():
        for tile in morecantile.tms.get("WebMercatorQuad").tiles(west, south, east, north, [int(zoom)]):
            assert entry["minTileRow"] <= tile.y <= entry["maxTileRow"]
            assert entry["minTileCol"] <= tile.x <= entry["maxTileCol"]


def test_req_tms_list_and_definition(client: TestClient) -> None:
    entry, _ = client.get("/api/tileMatrixSets").json()["tileMatrixSets"]
    assert (entry["id"], entry["uri"]) == ("WebMercatorQuad", TMS_URI)
    (item,) = [link for link in entry["links"] if link["rel"] == "item"]
    definition = client.get(item["href"]).json()
    assert definition["uri"] == TMS_URI
    matrices = definition["tileMatrices"]
    assert [matrix["id"] for matrix in matrices] == [str(zoom) for zoom in range(25)]
    for zoom, matrix in enumerate(matrices):
        assert matrix["matrixWidth"] == matrix["matrixHeight"] == 1 << zoom
        assert matrix["cellSize"] == pytest.approx(156543.033928041 / (1 << zoom))
    assert client.get("/api/tileMatrixSets/nothing").status_code == 404
