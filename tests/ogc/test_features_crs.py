"""OGC API – Features Part 2: Coordinate Reference Systems by Reference (OGC 18-058r1), by requirement."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from starlette.testclient import TestClient

from tests.tile_server.tree import SOUTH_M, WEST_M

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
ITEMS = "/api/collections/youto/items"
TOLERANCE = {CRS84: 1e-9, f"{EPSG}4326": 1e-9, f"{EPSG}3857": 2e-4, f"{EPSG}6668": 1e-9, f"{EPSG}6677": 2e-4}


def coordinates(feature: dict[str, Any]) -> Any:
    return shapely.get_coordinates(shapely.geometry.shape(feature["geometry"]))


def independent(lonlat: Any, uri: str) -> Any:
    """pyproj with the axis order of the definition (no always_xy): the judge of order and numbers."""
    if uri == CRS84:
        return lonlat
    way = pyproj.Transformer.from_crs("EPSG:6668", uri.rpartition("/")[2] and f"EPSG:{uri.rpartition('/')[2]}")
    first, second = way.transform(lonlat[:, 1], lonlat[:, 0])
    return np.column_stack([first, second])


def test_req_crs_fc_md_crs_list(client: TestClient) -> None:
    for entry in client.get("/api/collections").json()["collections"]:
        assert entry["crs"] == list(TOLERANCE)


def test_req_crs_fc_md_storage_crs(client: TestClient) -> None:
    for entry in client.get("/api/collections").json()["collections"]:
        assert entry["storageCrs"] == f"{EPSG}6677"
        assert entry["storageCrs"] in entry["crs"]


@pytest.mark.parametrize("uri", list(TOLERANCE))
@pytest.mark.parametrize("path", [ITEMS, f"{ITEMS}/d11"])
def test_req_crs_fc_crs_action_and_axis_order(client: TestClient, path: str, uri: str) -> None:
    plain, moved = client.get(path).json(), client.get(path, params={"crs": uri}).json()
    pairs = [(plain, moved)] if "geometry" in plain else zip(plain["features"], moved["features"], strict=True)
    for before, after in pairs:
        assert np.abs(independent(coordinates(before), uri) - coordinates(after)).max() < TOLERANCE[uri]
        assert {key: before[key] for key in ("id", "properties")} == {key: after[key] for key in ("id", "properties")}


def test_crs_of_the_town_gives_the_metres_that_were_published(client: TestClient) -> None:
    feature = client.get(f"{ITEMS}/d11", params={"crs": f"{EPSG}6677"}).json()
    northing, easting = coordinates(feature).min(axis=0)
    assert (northing, easting) == (SOUTH_M + 100, WEST_M + 100)


@pytest.mark.parametrize("uri", list(TOLERANCE))
@pytest.mark.parametrize("path", [ITEMS, f"{ITEMS}/d11"])
def test_req_crs_ogc_crs_header(client: TestClient, path: str, uri: str) -> None:
    assert client.get(path, params={"crs": uri}).headers["content-crs"] == f"<{uri}>"
    assert client.get(path).headers["content-crs"] == f"<{CRS84}>"


@pytest.mark.parametrize("name", ["crs", "bbox-crs"])
@pytest.mark.parametrize("uri", ["", "EPSG:6677", f"{EPSG}2451", f"{EPSG}0", "http://example.org/crs", "urn:ogc:x"])
def test_req_crs_fc_crs_valid_value(client: TestClient, name: str, uri: str) -> None:
    assert client.get(ITEMS, params={name: uri, "bbox": "139,35,140,36"}).status_code == 400


@pytest.mark.parametrize("uri", list(TOLERANCE))
def test_req_crs_bbox_crs_action(client: TestClient, uri: str) -> None:
    """A box around district d11, 20 m inside it, named in every CRS, finds that district alone."""
    town = np.array([[WEST_M + 120, SOUTH_M + 120], [WEST_M + 180, SOUTH_M + 180]])
    way = pyproj.Transformer.from_crs("EPSG:6677", "EPSG:6668", always_xy=True)
    lonlat = np.column_stack(way.transform(town[:, 0], town[:, 1]))
    low, high = independent(lonlat, uri)
    bbox = ",".join(str(value) for value in (*low, *high))
    found = client.get(ITEMS, params={"bbox": bbox, "bbox-crs": uri}).json()
    assert [feature["id"] for feature in found["features"]] == ["d11"]


def test_bbox_in_the_town_frame_is_exact_to_the_millimetre(client: TestClient) -> None:
    """Rows of districts meet at 100 m: 0.5 mm below that line only the lower row is met, on it both are."""

    def ids(north_m: float) -> set[str]:
        box = f"{SOUTH_M + 50},{WEST_M + 10},{SOUTH_M + north_m},{WEST_M + 20}"
        answer = client.get(ITEMS, params={"bbox": box, "bbox-crs": f"{EPSG}6677"})
        return {feature["id"] for feature in answer.json()["features"]}

    assert ids(99.9995) == {"d0"}
    assert ids(100.0) == {"d0", "d10"}


@pytest.mark.parametrize("box", ["-2e7,-2e7,2e7,2e7", "-99999999,-99999999,99999999,99999999"])
def test_a_box_far_larger_than_the_projection_still_holds_the_town(client: TestClient, box: str) -> None:
    assert client.get(ITEMS, params={"bbox": box, "bbox-crs": f"{EPSG}6677"}).json()["numberMatched"] == 100
    assert client.get(ITEMS, params={"bbox": box, "bbox-crs": f"{EPSG}3857"}).json()["numberMatched"] == 100


def test_without_bbox_crs_the_box_is_in_crs84_whatever_crs_says(client: TestClient) -> None:
    found = client.get(ITEMS, params={"bbox": "139,35,140,36", "crs": f"{EPSG}6677"}).json()
    assert found["numberMatched"] == 100
