"""The town's tile matrix set (OGC 17-083r4) and the tiles drawn in it: true scales in the axes of the town frame."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import mapbox_vector_tile
import morecantile
import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.tile_server.tree import FRAME, SIZE_M, SOUTH_M, WEST_M
from tile_server.towngrid import SCALES, town_grid

# rasterio multiplies affine transforms in the way affine 3 will drop; nothing here can change that.

TOWN = "EPSG6677Scales"
GRID = town_grid(FRAME)


def definition(client: TestClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get(f"/api/tileMatrixSets/{TOWN}").json()
    return document


def at(matrix: int, easting_m: float, northing_m: float) -> tuple[int, int, float, float]:
    """Row and column of the tile that holds a place, and where in it the place lies (col, row of the pixel)."""
    cell = SCALES[matrix] * 0.00028
    col, x = divmod((easting_m + 160_000) / cell, 256)
    row, y = divmod((300_000 - northing_m) / cell, 256)
    return int(row), int(col), x, y


def test_the_scales_are_true(client: TestClient) -> None:
    """OGC's pixel is 0.28 mm: a pixel of 1:250 is 7 cm on the ground."""
    matrices = definition(client)["tileMatrices"]
    assert [matrix["scaleDenominator"] for matrix in matrices] == [50000, 25000, 10000, 5000, 2500, 1000, 500, 250]
    for matrix in matrices:
        assert matrix["cellSize"] == pytest.approx(matrix["scaleDenominator"] * 0.00028, rel=1e-15)


def test_the_corner_stands_in_the_axes_of_the_frame(client: TestClient) -> None:
    """EPSG:6677 is X = north, Y = east: the corner is (300000, -160000)."""
    document = definition(client)
    assert document["orderedAxes"] == ["N", "E"]
    assert document["crs"].endswith("/EPSG/0/6677")
    for matrix in document["tileMatrices"]:
        assert (matrix["cornerOfOrigin"], matrix["pointOfOrigin"]) == ("topLeft", [300000.0, -160000.0])


def test_another_reader_finds_the_same_tiles(client: TestClient) -> None:
    """morecantile reads the definition and agrees about the bounds of tiles."""
    document = definition(client)
    read = morecantile.TileMatrixSet.model_validate(document)
    for matrix in range(len(SCALES)):
        row, col, _, _ = at(matrix, WEST_M, SOUTH_M)
        window = GRID.tile(matrix, col, row)
        bounds = read.xy_bounds(morecantile.Tile(col, row, matrix))
        assert tuple(bounds) == pytest.approx((window.west, window.south, window.east, window.north), abs=1e-6)


@pytest.mark.parametrize("matrix", [4, 5, 7])
def test_a_pixel_is_so_many_metres(client: TestClient, matrix: int) -> None:
    """The west edge of the town's first district stands at its pixel: left of it nothing, right of it colour."""
    row, col, x, y = at(matrix, WEST_M, SOUTH_M + 30.0)
    answer = client.get(f"/api/collections/youto/map/tiles/{TOWN}/{matrix}/{row}/{col}?f=png")
    assert answer.status_code == 200
    pixels = np.asarray(Image.open(BytesIO(answer.content)).convert("RGBA"))
    line = pixels[int(y), :, 3] > 60
    first = int(np.argmax(line))
    assert line.any()
    assert abs(first - x) <= 1.5


def test_vector_tiles_hold_the_metres_of_the_store(client: TestClient) -> None:
    """A district of 100 m is 100 m in units of the tile, with its id and attributes."""
    row, col, x, _ = at(4, WEST_M + 150.0, SOUTH_M + 150.0)
    answer = client.get(f"/api/collections/youto/tiles/{TOWN}/4/{row}/{col}")
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    layer = mapbox_vector_tile.decode(answer.content, default_options={"y_coord_down": True})["youto"]
    features = {feature["properties"]["fid"]: feature for feature in layer["features"]}
    cell = 2500 * 0.00028 / 16  # 4096 units over 256 pixels
    west = (x - 50.0 / 0.7) * 16
    ring = np.array(features["d11"]["geometry"]["coordinates"][0])
    assert ring[:, 0].min() == pytest.approx(west, abs=1)
    assert np.ptp(ring[:, 0]) * cell == pytest.approx(100.0, abs=0.1)
    assert features["d11"]["properties"]["youto_name"] == "商業地域"
    assert features["d11"]["id"] == 12


def test_every_feature_is_in_the_vector_tiles_of_every_scale(client: TestClient) -> None:
    for matrix in (0, 3, 4):
        first = at(matrix, WEST_M, SOUTH_M + SIZE_M)
        last = at(matrix, WEST_M + SIZE_M, SOUTH_M)
        found = set()
        for row in range(first[0], last[0] + 1):
            for col in range(first[1], last[1] + 1):
                content = client.get(f"/api/collections/youto/tiles/{TOWN}/{matrix}/{row}/{col}").content
                for feature in mapbox_vector_tile.decode(content)["youto"]["features"] if content else ():
                    found.add(feature["properties"]["fid"])
        assert found == {f"d{n}" for n in range(100)}


def test_limits_and_what_lies_outside(client: TestClient) -> None:
    document = client.get(f"/api/collections/youto/tiles/{TOWN}").json()
    for limits in document["tileMatrixSetLimits"]:
        row, col = limits["maxTileRow"], limits["maxTileCol"]
        path = f"/api/collections/youto/tiles/{TOWN}/{limits['tileMatrix']}"
        assert client.get(f"{path}/{row}/{col}").status_code in (200, 204)
        assert client.get(f"{path}/{row + 1}/{col}").status_code == 404
        assert client.get(f"{path}/{row}/{col + 1}").status_code == 404
    assert client.get(f"/api/collections/youto/tiles/{TOWN}/8/0/0").status_code == 404
    assert client.get(f"/api/collections/youto/tiles/{TOWN}/0/0/0").status_code == 404


def test_scans_are_drawn_in_the_town_frame(client: TestClient) -> None:
    """Every scale has a picture of the sheets, and the client is not sent again what it has."""
    document = client.get(f"/api/collections/zumen/map/tiles/{TOWN}").json()
    for limits in document["tileMatrixSetLimits"][:5]:
        row = (limits["minTileRow"] + limits["maxTileRow"]) // 2
        col = (limits["minTileCol"] + limits["maxTileCol"]) // 2
        path = f"/api/collections/zumen/map/tiles/{TOWN}/{limits['tileMatrix']}/{row}/{col}?f=png"
        answer = client.get(path)
        assert answer.status_code == 200
        assert client.get(path, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
        assert Image.open(BytesIO(answer.content)).size == (256, 256)


def test_pictures_of_vectors_exist_in_web_mercator_too(client: TestClient) -> None:
    document = client.get("/api/collections/youto/map/tiles/WebMercatorQuad").json()
    limits = document["tileMatrixSetLimits"][2]
    path = f"/api/collections/youto/map/tiles/WebMercatorQuad/{limits['tileMatrix']}"
    answer = client.get(f"{path}/{limits['minTileRow']}/{limits['minTileCol']}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
