"""OGC API – Features Part 1: Core (OGC 17-069r4). Each test is named after the requirement it transcribes."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
import shapely
from openapi_spec_validator import OpenAPIV30SpecValidator
from starlette.testclient import TestClient

from tests.tile_server.tree import SIZE_M, lonlat

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
GEOJSON = "application/geo+json"
CLASSES = ("core", "oas30", "html", "geojson")
ITEMS = "/api/collections/youto/items"


def rels(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for link in document["links"]:
        found.setdefault(link["rel"], []).append(link)
    return found


def collections(client: TestClient) -> list[dict[str, Any]]:
    """The collections with something in force."""
    listed: list[dict[str, Any]] = client.get("/api/collections").json()["collections"]
    return [entry for entry in listed if entry["edition"] is not None]


def api(client: TestClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/api/openapi.json").json()
    return document


def parameter(client: TestClient, name: str) -> dict[str, Any]:
    listed = api(client)["paths"]["/collections/youto/items"]["get"]["parameters"]
    (found,) = [entry for entry in listed if entry["name"] == name]
    return dict(found)


# ------------------------------------------------------------------ landing page, API definition, conformance


@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_req_core_root_op(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_req_core_root_success(client: TestClient) -> None:
    found = rels(client.get("/api").json())
    assert {"service-desc", "service-doc", "conformance", "data", "self", "alternate"} <= set(found)
    assert found["service-desc"][0]["type"] == OPENAPI


def test_req_core_api_definition_op(client: TestClient) -> None:
    (link,) = rels(client.get("/api").json())["service-desc"]
    answer = client.get(link["href"], headers={"accept": OPENAPI})
    assert (answer.status_code, answer.headers["content-type"]) == (200, OPENAPI)


def test_req_core_api_definition_success(client: TestClient) -> None:
    document = api(client)
    assert document["openapi"] == "3.0.3"
    OpenAPIV30SpecValidator(document).validate()
    text = json.dumps(document)
    assert '"422"' not in text
    assert all(ref.startswith("#/") for ref in references(document))


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [ref for inner in value.values() for ref in references(inner)]
    return [ref for inner in value for ref in references(inner)] if isinstance(value, list) else []


def test_req_oas30_paths_are_relative_to_the_first_server(client: TestClient) -> None:
    """The executable suite looks for /collections/… below the server of the landing page."""
    document = api(client)
    assert document["servers"][0]["url"] == "http://maps.example.jp/api"
    expected = {"/", "/conformance", "/collections", "/collections/{collectionId}", "/collections/youto/items"}
    assert expected | {"/collections/{collectionId}/items/{featureId}"} <= set(document["paths"])
    outside = [path for path, item in document["paths"].items() if "servers" in item]
    assert {"/identify", "/search", "/list"} <= set(outside)


def test_req_core_conformance_op_and_success(client: TestClient) -> None:
    (link,) = rels(client.get("/api").json())["conformance"]
    declared = client.get(link["href"]).json()["conformsTo"]
    for name in CLASSES:
        assert f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" in declared


# ------------------------------------------------------------------ parameters


@pytest.mark.parametrize("path", ["/api", "/api/conformance", "/api/collections", "/api/collections/youto", ITEMS])
def test_req_core_query_param_unknown(client: TestClient, path: str) -> None:
    assert client.get(path, params={"unknownQueryParameter": "1"}).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "limit=unlimited", "limit=0", "limit=-1", "limit=1.5", "limit=NaN", "limit=", "limit=１２",
        "bbox=1,2,3", "bbox=1,2,3,4,5", "bbox=a,b,c,d", "bbox=NaN,0,1,1", "bbox=0,0,Infinity,1", "bbox=",
        "bbox=1e999,0,1,1",
        "datetime=yesterday", "datetime=2026-13-01", "datetime=2026-02-30", "datetime=2026-04-01T00:00:00",
        "datetime=1/2/3", "datetime=", "datetime=P2D/2026-04-01", "datetime=2026-04-01/P", "datetime=../P2D",
        "offset=-1", "offset=1e9", "offset=99999999999", "f=xml", "crs=EPSG:6677", "bbox-crs=nonsense",
        "limit=1&limit=2", "kenpei=abc",
    ],
)  # fmt: skip
def test_req_core_query_param_invalid(client: TestClient, query: str) -> None:
    answer = client.get(f"{ITEMS}?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "query",
    ["bbox=0,1,1,0", "bbox=-181,0,1,1", "bbox=0,-91,1,1", "bbox=0,0,5,1,1,1", "bbox=1e300,0,1,1",
     "datetime=2026-06-01/2026-05-01"],
)  # fmt: skip
def test_what_is_written_as_documented_but_is_no_place_or_time_is_not_found(client: TestClient, query: str) -> None:
    """No schema can say in which order numbers or days stand: such a request is well-formed, and there is nothing."""
    answer = client.get(f"{ITEMS}?{query}")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:machizu:problem:nowhere")
    assert answer.json()["parameter"] == query.partition("=")[0]


def test_req_core_fc_bbox_definition(client: TestClient) -> None:
    bbox = parameter(client, "bbox")
    assert (bbox["in"], bbox["required"], bbox["style"], bbox["explode"]) == ("query", False, "form", False)
    assert (bbox["schema"]["type"], bbox["schema"]["items"]["type"]) == ("array", "number")
    assert bbox["schema"]["oneOf"] == [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}]


def test_req_core_fc_limit_definition(client: TestClient) -> None:
    limit = parameter(client, "limit")
    assert (limit["in"], limit["required"], limit["style"], limit["explode"]) == ("query", False, "form", False)
    assert limit["schema"] == {"type": "integer", "minimum": 1, "default": 100}


def test_req_core_fc_limit_definition_states_the_maximum_at_the_path(client: TestClient) -> None:
    """OGC's suite reads the path's parameters first; the operation's, which overrides, says that more is accepted."""
    (limit,) = api(client)["paths"]["/collections/youto/items"]["parameters"]
    assert (limit["name"], limit["in"], limit["required"]) == ("limit", "query", False)
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}


