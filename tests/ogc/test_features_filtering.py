"""OGC API – Features Part 3: Filtering (19-079r2) and CQL2 (21-065r2), by requirement."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import shapely
from starlette.testclient import TestClient

from tests.tile_server.tree import SOUTH_M, WEST_M, lonlat
from tile_server import cql2
from tile_server.errors import RequestError

ITEMS = "/api/collections/youto/items"
QUERYABLES = "/api/collections/youto/queryables"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


def found(client: TestClient, text: str, **more: str) -> set[str]:
    answer = client.get(ITEMS, params={"filter": text, "limit": "1000"} | more)
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["numberMatched"] == len(document["features"])
    return {feature["id"] for feature in document["features"]}


def refused(client: TestClient, text: str, **more: str) -> str:
    answer = client.get(ITEMS, params={"filter": text} | more)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), answer.text
    parameter: str = answer.json()["parameter"]
    return parameter


def everything(client: TestClient) -> dict[str, dict[str, Any]]:
    document = client.get(ITEMS, params={"limit": "1000"}).json()
    return {feature["id"]: feature for feature in document["features"]}


def box(east_m: float, north_m: float, size_m: float) -> shapely.Polygon:
    """In degrees; metres from the town's south-west corner."""
    west, south = lonlat(east_m, north_m)
    east, north = lonlat(east_m + size_m, north_m + size_m)
    return shapely.box(west, south, east, north)


# ------------------------------------------------------------------ queryables


def test_req_queryables_link(client: TestClient) -> None:
    for entry in client.get("/api/collections").json()["collections"]:
        rel = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
        (link,) = [link for link in entry["links"] if link["rel"] == rel]
        assert link["type"] == "application/schema+json"


def test_req_queryables_get_op_and_response(client: TestClient) -> None:
    answer = client.get(QUERYABLES, headers={"accept": "application/schema+json"})
    document = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/schema+json")
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["$id"] == f"http://maps.example.jp{QUERYABLES}"
    assert document["type"] == "object"
    assert document["additionalProperties"] is False
    assert set(document["properties"]) == {"no", "youto", "youto_name", "kenpei", "taka", "geometry"}
    assert document["properties"]["geometry"]["format"] == "geometry-multipolygon"
    assert "type" not in document["properties"]["geometry"]
    assert document["properties"]["kenpei"]["type"] == "integer"


def test_req_queryables_html(client: TestClient) -> None:
    page = client.get(QUERYABLES, headers={"accept": "text/html"}).text
    assert "建蔽率" in page
    assert "検索に使える属性" in page


def test_req_queryables_query_parameters(client: TestClient) -> None:
    document = client.get(QUERYABLES).json()
    values = everything(client)["d11"]["properties"]
    for name, schema in document["properties"].items():
        if "type" in schema and values[name] is not None:
            listed = client.get(ITEMS, params={name: str(values[name]), "limit": "1000"}).json()["features"]
            assert "d11" in {feature["id"] for feature in listed}
            assert {feature["properties"][name] for feature in listed} == {values[name]}


# ------------------------------------------------------------------ filter, filter-lang, filter-crs


@pytest.mark.parametrize("name", ["filter", "filter-lang", "filter-crs"])
def test_req_filter_parameters_are_defined(client: TestClient, name: str) -> None:
    document = client.get("/api/openapi.json").json()
    listed = document["paths"]["/collections/youto/items"]["get"]["parameters"]
    (entry,) = [entry for entry in listed if entry["name"] == name]
    assert (entry["in"], entry["required"], entry["schema"]["type"]) == ("query", False, "string")
    assert (entry["style"], entry["explode"]) == ("form", False)


def test_req_filter_filter_lang_default_is_text(client: TestClient) -> None:
    assert found(client, "no = '011'") == found(client, "no = '011'", **{"filter-lang": "cql2-text"}) == {"d11"}


def test_req_filter_filter_lang_json(client: TestClient) -> None:
    tree = {"op": "=", "args": [{"property": "no"}, "011"]}
    assert found(client, json.dumps(tree), **{"filter-lang": "cql2-json"}) == {"d11"}


@pytest.mark.parametrize("language", ["cql-text", "ecql", "", "CQL2-TEXT"])
def test_req_filter_filter_lang_unknown_is_refused(client: TestClient, language: str) -> None:
    assert refused(client, "no = '011'", **{"filter-lang": language}) == "filter-lang"


