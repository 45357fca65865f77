"""OGC API – Maps Part 1: Core (OGC 20-058): requirements of the classes in /api/conformance, by id."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.ogc.pictures import CRS, box, of_map, pixels, read, shows_the_town
from tests.tile_server.client import BASE
from tests.tile_server.tree import FRAME

# rasterio multiplies affine transforms in the way affine 3 will drop; nothing here can change that.

MAP = "http://www.opengis.net/def/rel/ogc/1.0/map"
CLASSES = "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/"
ONE, ALL = "/api/collections/youto/map", "/api/map"


def linked(document: dict[str, Any], rel: str) -> list[str]:
    return [link["href"] for link in document["links"] if link["rel"] == rel]


def test_core_conformance_success(client: TestClient) -> None:
    """/req/core/conformance-success"""
    told = {name.removeprefix(CLASSES) for name in client.get("/api/conformance").json()["conformsTo"]}
    assert {"core", "collection-map", "dataset-map", "collections-selection", "crs", "png", "jpeg", "oas30"} <= told


@pytest.mark.parametrize("path", [ONE, ALL])
def test_core_map_response(client: TestClient, path: str) -> None:
    """/req/core/map-response: storage CRS, Content-Crs, Content-Bbox in its axes, Content-Datetime, a picture."""
    answer = client.get(path, params={"width": "50"})
    assert answer.status_code == 200
    stored = client.get("/api/collections/youto").json()["storageCrs"]
    assert answer.headers["content-crs"] == f"<{stored}>" == f"<{CRS[FRAME].uri}>"
    south, west, north, east = map(float, answer.headers["content-bbox"].split(","))
    assert -31_000 < south < north < -26_000 and -54_000 < west < east < -49_000
    assert answer.headers["content-datetime"] == "2026-06-01"
    assert client.get(path, params={"datetime": "2025-05-01"}).headers["content-datetime"] == "2025-05-01"
    assert read(answer.content).size[0] == 50


@pytest.mark.parametrize("code", list(CRS))
def test_crs_definition(client: TestClient, code: str) -> None:
    """/req/crs/crs-definition and bbox-crs: the axes are those of the definition."""
    shows_the_town(read(of_map(client, code)))


def test_crs_unknown(client: TestClient) -> None:
    assert client.get(ONE, params={"crs": "http://www.opengis.net/def/crs/EPSG/0/9999"}).status_code == 400


def test_collection_map_desc_links(client: TestClient) -> None:
    """/req/collection-map/desc-links; a register has no picture."""
    (href,) = linked(client.get("/api/collections/youto").json(), MAP)
    assert client.get(href.removeprefix(BASE)).headers["content-type"] == "image/png"
    assert not linked(client.get("/api/collections/choubo").json(), MAP)
    assert client.get("/api/collections/choubo/map").status_code == 404


@pytest.mark.parametrize("path", ["/api", "/api/collections/youto"])
def test_desc_crs_and_extent(client: TestClient, path: str) -> None:
    """/req/collection-map/desc-crs, /req/dataset-map/desc-crs, /req/dataset-map/desc-extent"""
    document = client.get(path).json()
    assert document["storageCrs"] in document["crs"]
    assert len(document["extent"]["spatial"]["bbox"][0]) == 4
    ((south, west, north, east),) = document["extent"]["spatial"]["storageCrsBbox"]
    assert (south, west) == pytest.approx((-30_000, -52_000), abs=30)
    assert north > south and east > west


def test_dataset_map_landingpage(client: TestClient) -> None:
    """/req/dataset-map/landingpage"""
    (href,) = linked(client.get("/api").json(), MAP)
    assert client.get(href.removeprefix(BASE)).headers["content-type"] == "image/png"


def test_collections_selection(client: TestClient) -> None:
    """/req/collections-selection: by id and by the address of the collection; the first lies lowest."""
    ids = client.get(ALL, params={"collections": "choudou,youto", "width": "200"})
    urls = client.get(ALL, params={"collections": f"{BASE}/api/collections/choudou,youto", "width": "200"})
    turned = client.get(ALL, params={"collections": "youto,choudou", "width": "200"})
    assert ids.content == urls.content != turned.content
    for wrong in ("nothing", "youto,youto", "", "http://elsewhere.example/api/collections/youto"):
        assert client.get(ALL, params={"collections": wrong}).status_code in (400, 404)


def test_png_and_jpeg_content(client: TestClient) -> None:
    """/req/png/content, /req/jpeg/content: by `f` and by Accept."""
    for query, accept, kind in (
        ({"f": "png"}, "*/*", "PNG"),
        ({"f": "jpeg"}, "*/*", "JPEG"),
        ({}, "image/jpeg", "JPEG"),
        ({}, "image/jpeg;q=0.2,image/png", "PNG"),
        ({}, "*/*", "PNG"),
        ({}, "image/webp", "WEBP"),
    ):
        answer = client.get(ONE, params=query | {"width": "20"}, headers={"accept": accept})
        assert Image.open(BytesIO(answer.content)).format == kind
        assert answer.headers["content-type"] == f"image/{kind.lower()}"


def test_size_follows_the_shape_of_the_box(client: TestClient) -> None:
    given = {"bbox": box(FRAME, definition=True), "bbox-crs": CRS[FRAME].uri}
    for query, size in (
        ({}, (1024, 512)),
        ({"width": "600"}, (600, 300)),
        ({"height": "100"}, (200, 100)),
        ({"width": "70", "height": "90"}, (70, 90)),
    ):
        assert read(client.get(ONE, params=given | query).content).size == size


def test_background(client: TestClient) -> None:
    """/req/background, A–E: transparent without a colour, opaque with one, `transparent` decides where both are."""
    far = {"bbox": "139.1,35.6,139.11,35.61", "width": "4", "height": "4"}

    def shown(**query: str) -> tuple[int, ...]:
        return tuple(int(value) for value in pixels(client.get(ONE, params=far | query).content)[0, 0])

    assert shown() == (0, 0, 0, 0)
    assert shown(bgcolor="0x336699") == (0x33, 0x66, 0x99, 255)
    assert shown(bgcolor="MidnightBlue") == (25, 25, 112, 255)
    assert shown(bgcolor="0x336699", transparent="true")[3] == 0
    assert shown(transparent="false") == (255, 255, 255, 255)
    assert client.get(ONE, params={"bgcolor": "no-colour"}).status_code == 400


@pytest.mark.parametrize("query", ["width=2049", "height=2049", "width=99999999999&height=1"])
def test_a_picture_beyond_the_limits_is_413(client: TestClient, query: str) -> None:
    """Nothing is drawn; the limits stand in the landing page and in the API definition."""
    answer = client.get(f"{ONE}?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert client.get("/api").json()["limits"]["mapWidthMaximum"] == 2048
    told = client.get("/api/openapi.json").json()["info"]["x-OGC-limits"]["maps"]
    assert told == {"maxWidth": 2048, "maxHeight": 2048, "maxPixels": 2048 * 2048}


def test_what_only_one_side_says_stays_within_the_limits(client: TestClient) -> None:
    narrow = {"bbox": "139.28,35.73,139.2801,35.75", "width": "200"}
    assert read(client.get(ONE, params=narrow).content).size == (200, 2048)


def test_api_operations(client: TestClient) -> None:
    """/req/oas30/completeness, /req/oas30/operation-id: every parameter with its schema."""
    paths = client.get("/api/openapi.json").json()["paths"]
    for path, operation in (("/collections/{collectionId}/map", "collection.getMap"), ("/map", "dataset.getMap")):
        described = paths[path]["get"]
        assert described["operationId"] == operation
        schemas = {parameter["name"]: parameter["schema"] for parameter in described["parameters"]}
        assert {"bbox", "bbox-crs", "crs", "width", "height", "f", "transparent", "bgcolor", "datetime"} <= set(schemas)
        assert schemas["width"] == schemas["height"]
        sides = [side for side in range(-2, 12_000) if re.search(schemas["width"]["pattern"], str(side))]
        assert sides == list(range(1, 2049))
        assert schemas["f"]["enum"] == ["png", "jpeg", "webp"]
        assert set(described["responses"]["200"]["content"]) == {"image/png", "image/jpeg", "image/webp"}
    assert (
        next(p for p in paths["/map"]["get"]["parameters"] if p["name"] == "collections")["schema"]["type"] == "array"
    )


def test_the_map_of_a_past_day_is_of_that_day(client: TestClient) -> None:
    answer = client.get(ONE, params={"width": "64", "datetime": "2025-05-01"})
    assert answer.headers["x-machizu-edition"] == "2025-04-01"
    assert client.get(ONE, params={"datetime": "2025-01-01/2026-01-01"}).status_code == 400


def test_a_picture_of_vectors_has_no_soft_ground(client: TestClient) -> None:
    """/req/background/map-success: where there is no data the opacity is exactly nothing or exactly full."""
    beside = {"bbox": "139.2,35.7,139.4,35.8", "width": "300"}
    opacity = pixels(client.get(ONE, params=beside).content)[..., 3]
    assert opacity[0, 0] == 0 and opacity.max() > 100
    assert np.all(pixels(client.get(ONE, params=beside | {"transparent": "false"}).content)[..., 3] == 255)