def test_req_core_fc_time_definition(client: TestClient) -> None:
    time = parameter(client, "datetime")
    assert (time["in"], time["required"], time["style"], time["explode"]) == ("query", False, "form", False)
    assert time["schema"]["type"] == "string"


# ------------------------------------------------------------------ collections


def test_req_core_fc_md_op_and_success(client: TestClient) -> None:
    document = client.get("/api/collections").json()
    assert {"links", "collections"} <= set(document)
    assert {"self", "alternate"} <= set(rels(document))


def test_req_core_fc_md_items_and_links(client: TestClient) -> None:
    for entry in collections(client):
        assert {"id", "links", "title", "extent"} <= set(entry)
        items = rels(entry)["items"]
        assert {GEOJSON, "text/html"} <= {link["type"] for link in items}
        for link in items:
            assert client.get(f"{link['href']}&limit=1").headers["content-type"].startswith(link["type"])
        assert all(link["rel"] and link["type"] for link in entry["links"])


def test_req_core_fc_md_extent(client: TestClient) -> None:
    for entry in collections(client):
        spatial = entry["extent"].get("spatial")
        if spatial is not None:
            west, south, east, north = spatial["bbox"][0]
            assert -180 <= west <= east <= 180
            assert -90 <= south <= north <= 90
            assert spatial["crs"] == CRS84
        ((start, end),) = entry["extent"]["temporal"]["interval"]
        began, ended = dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end)
        assert began.tzinfo is not None
        assert ended >= dt.datetime(2026, 6, 1, 14, 59, 59, tzinfo=dt.UTC)
        moments = [start, f"{start}/{end}", f"{(began + (ended - began) / 4).date()}/P2D", f"{end[:10]}/.."]
        for moment in moments:  # what the executable suite asks, and the other end
            path = f"/api/collections/{entry['id']}/items"
            assert client.get(path, params={"datetime": moment}).status_code == 200, moment


def test_req_core_sfc_md_op_and_success(client: TestClient) -> None:
    for entry in client.get("/api/collections").json()["collections"]:
        (link,) = rels(entry)["self"]
        assert client.get(link["href"]).json() == entry
    assert client.get("/api/collections/nothing").status_code == 404


# ------------------------------------------------------------------ items


def test_req_core_fc_op_and_response(client: TestClient) -> None:
    for entry in collections(client):
        (link,) = [link for link in rels(entry)["items"] if link["type"] == GEOJSON]
        answer = client.get(link["href"])
        document = answer.json()
        assert (answer.status_code, answer.headers["content-type"]) == (200, GEOJSON)
        assert document["type"] == "FeatureCollection"
        assert all(feature["type"] == "Feature" and feature["id"] for feature in document["features"])