@pytest.mark.parametrize("code", ["4326", "6668", "6677", "3857"])
def test_req_filter_filter_crs_axes_are_in_the_order_of_the_definition(client: TestClient, code: str) -> None:
    uri = f"{EPSG}{code}"
    answer = client.get(f"{ITEMS}/d11", params={"crs": uri}).json()
    first, second = shapely.geometry.shape(answer["geometry"]).centroid.coords[0]
    text = f"S_INTERSECTS(geometry,POINT({first!r} {second!r}))"
    assert found(client, text, **{"filter-crs": uri}) == {"d11"}


def test_req_filter_filter_crs_default_is_crs84(client: TestClient) -> None:
    lon, lat = lonlat(150, 150)
    assert found(client, f"S_INTERSECTS(geometry,POINT({lon} {lat}))", crs=f"{EPSG}6677") == {"d11"}


def test_req_filter_filter_crs_unknown_is_refused(client: TestClient) -> None:
    assert refused(client, "true", **{"filter-crs": f"{EPSG}2451"}) == "filter-crs"


def test_req_filter_mixing_expressions(client: TestClient) -> None:
    """Every selection parameter must be fulfilled at once."""
    west, south, east, north = box(110, 110, 80).bounds
    more = {"bbox": f"{west},{south},{east},{north}", "youto": "10"}
    assert found(client, "kenpei = 60", **more) == {"d11"}
    assert found(client, "kenpei = 50", **more) == set()


def test_req_features_filter_holds_for_each_state_over_an_interval(client: TestClient) -> None:
    assert found(client, "kenpei = 40", datetime="2025-04-01/2026-04-01") == set()
    assert found(client, "kenpei = 50", datetime="2025-04-01/2026-04-01") == {"d0"}


def test_links_keep_the_filter(client: TestClient) -> None:
    page = client.get(ITEMS, params={"filter": "kenpei = 60", "sortby": "-no", "limit": "5"}).json()
    (following,) = [link["href"] for link in page["links"] if link["rel"] == "next"]
    after = client.get(following).json()
    assert after["numberMatched"] == 99
    assert [feature["properties"]["no"] for feature in page["features"] + after["features"]] == [
        f"{n:03d}" for n in range(99, 89, -1)
    ]


# ------------------------------------------------------------------ CQL2


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("kenpei = 50", lambda p: p["kenpei"] == 50),
        ("kenpei <> 50", lambda p: p["kenpei"] != 50),
        ("50 < kenpei", lambda p: p["kenpei"] > 50),
        ("kenpei <= 50.0", lambda p: p["kenpei"] <= 50),
        ("no >= '090'", lambda p: p["no"] >= "090"),
        ("taka = 10.5", lambda p: p["taka"] == 10.5),
        ("NOT taka = 10.5", lambda p: False),
        ("taka IS NULL", lambda p: p["taka"] is None),
        ("taka IS NOT NULL", lambda p: p["taka"] is not None),
        ("youto = '10' AND (no = '001' OR no = '002')", lambda p: p["no"] == "001"),
        ("no = '002' OR youto = '10' AND no = '001'", lambda p: p["no"] in ("001", "002")),
        ("no LIKE '01%'", lambda p: p["no"].startswith("01")),
        ("no LIKE '_11'", lambda p: p["no"] == "011"),
        ("no NOT LIKE '0%'", lambda p: not p["no"].startswith("0")),
        ("youto_name LIKE '%低層%'", lambda p: "低層" in p["youto_name"]),
        ("no LIKE '*'", lambda p: False),
        ("no LIKE '[0-9]%'", lambda p: False),
        (r"no LIKE '\%'", lambda p: False),
        ("kenpei BETWEEN 40 AND 55", lambda p: 40 <= p["kenpei"] <= 55),
        ("kenpei NOT BETWEEN 40 AND 55", lambda p: not 40 <= p["kenpei"] <= 55),
        ("no IN ('001','002')", lambda p: p["no"] in ("001", "002")),
        ("no NOT IN ('001','002')", lambda p: p["no"] not in ("001", "002")),
        ("CASEI(youto_name) = CASEI('商業地域')", lambda p: p["youto_name"] == "商業地域"),
        ("no = no", lambda p: True),
        ("\"no\" = '001'", lambda p: p["no"] == "001"),
        ("true", lambda p: True),
        ("NOT false AND kenpei = 50", lambda p: p["kenpei"] == 50),
        ("no = 'it''s'", lambda p: False),
    ],
)
def test_conf_basic_and_advanced_comparison(client: TestClient, text: str, law: Any) -> None:
    expected = {fid for fid, feature in everything(client).items() if law(feature["properties"])}
    assert found(client, text) == expected
    tree = json.dumps(cql2.read_text(text))
    assert found(client, tree, **{"filter-lang": "cql2-json"}) == expected


