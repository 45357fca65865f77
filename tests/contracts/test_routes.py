"""Laws of every route of the server, held against each member of `tile_server.routes` as it is found there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

import tile_server.routes
from gis_pipeline.model import RESERVED_IDS, BBox
from gis_pipeline.plugins import members
from tests.tile_server.client import BASE, client_of
from tests.tile_server.tree import lonlat, shared_tree
from tile_server.tilesets import tile_range

# rasterio multiplies affine transforms in the way affine 3 will drop; nothing here can change that.

LON, LAT = lonlat(155, 155)
SCAN_LON, SCAN_LAT = 139.2650, 35.7520
"""A place on the first sheet."""


def at(lon: float, lat: float) -> dict[str, str]:
    row, _, col, _ = tile_range(BBox(west=lon, south=lat, east=lon, north=lat), 14)
    return {"tileRow": str(row), "tileCol": str(col), "x": str(col), "file": f"{row}.mvt", "tileFile": f"{col}.png"}


FILLED = {
    "j": "100",
    "time": "current",
    "infoFile": "100.json",
    "collectionId": "youto",
    "featureId": "d11",
    "tileMatrixSetId": "WebMercatorQuad",
    "tileMatrix": "14",
    "edition": "2026-04-01",
    "asset": "features.geojson",
    "name": "youto.geojson",
    "layer": "youto@2026-04-01",
    "z": "14",
    "styleId": "youto",
    "itemId": "2026-04-01",
    "fontstack": "Noto Sans JP Medium",
    "range": "0-255",
} | at(LON, LAT)
QUERY = {"/identify": f"lon={LON}&lat={LAT}", "/search": "q=0101"}
JOBS = "/jobs/"
"""A job is there only while it is made and kept; what holds for it then is tested in tests/tile_server."""
IN_XML = ("/wms", "/wmts")
"""Their standards want unknown parameters ignored, and errors told in XML."""
NOT_BUILT = "/assets/{name:path}"
"""The viewer's own files are there only when it is built; what holds for them then is tested in tests/tile_server."""


def found_routes() -> list[str]:
    found: dict[str, None] = {}
    for module in members(tile_server.routes).values():
        for route in module.router.routes:
            assert isinstance(route, APIRoute)
            found[route.path] = None
    return [path for path in found if path != NOT_BUILT and not path.startswith(JOBS)]


ROUTES = found_routes()


def example(template: str, **changes: str) -> str:
    """A request that the route answers with 200."""
    filled = FILLED | ({"collectionId": "zumen"} | at(SCAN_LON, SCAN_LAT) if "/map/" in template else {}) | changes
    path = re.sub(r"\{(\w+)(:path)?\}", lambda match: filled[match[1]], template)
    return path + (f"?{QUERY[template]}" if template in QUERY else "")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with client_of(shared_tree(tmp_path_factory.getbasetemp())) as made:
        yield made


@pytest.mark.parametrize("route", ROUTES)
def test_answers_its_example(client: TestClient, route: str) -> None:
    assert client.get(example(route)).status_code == 200


@pytest.mark.parametrize("route", ROUTES)
def test_head_is_get_without_the_body(client: TestClient, route: str) -> None:
    got, head = client.get(example(route)), client.head(example(route))
    assert head.status_code == got.status_code
    assert head.content == b""
    assert dict(head.headers) == dict(got.headers)