def test_req_core_crs84(client: TestClient) -> None:
    west, south, east, north = client.get("/api/collections/youto").json()["extent"]["spatial"]["bbox"][0]
    for feature in client.get(ITEMS).json()["features"]:
        low_x, low_y, high_x, high_y = shapely.geometry.shape(feature["geometry"]).bounds
        assert west - 1e-8 <= low_x <= high_x <= east + 1e-8
        assert south - 1e-8 <= low_y <= high_y <= north + 1e-8


def test_req_core_fc_links(client: TestClient) -> None:
    found = rels(client.get(f"{ITEMS}?limit=10").json())
    assert {"self", "alternate", "next"} <= set(found)
    assert found["alternate"][0]["type"] == "text/html"


def test_req_core_fc_timestamp(client: TestClient) -> None:
    before = dt.datetime.now(dt.UTC).replace(microsecond=0)
    stamp = dt.datetime.fromisoformat(client.get(ITEMS).json()["timeStamp"])
    assert before <= stamp <= dt.datetime.now(dt.UTC)


def test_req_core_fc_number_matched_and_returned(client: TestClient) -> None:
    document = client.get(f"{ITEMS}?limit=30&offset=80").json()
    assert document["numberMatched"] == 100
    assert document["numberReturned"] == len(document["features"]) == 20


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_req_core_fc_limit_response(client: TestClient, limit: int) -> None:
    assert len(client.get(f"{ITEMS}?limit={limit}").json()["features"]) == limit


def test_req_core_fc_limit_response_beyond_the_maximum_is_clamped(client: TestClient) -> None:
    for limit in ("1001", "100000", "9" * 3000):
        answer = client.get(f"{ITEMS}?limit={limit}")
        assert (answer.status_code, len(answer.json()["features"])) == (200, 100)


@pytest.mark.parametrize("limit", [1, 7, 33, 100])
def test_rec_core_next_pages_together_give_every_feature_once(client: TestClient, limit: int) -> None:
    address: str | None = f"{ITEMS}?limit={limit}"
    ids: list[str] = []
    while address is not None:
        page = client.get(address).json()
        ids += [feature["id"] for feature in page["features"]]
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert ids == [f"d{n}" for n in range(100)]


def test_rec_core_prev_leads_back(client: TestClient) -> None:
    page = client.get(f"{ITEMS}?limit=10&offset=20").json()
    back = client.get(rels(page)["prev"][0]["href"]).json()
    assert [feature["id"] for feature in back["features"]] == [f"d{n}" for n in range(10, 20)]


def within(east_m: float, north_m: float, width_m: float) -> str:
    west, south = lonlat(east_m, north_m)
    east, north = lonlat(east_m + width_m, north_m + width_m)
    return f"{west},{south},{east},{north}"


def test_req_core_fc_bbox_response(client: TestClient) -> None:
    found = client.get(f"{ITEMS}?bbox={within(110, 110, 80)}").json()
    assert [feature["id"] for feature in found["features"]] == ["d11"]
    assert found["numberMatched"] == 1


def test_req_core_fc_bbox_response_six_numbers(client: TestClient) -> None:
    west, south, east, north = within(110, 110, 80).split(",")
    found = client.get(f"{ITEMS}?bbox={west},{south},-10,{east},{north},500").json()
    assert [feature["id"] for feature in found["features"]] == ["d11"]


@pytest.mark.parametrize(
    "bbox", ["-1.5,50,1.5,53", "-80,-5,-70,5", "177,65,-177,70", "-180,85,180,90", "-180,-90,180,-85"]
)
def test_req_core_fc_bbox_response_meridian_equator_antimeridian_poles(client: TestClient, bbox: str) -> None:
    answer = client.get(f"{ITEMS}?bbox={bbox}")
    assert (answer.status_code, answer.json()["features"]) == (200, [])


def test_req_core_fc_bbox_response_across_the_antimeridian(client: TestClient) -> None:
    """West beyond east spans 180°: 130° to -170° holds Japan, 150° to 130° goes round the earth without it."""
    assert client.get(f"{ITEMS}?bbox=130,-90,-170,90").json()["numberMatched"] == 100
    assert client.get(f"{ITEMS}?bbox=150,-90,130,90").json()["numberMatched"] == 0