SHAPES = {
    "inside": box(110, 110, 80),
    "over four": box(150, 150, 100),
    "same": box(100, 100, 100),
    "far": box(5000, 5000, 10),
    "all": box(-10, -10, 1100),
}


@pytest.mark.parametrize("name", list(SHAPES))
@pytest.mark.parametrize(
    "operator",
    ["S_INTERSECTS", "S_DISJOINT", "S_WITHIN", "S_CONTAINS", "S_TOUCHES", "S_OVERLAPS", "S_CROSSES", "S_EQUALS"],
)
def test_conf_spatial_functions_agree_with_a_plain_look(client: TestClient, operator: str, name: str) -> None:
    shape = SHAPES[name]
    plain = getattr(shapely, operator.lower().removeprefix("s_"))
    shapes = {fid: shapely.geometry.shape(feature["geometry"]) for fid, feature in everything(client).items()}
    assert found(client, f"{operator}(geometry,{shape.wkt})") == {
        fid for fid, feature in shapes.items() if plain(feature, shape)
    }
    turned = json.dumps({"op": operator.lower(), "args": [shape.__geo_interface__, {"property": "geometry"}]})
    assert found(client, turned, **{"filter-lang": "cql2-json"}) == {
        fid for fid, feature in shapes.items() if plain(shape, feature)
    }


def test_conf_basic_spatial_functions_bbox(client: TestClient) -> None:
    west, south, east, north = SHAPES["inside"].bounds
    assert found(client, f"S_INTERSECTS(geometry,BBOX({west},{south},{east},{north}))") == {"d11"}


def test_filter_in_the_town_frame_is_exact_to_the_millimetre(client: TestClient) -> None:
    def ids(north_m: float) -> set[str]:
        text = f"S_INTERSECTS(geometry,POINT({SOUTH_M + north_m} {WEST_M + 50}))"
        return found(client, text, **{"filter-crs": f"{EPSG}6677"})

    assert ids(99.9995) == {"d0"}
    assert ids(100.0) == {"d0", "d10"}


def test_a_feature_without_geometry_matches_no_spatial_filter(client: TestClient) -> None:
    for text, count in (("S_INTERSECTS(geometry,BBOX(-180,-90,180,90))", 0), ("geometry IS NULL", 1)):
        answer = client.get("/api/collections/choubo/items", params={"filter": text})
        assert answer.json()["numberMatched"] == count
    answer = client.get("/api/collections/choubo/items", params={"filter": "S_DISJOINT(geometry,POINT(0 0))"})
    assert answer.json()["numberMatched"] == 0


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "no", "no =", "= 1", "no = '011", "(no = '011'", "no = '011')", "no == '011'", "unknown = 1",
        "no = 1", "kenpei = '60'", "kenpei LIKE '6%'", "kenpei + 1 = 2", "foo(no) = 1", "no IN ()", "no IN (1)",
        "no BETWEEN 1 AND 2", "kenpei = DATE('2020-01-01')", "DATE('2020-02-30') = DATE('2020-02-30')",
        "S_INTERSECTS(geometry)", "S_INTERSECTS(no,POINT(1 2))", "S_INTERSECTS(geometry,geometry)",
        "S_INTERSECTS(geometry,POINT(1))", "S_INTERSECTS(geometry,POLYGON((0 0,1 1,0 1,1 0,0 0)))",
        "S_INTERSECTS(geometry,POLYGON((0 0,1 1)))", "S_INTERSECTS(geometry,BBOX(1,2,3))",
        "S_INTERSECTS(geometry,BBOX(1,2,3,1e300))", "S_DWITHIN(geometry,POINT(1 2),1,'m')",
        "T_AFTER(no,DATE('2020-01-01'))", "ACCENTI(no) = 'a'", "A_CONTAINS(no,('a','b'))", "1; DROP TABLE attribute",
        "no = \"'; DROP TABLE attribute --\"", "no = '1' -- x", "kenpei = 1e999", "kenpei = ٣", "no = no AND",
        "casefolded(no) = 'x'", "seq = 1", "geometry = 1", "taka", "1", "'a'", "no LIKE youto",
    ],
)  # fmt: skip
def test_an_unsupported_or_broken_filter_is_a_problem_that_names_the_parameter(client: TestClient, text: str) -> None:
    assert refused(client, text) == "filter"


