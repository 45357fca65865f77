"""OGC API – Common and what Features adds to it, requirement by requirement, beside the tests of each part."""

from __future__ import annotations

import http.client
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import shapely
from starlette.testclient import TestClient

from tests.tile_server.test_server import port  # noqa: F401  (a fixture: the application under a real server)

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
ITEMS = "/api/collections/youto/items"
DOCUMENTS = ("/api", "/api/conformance", "/api/collections", "/api/collections/youto", "/api/tileMatrixSets",
             "/api/collections/youto/tiles", "/api/tiles", "/api/styles")  # fmt: skip


def definition(client: TestClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/api/openapi.json").json()
    return document


def test_http(port: int) -> None:  # noqa: F811
    """/req/core/http: HTTP/1.1 over the wire."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/api/")
    answer = connection.getresponse()
    assert (answer.version, answer.status) == (11, 200)
    connection.close()


@pytest.mark.parametrize("path", DOCUMENTS)
def test_json_content(client: TestClient, path: str) -> None:
    for headers, query in (({"accept": "application/json"}, ""), ({}, "?f=json")):
        answer = client.get(path + query, headers=headers)
        assert answer.headers["content-type"] == "application/json"
        assert isinstance(answer.json(), dict)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_fc_md_links(client: TestClient, path: str) -> None:
    """A document leads to itself and to its other form; every link says its relation and its type."""
    links = client.get(path).json()["links"]
    by_rel = {(link["rel"], link["type"]) for link in links}
    assert {("self", "application/json"), ("alternate", "text/html")} <= by_rel
    assert all(link["rel"] and link["type"] and link["href"] for link in links)


def test_fc_rel_type(client: TestClient) -> None:
    for path in (ITEMS, f"{ITEMS}/d11", "/api/collections/choubo/items", "/api/records"):
        assert all(link["rel"] and link["type"] for link in client.get(path).json()["links"])


def test_fc_md_extent_holds_every_feature(client: TestClient) -> None:
    for entry in client.get("/api/collections").json()["collections"]:
        spatial = entry["extent"].get("spatial")
        if spatial is None:
            continue
        west, south, east, north = spatial["bbox"][0]
        around = shapely.box(west, south, east, north).buffer(1e-8)
        for feature in client.get(f"/api/collections/{entry['id']}/items?limit=1000").json()["features"]:
            if feature["geometry"] is not None:
                assert around.covers(shapely.geometry.shape(feature["geometry"])), (entry["id"], feature["id"])


# ------------------------------------------------------------------ the API definition


def test_oas30_completeness(client: TestClient) -> None:
    """Every operation says each status it answers with, and the media types of it."""
    for path, item in definition(client)["paths"].items():
        operation = item["get"]
        assert operation["operationId"] and operation["summary"] and operation["tags"], path
        assert "200" in operation["responses"]
        assert all("description" in answer or "$ref" in answer for answer in operation["responses"].values())
        named = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", path)), path


def test_oas30_every_link_of_the_documents_is_an_operation(client: TestClient) -> None:
    document = definition(client)
    base = urlsplit(document["servers"][0]["url"]).path
    known = [
        re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(("" if "servers" in item else base) + path)))
        for path, item in document["paths"].items()
    ]
    for start in DOCUMENTS:
        for link in client.get(start).json()["links"]:
            path = urlsplit(link["href"]).path
            if path in ("/",) or path.startswith(("/wms", "/wmts")):
                continue  # the viewer, and the services whose own documents describe them
            assert any(shape.fullmatch(path) or shape.fullmatch(path + "/") for shape in known), path


@pytest.mark.parametrize(
    ("path", "status"),
    [(f"{ITEMS}?limit=x", 400), ("/api/collections/nothing", 404), ("/api/collections/bouka/items", 410)],
)
def test_oas30_exception_codes(client: TestClient, path: str, status: int) -> None:
    document = definition(client)
    operations = [item["get"] for path_, item in document["paths"].items() if "collections/" in path_]
    assert all(str(status) in operation["responses"] for operation in operations)
    answer = client.get(path)
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    schema = document["components"]["schemas"]["problem"]
    assert set(schema["required"]) <= set(problem) <= set(schema["properties"])


def test_oas30_security(client: TestClient) -> None:
    """Reading is open to everybody, so the definition asks for nothing."""
    document = definition(client)
    assert "security" not in document and "securitySchemes" not in document["components"]
    assert not [path for path, item in document["paths"].items() if "security" in item["get"]]


# ------------------------------------------------------------------ coordinate reference systems


def test_crs_uri(client: TestClient) -> None:
    shape = re.compile(r"http://www\.opengis\.net/def/crs/(OGC/1\.3/CRS84|EPSG/0/[1-9][0-9]{3,4})")
    document = client.get("/api/collections").json()
    for entry in document["collections"]:
        for uri in (*entry["crs"], entry["storageCrs"]):
            assert shape.fullmatch(uri)


def test_fc_md_crs_list_global(client: TestClient) -> None:
    document = client.get("/api/collections").json()
    assert document["crs"][0] == CRS84
    assert all(entry["crs"] == document["crs"] for entry in document["collections"])


@pytest.mark.parametrize("name", ["crs", "bbox-crs"])
def test_crs_parameters_are_defined(client: TestClient, name: str) -> None:
    for item in (ITEMS.removeprefix("/api"), "/collections/{collectionId}/items/{featureId}"):
        listed = {entry["name"]: entry for entry in definition(client)["paths"][item]["get"]["parameters"]}
        if name == "bbox-crs" and "{" in item:
            continue
        found = listed[name]
        assert (found["in"], found["required"], found["style"], found["explode"]) == ("query", False, "form", False)
        assert found["schema"]["type"] == "string"
        assert found["schema"]["enum"] == client.get("/api/collections/youto").json()["crs"]


@pytest.mark.parametrize("path", [ITEMS, f"{ITEMS}/d11"])
def test_without_crs_it_is_crs84(client: TestClient, path: str) -> None:
    plain, named = client.get(path), client.get(path, params={"crs": CRS84})
    assert plain.headers["content-crs"] == named.headers["content-crs"] == f"<{CRS84}>"
    assert shapely.from_geojson(plain.content).equals(shapely.from_geojson(named.content))


# ------------------------------------------------------------------ queryables and CQL2


def test_every_queryable_is_a_parameter(client: TestClient) -> None:
    """/req/queryables-query-parameters/parameters: in the definition, and it does what `filter` does."""
    queryables = client.get("/api/collections/youto/queryables").json()["properties"]
    listed = {entry["name"] for entry in definition(client)["paths"]["/collections/youto/items"]["get"]["parameters"]}
    scalar = {name for name, schema in queryables.items() if "x-ogc-role" not in schema}
    assert scalar and scalar <= listed
    for name, value, text in (
        ("no", "011", "no = '011'"),
        ("kenpei", "60", "kenpei = 60"),
        ("taka", "10.5", "taka=10.5"),
    ):
        plain = client.get(ITEMS, params={name: value}).json()
        assert plain["features"] == client.get(ITEMS, params={"filter": text}).json()["features"] != []


@pytest.mark.parametrize(
    ("text", "count"),
    [("no = '0''11'", 0), ("youto_name LIKE '%商業%'", 50), (r"no LIKE '0\%1'", 0), ("'it''s' = 'it''s'", 100)],
)
def test_cql2_text_escaping(client: TestClient, text: str, count: int) -> None:
    assert client.get(ITEMS, params={"filter": text}).json()["numberMatched"] == count