def test_req_core_fc_bbox_response_features_without_geometry_always_match(client: TestClient) -> None:
    found = client.get("/api/collections/choubo/items?bbox=0,0,1,1").json()
    assert [feature["geometry"] for feature in found["features"]] == [None]


@pytest.mark.parametrize(
    ("moment", "kenpei"),
    [
        ("2026-04-01", 50),
        ("2026-03-31", 40),
        ("2026-03-31T15:00:00Z", 50),
        ("2026-03-31T14:59:59Z", 40),
        ("2025-04-01/2026-03-31", 40),
        ("2025-04-01/2026-04-01", 50),
        ("../2026-03-31", 40),
        ("2026-01-01/..", 80),
        ("/2026-03-31", 40),
        ("../..", 80),
        ("2026-03-01/P2D", 40),
        ("2026-03-01/P1M", 50),
        ("2026-03-01T00:00:00Z/P1Y2M10DT2H30M", 80),
    ],
)
def test_req_core_fc_time_response(client: TestClient, moment: str, kenpei: int) -> None:
    """The state of a day in Asia/Tokyo; over an interval the newest state of each feature."""
    found = client.get(ITEMS, params={"datetime": moment, "limit": 1}).json()
    assert (found["features"][0]["properties"]["kenpei"], found["numberMatched"]) == (kenpei, 100)


def test_req_core_fc_time_response_before_the_first_edition_there_is_no_data(client: TestClient) -> None:
    for moment in ("2019-01-01", "../2019-01-01"):
        answer = client.get("/api/collections/choiki/items", params={"datetime": moment})
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:machizu:problem:no-data")
        assert "データ無し" in answer.json()["detail"]


@pytest.mark.parametrize(("query", "count"), [("no=011", 1), ("youto=10", 50), ("kenpei=60", 99), ("taka=10.5", 34)])
def test_rec_core_fc_filters(client: TestClient, query: str, count: int) -> None:
    assert client.get(f"{ITEMS}?{query}").json()["numberMatched"] == count


def test_rec_core_fc_filters_are_joined_by_and(client: TestClient) -> None:
    found = client.get(f"{ITEMS}?youto=10&no=010").json()
    assert found["numberMatched"] == 0
    found = client.get(ITEMS, params={"youto": "10", "no": "011", "bbox": within(0, 0, SIZE_M)}).json()
    assert [feature["id"] for feature in found["features"]] == ["d11"]


# ------------------------------------------------------------------ one feature


def test_req_core_f_op_and_success(client: TestClient) -> None:
    for entry in collections(client):
        for listed in client.get(f"/api/collections/{entry['id']}/items?limit=3").json()["features"]:
            answer = client.get("/".join(["/api/collections", entry["id"], "items", _quoted(listed["id"])]))
            feature = answer.json()
            assert (answer.status_code, answer.headers["content-type"]) == (200, GEOJSON)
            assert {name: feature[name] for name in listed} == listed
    assert client.get(f"{ITEMS}/nothing").status_code == 404


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def test_req_core_f_links(client: TestClient) -> None:
    found = rels(client.get(f"{ITEMS}/d11").json())
    assert {"self", "alternate", "collection"} <= set(found)
    assert client.get(found["self"][0]["href"]).json()["id"] == "d11"


# ------------------------------------------------------------------ HTML and GeoJSON


@pytest.mark.parametrize("path", ["/api", "/api/conformance", "/api/collections", "/api/collections/youto", ITEMS])
def test_req_html_definition_and_content(client: TestClient, path: str) -> None:
    for headers, query in (({"accept": "text/html,*/*;q=0.8"}, ""), ({}, "?f=html")):
        answer = client.get(path + query, headers=headers)
        assert answer.headers["content-type"].startswith("text/html")
        assert '<html lang="ja">' in answer.text


def test_req_geojson_definition_and_content(client: TestClient) -> None:
    for accept in (GEOJSON, "application/json", "*/*", "text/turtle"):
        assert client.get(ITEMS, headers={"accept": accept}).headers["content-type"] == GEOJSON


def test_req_geojson_rings_are_wound_as_rfc_7946_wants(client: TestClient) -> None:
    for feature in client.get(ITEMS).json()["features"]:
        for polygon in feature["geometry"]["coordinates"]:
            assert shapely.LinearRing(polygon[0]).is_ccw