@pytest.mark.parametrize(
    "expression",
    [
        "", "{", "[]", "null", "1", '"no"', "{}", '{"op":"="}', '{"op":"=","args":[]}', '{"op":1,"args":[]}',
        '{"op":"and","args":[true]}', '{"op":"not","args":[true,true]}', '{"op":"=","args":[{"property":1},1]}',
        '{"op":"=","args":[{"property":"no","x":1},"1"]}', '{"op":"in","args":[{"property":"no"},"1"]}',
        '{"op":"=","args":[{"property":"kenpei"},1e400]}', '{"op":"=","args":[{"property":"kenpei"},NaN]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point"}]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":[]}]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":["a","b"]}]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":[true,0,1,1]}]}',
        '{"op":"=","args":[{"date":5},{"date":"2020-01-01"}]}',
    ],
)  # fmt: skip
def test_a_broken_filter_in_json_is_a_problem(client: TestClient, expression: str) -> None:
    assert refused(client, expression, **{"filter-lang": "cql2-json"}) == "filter"


HOSTILE = {
    "open brackets": "(" * 7000,
    "brackets": "(" * 3000 + "no='1'" + ")" * 3000,
    "brackets and words": "(no IN (taka BETWEEN kenpei AND " * 200,
    "negations": "NOT " * 1900 + "true",
    "folds": "casei(" * 1000 + "no" + ")" * 1000,
    "minus": "kenpei = " + "-" * 7000 + "1",
    "quotes": "'" * 7999,
    "half quotes": "no = '" + "''" * 3900,
    "double quotes": '"' * 7999,
    "escapes": "no = '" + "\\" * 7000,
    "wildcards": "no LIKE '" + "%a" * 3900 + "'",
    "wildcards in a row": "no LIKE '" + "%" * 7000 + "x'",
    "collections": "S_INTERSECTS(geometry," + "GEOMETRYCOLLECTION(" * 400,
    "long": "no = '" + "x" * 8000 + "'",
    "conditions": " OR ".join(["kenpei = 1"] * 600),
    "digits": "kenpei = " + "9" * 7000,
    "json": "[" * 7000,
    "json objects": '{"op":"not","args":[' * 390,
}


@pytest.mark.parametrize("language", ["cql2-text", "cql2-json"])
@pytest.mark.parametrize("name", list(HOSTILE))
def test_no_filter_takes_long_or_is_a_fault_of_the_server(client: TestClient, name: str, language: str) -> None:
    begun = time.monotonic()
    answer = client.get(ITEMS, params={"filter": HOSTILE[name], "filter-lang": language})
    assert answer.status_code in (200, 400)
    assert time.monotonic() - begun < 2.0


def test_length_and_nesting_are_looked_at_before_anything_is_parsed() -> None:
    for read, text, word in (
        (cql2.read_text, "no = '" + "x" * cql2.MAX_LENGTH + "'", "characters"),
        (cql2.read_text, "(" * 21, "nested"),
        (cql2.read_json, "[" * 65, "nested"),
        (cql2.read_json, " " * (cql2.MAX_LENGTH + 1), "characters"),
    ):
        with pytest.raises(RequestError) as raised:
            read(text)
        assert word in raised.value.english
    assert cql2.read_text("(" * 20 + "true" + ")" * 20) is True
    assert cql2.read_text("no = '((((((((((((((((((((((((('")["args"][1].startswith("((")


def test_conformance_names_what_is_tested_here(client: TestClient) -> None:
    declared = set(client.get("/api/conformance").json()["conformsTo"])
    part3 = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/"
    text = "http://www.opengis.net/spec/cql2/1.0/conf/"
    assert {
        part3 + name for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")
    } <= declared
    assert {text + name for name in ("cql2-text", "cql2-json", "basic-cql2", "spatial-functions")} <= declared
    assert {text + name for name in ("temporal-functions", "array-functions", "arithmetic", "functions")}.isdisjoint(
        declared
    )
