"""What every answer has in common: compression, hosts, absolute links, pages that load nothing from elsewhere."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import brotli
import pytest
from starlette.testclient import TestClient

from tests.tile_server.client import client_of

PAGES = (
    "/",
    "/list",
    "/api?f=html",
    "/api/docs",
    "/api/conformance?f=html",
    "/api/collections?f=html",
    "/api/collections/youto?f=html",
    "/api/collections/youto/queryables?f=html",
    "/api/collections/youto/items?f=html",
    "/api/collections/choudou/items?f=html",
    "/api/collections/choudou/items/102%20%E4%B9%99?f=html",
    "/api/collections/youto/tiles?f=html",
    "/api/collections/youto/tiles/WebMercatorQuad?f=html",
    "/api/tileMatrixSets?f=html",
    "/api/tileMatrixSets/WebMercatorQuad?f=html",
)


def raw(client: TestClient, path: str, accept_encoding: str) -> tuple[str | None, bytes]:
    with client.stream("GET", path, headers={"accept-encoding": accept_encoding}) as answer:
        return answer.headers.get("content-encoding"), b"".join(answer.iter_raw())


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("br", "br"), ("gzip", "gzip"), ("gzip, br", "br"), ("gzip, br;q=0", "gzip"), ("identity", None), ("", None),
     ("*", "br"), ("deflate", None), ("br;q=0.0, gzip;q=0", None)],
)  # fmt: skip
def test_json_is_compressed_as_the_client_wants(client: TestClient, accepted: str, coding: str | None) -> None:
    path = "/api/collections"
    plain = raw(client, path, "identity")[1]
    used, packed = raw(client, path, accepted)
    unpack = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress}[used]
    assert used == coding
    assert unpack(packed) == plain
    assert "Accept-Encoding" in client.get(path).headers["vary"]


def test_files_with_ranges_are_not_recoded(client: TestClient) -> None:
    assert raw(client, "/download/youto.geojson", "br, gzip")[0] is None


@pytest.mark.parametrize("host", ['evil"><script>', "a b", "a/b", "x" * 10 + "\\", "http://a", "a:99999999", ""])
def test_a_senseless_host_never_gets_into_a_link(client: TestClient, host: str) -> None:
    answer = client.get("/api", headers={"host": host})
    assert answer.status_code == 400
    assert host == "" or host not in answer.text


def test_links_come_from_the_request_or_from_the_setting(tree: Path, client: TestClient) -> None:
    own = client.get("/api", headers={"host": "town.example:8443"}).json()
    assert own["links"][0]["href"].startswith("http://town.example:8443/api")
    with client_of(tree, public_url="https://maps.town.example/chizu/") as public:
        links = public.get("/api").json()["links"]
        assert {link["href"].partition("/chizu/")[0] for link in links} == {"https://maps.town.example"}
        assert public.get("/tiles/youto.json").json()["tiles"][0].startswith("https://maps.town.example/chizu/tiles/")


def test_only_a_trusted_proxy_may_say_that_it_was_https(tree: Path) -> None:
    forwarded = {"x-forwarded-proto": "https"}
    with client_of(tree, trusted_proxies=("testclient",)) as trusted, client_of(tree) as plain:
        assert trusted.get("/api", headers=forwarded).json()["links"][0]["href"].startswith("https://")
        assert plain.get("/api", headers=forwarded).json()["links"][0]["href"].startswith("http://")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_japanese_marked_as_a_sample_and_safe(client: TestClient, path: str) -> None:
    page = client.get(path)
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-frame-options"] == "SAMEORIGIN"
    assert page.headers["referrer-policy"]
    assert "geolocation=(self)" in page.headers["permissions-policy"]
    assert '<html lang="ja">' in page.text


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/"])
def test_a_page_needs_no_script_and_no_other_host(client: TestClient, path: str) -> None:
    page = client.get(path).text
    # linked data is a block of data: no browser runs it or asks for what it names
    text = re.sub(r'<script type="application/ld\+json">[^<]*</script>', "", page)
    assert "見本・架空" in text
    assert len(re.findall(r"<h1>", text)) == 1
    assert "<script" not in text
    assert "style=" not in text
    for address in re.findall(r'(?:href|src)="([^"]+)"', text):
        assert address.startswith(("http://maps.example.jp/", "#")), address


def test_every_link_on_a_page_answers(client: TestClient) -> None:
    seen: set[str] = set()
    for path in PAGES[1:]:
        for address in re.findall(r'href="([^"#]+)"', client.get(path).text):
            if address not in seen:
                seen.add(address)
                assert client.get(address.replace("&amp;", "&")).status_code == 200, address
    assert len(seen) > 40


def test_what_the_material_says_is_text_and_never_markup(client: TestClient) -> None:
    for path in ("/api/collections/choudou/items?f=html", "/api/collections/choudou/items/102%20%E4%B9%99?f=html"):
        text = client.get(path).text
        assert "L<b>" not in text
        assert "L&lt;b&gt;" in text


def test_an_error_nobody_foresaw_says_nothing_about_the_inside(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret /srv/path")

    with client_of(tree) as client:
        monkeypatch.setattr("tile_server.site.Site.today", broken, raising=False)
        monkeypatch.setattr("tile_server.routes.search.documents.current_editions", broken)
        answer = client.get("/search?q=a")
        assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
        assert "secret" not in answer.text
        assert answer.json()["type"] == "urn:machizu:problem:internal"


def test_nothing_published_yet_is_said(tmp_path: Path) -> None:
    with client_of(tmp_path) as client:
        assert client.get("/api").json()["detail"].startswith("まだ何も公開されていません")
        assert client.get("/tiles/youto/1/0/0.mvt").status_code == 404


def test_a_catalogue_that_cannot_be_read_is_503(tmp_path: Path) -> None:
    (tmp_path / "catalog.json").write_text("{", encoding="utf-8")
    with client_of(tmp_path) as client:
        for path in ("/api", "/health/ready", "/tiles/youto/1/0/0.mvt"):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["type"]) == (503, "urn:machizu:problem:unavailable")
            assert str(tmp_path) not in answer.text


def test_limit_is_clamped_at_the_operators_maximum(tree: Path) -> None:
    with client_of(tree, max_limit=7) as client:
        for limit in ("8", "100000", "9" * 3000):
            page = client.get(f"/api/collections/youto/items?limit={limit}").json()
            assert (page["numberReturned"], page["numberMatched"]) == (7, 100)
        assert client.get("/api/collections/youto/items").json()["numberReturned"] == 7