@pytest.mark.parametrize("route", ROUTES)
def test_reading_is_open_to_every_site(client: TestClient, route: str) -> None:
    answer = client.get(example(route), headers={"origin": "https://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("route", ROUTES)
def test_preflight_names_the_methods(client: TestClient, route: str) -> None:
    answer = client.options(example(route), headers={"access-control-request-method": "GET"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-methods"] == answer.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
@pytest.mark.parametrize("route", ROUTES)
def test_other_methods_are_refused_with_allow(client: TestClient, route: str, method: str) -> None:
    answer = client.request(method, example(route))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.startswith(("/pages", *IN_XML))])
def test_an_unknown_query_parameter_is_a_problem(client: TestClient, route: str) -> None:
    path = example(route)
    answer = client.get(path + ("&" if "?" in path else "?") + "unknownQueryParameter12345=1")
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["type"]) == (400, 400, "urn:machizu:problem:bad-request")
    assert problem["parameter"] == "unknownQueryParameter12345"
    assert problem["detail"] and problem["detailEn"]


@pytest.mark.parametrize("route", ROUTES)
def test_what_the_client_has_is_not_sent_again(client: TestClient, route: str) -> None:
    first = client.get(example(route))
    etag = first.headers.get("etag")
    if etag is None:
        assert route.startswith(("/health", "/robots"))
        return
    again = client.get(example(route), headers={"if-none-match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert client.get(example(route), headers={"if-none-match": '"other"'}).status_code == 200


def test_an_address_of_its_own_never_hides_a_map() -> None:
    """What stands where a map's id could stand is refused as an id (gis_pipeline.model)."""
    shapes = [
        re.compile(re.sub(r"\\{(collectionId|styleId)\\}", r"(?P<id>[a-z][a-z0-9_-]*)", re.escape(template)))
        for template in ROUTES
        if re.search(r"\{(collectionId|styleId)\}", template) and template.count("{") == 1
    ]
    fixed = [path for path in ROUTES if "{" not in path]
    hidden = {match["id"] for path in fixed for shape in shapes if (match := shape.fullmatch(path))}
    assert hidden == RESERVED_IDS


# ------------------------------------------------------------------ hostile requests

HOSTILE = [
    "NaN", "Infinity", "-1", "1e400", str(1 << 40), str(1 << 80), "9" * 5000, "%00", "a%00b", "..", "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e", "%ff%fe", "'", "\"><script>", "{{7*7}}", "x" * 10_000, "١٢", "１２", "",
    " ", "%0d%0aset-cookie:a=b", "2026-02-30", "0000-00-00", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00",
    "1,2,3", "0,0,NaN,1", "180,90,-180,-90", "1,1,1,1,1,1,1", "@", "@2x", "youto@", "youto@2026-04-01@",
]  # fmt: skip


PARAMETERS = (
    "bbox",
    "bbox-crs",
    "crs",
    "datetime",
    "f",
    "limit",
    "offset",
    "lon",
    "lat",
    "from",
    "to",
    "area",
    "radius_m",
    "q",
    "no",
    "kenpei",
    "area",
    "sheet",
    "route",
    "buffer_m",
    "clip",
    "encoding",
)


def refused_well(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code < 500, (address[:200], answer.status_code)
    if answer.status_code >= 400:
        said = {"application/problem+json"} | ({"text/xml; charset=utf-8"} if address.startswith(IN_XML) else set())
        assert answer.headers["content-type"] in said, address[:200]
        assert "Traceback" not in answer.text
        assert "root:" not in answer.text


@pytest.mark.parametrize("route", [route for route in ROUTES if "{" in route])
def test_a_hostile_path_is_never_a_fault_of_the_server(client: TestClient, route: str) -> None:
    for name in re.findall(r"\{(\w+)(?::path)?\}", route):
        for value in HOSTILE:
            refused_well(client, example(route, **{name: value if "%" in value else quote(value, safe="@,:/.")}))


@pytest.mark.parametrize("route", ROUTES)
def test_a_hostile_query_is_never_a_fault_of_the_server(client: TestClient, route: str) -> None:
    path = example(route).partition("?")[0]
    for name in PARAMETERS:
        for value in HOSTILE:
            refused_well(client, f"{path}?{name}={value if '%' in value else quote(value)}")


FORWARDED = {
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "gopher",
    "x-forwarded-prefix": "/evil",
    "x-original-url": "/evil",
    "x-rewrite-url": "/evil",
    "forwarded": "for=192.0.2.1;host=evil.example;proto=gopher",
}


@pytest.mark.parametrize("route", ROUTES)
def test_what_nobody_vouches_for_never_gets_into_an_answer(client: TestClient, route: str) -> None:
    answer = client.get(example(route), headers=FORWARDED)
    assert answer.status_code == 200
    assert b"evil" not in answer.content and b"gopher" not in answer.content
    assert "evil" not in str(answer.headers)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_a_packed_answer_unpacks_to_the_plain_one(client: TestClient, route: str, coding: str) -> None:
    """httpx unpacks by Content-Encoding; the moment of the answer is left out."""
    plain = client.get(example(route), headers={"accept-encoding": "identity"})
    packed = client.get(example(route), headers={"accept-encoding": coding})
    assert packed.headers.get("content-encoding", coding) == coding or route.startswith("/tiles/{layer}")
    stamp = re.compile(rb'"timeStamp":"[^"]*"')
    assert stamp.sub(b"", packed.content) == stamp.sub(b"", plain.content)
    if packed.headers.get("content-encoding"):
        assert "accept-encoding" in packed.headers["vary"].lower()
        assert packed.headers["etag"] != plain.headers["etag"] or packed.headers["etag"].startswith("W/")


HEADERS = [
    ("range", "bytes=0-0,-1,5-4"), ("range", "bytes=9999999999-"), ("range", "bytes=-0"), ("range", "lines=1-2"),
    ("range", "bytes=" + ",".join(f"{n}-{n}" for n in range(500))), ("range", "bytes=" + "9" * 400 + "-"),
    ("if-none-match", '"' * 5000), ("if-none-match", "*"), ("if-range", "yesterday"), ("if-modified-since", "never"),
    ("accept", "," * 5000), ("accept", "text/html;q=NaN"), ("accept", "*/*;q=1e400"), ("accept", "\xff/\xfe"),
    ("accept-encoding", "gzip;q=x, br;q=-1, *;q=2"), ("accept-language", "x" * 8000), ("cookie", "a=b;" * 2000),
    ("content-length", "5"), ("expect", "nonsense"), ("origin", "null"), ("x-forwarded-for", "1.2.3.4, " * 500),
]  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
def test_a_hostile_header_is_never_a_fault_of_the_server(client: TestClient, route: str) -> None:
    for name, value in HEADERS:
        answer = client.get(example(route), headers={name.encode(): value.encode("latin-1")})
        assert answer.status_code < 500, (name, value[:60])
        assert answer.status_code in (200, 206, 304, 400, 406, 416), (name, value[:60], answer.status_code)


# ------------------------------------------------------------------ links


def links_in(document: Any) -> Iterator[dict[str, Any]]:
    if isinstance(document, dict):
        if isinstance(document.get("href"), str):
            yield document
        for value in document.values():
            yield from links_in(value)
    elif isinstance(document, list):
        for value in document:
            yield from links_in(value)


def crawl(client: TestClient, start: list[str]) -> dict[str, set[str]]:
    """Every link reachable from `start` with the media types that links say it has."""
    seen: dict[str, set[str]] = {}
    waiting = list(start)
    visited: set[str] = set()
    while waiting and len(visited) < 400:
        address = waiting.pop()
        if address in visited:
            continue
        visited.add(address)
        answer = client.get(address)
        if "json" not in answer.headers.get("content-type", ""):
            continue
        for link in links_in(answer.json()):
            if link.get("templated"):
                continue
            seen.setdefault(link["href"], set()).add(link.get("type") or link.get("mediaType") or "")
            waiting.append(link["href"])
    return seen


def test_every_link_answers_with_the_type_it_says(client: TestClient) -> None:
    found = crawl(client, [example(route) for route in ROUTES])
    assert len(found) > 60
    for href, types in found.items():
        assert href.startswith(BASE + "/"), href
        answer = client.get(href)
        assert answer.status_code == 200, href
        content_type = answer.headers["content-type"]
        for said in types - {""}:
            assert content_type.partition(";")[0] == said.partition(";")[0], (href, said, content_type)


def test_a_link_keeps_the_query_that_made_the_page(client: TestClient) -> None:
    page = client.get("/api/collections/youto/items?limit=7&no=011&datetime=2026-05-01").json()
    (self_link,) = [link for link in page["links"] if link["rel"] == "self"]
    assert set(urlsplit(self_link["href"]).query.split("&")) >= {"limit=7", "no=011", "datetime=2026-05-01"}
