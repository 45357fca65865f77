"""What is costly is bounded for each client; nothing else is; what happened is told to this computer only."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.tile_server.client import client_of
from tests.tile_server.test_tiles import some, stored
from tile_server.app import create_app
from tile_server.limits import BURST_S, Buckets, costly, party
from tile_server.settings import Settings

COSTLY = "/api/collections/youto/items?filter=no%3D%27011%27"


def test_a_client_that_asks_for_too_much_is_told_when_to_come_again(tree: Path) -> None:
    with client_of(tree, costly_per_minute=20) as client:
        statuses = [client.get(COSTLY).status_code for _ in range(4)]
        assert statuses == [200, 200, 429, 429]
        answer = client.get(COSTLY)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["access-control-allow-origin"] == "*"
        zoom, col, row = some(tree)
        for path in (
            f"/tiles/youto/{zoom}/{col}/{row}.mvt",
            "/api/collections/youto/items",
            "/identify?lon=139&lat=35",
        ):
            assert client.get(path).status_code == 200


DRAWN = (
    "/api/collections/youto/map?width=9",
    "/api/map?width=9",
    "/wms?VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER=youto&FORMAT=image/png",
    "/tiles/zumen/{z}/{x}/{y}@2x.webp",
    "/tiles/zumen/{z}/{x}/{y}.png",
    "/api/collections/zumen/map/tiles/WebMercatorQuad/{z}/{y}/{x}?f=jpg",
    "/api/collections/youto/map/tiles/WebMercatorQuad/{z}/{y}/{x}",
    "/wmts/youto/default/current/WebMercatorQuad/{z}/{y}/{x}.png",
)
STORED = (
    "/tiles/zumen/{z}/{x}/{y}.webp",
    "/api/collections/zumen/map/tiles/WebMercatorQuad/{z}/{y}/{x}",
    "/api/collections/youto/tiles/WebMercatorQuad/{z}/{y}/{x}",
    "/wmts/zumen/default/current/WebMercatorQuad/{z}/{y}/{x}.webp",
    "/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=zumen&STYLE=default&FORMAT=image/webp"
    "&TILEMATRIXSET=WebMercatorQuad&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}",
    "/wmts",
    "/wms",
    "/jobs/0123456789",
)


def placed(tree: Path, template: str) -> str:
    (archive,) = tree.glob("collections/zumen/*/image.pmtiles")
    zoom, col, row = next(at for at in stored(archive) if at[0] == 15) if "zumen" in template else some(tree)
    return template.replace("{z}", str(zoom)).replace("{x}", str(col)).replace("{y}", str(row))


@pytest.mark.parametrize("template", DRAWN)
def test_a_picture_is_charged_where_it_is_drawn(tree: Path, template: str) -> None:
    """What the client has already costs nothing."""
    with client_of(tree, costly_per_minute=20) as client:
        address = placed(tree, template)
        answers = [client.get(address) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].headers["retry-after"] == "3"
        assert client.get("/identify?lon=139&lat=35").status_code == 200


@pytest.mark.parametrize("template", STORED)
def test_what_is_stored_is_never_charged(tree: Path, template: str) -> None:
    with client_of(tree, costly_per_minute=10) as client:
        assert 429 not in {client.get(placed(tree, template)).status_code for _ in range(5)}


def test_clients_behind_a_trusted_proxy_are_told_apart(tree: Path) -> None:
    with client_of(tree, costly_per_minute=10, trusted_proxies=("testclient",)) as client:
        for address in ("192.0.2.1", "192.0.2.2"):
            statuses = [client.get(COSTLY, headers={"x-forwarded-for": address}).status_code for _ in range(2)]
            assert statuses == [200, 429]


def test_an_address_nobody_vouches_for_does_not_help(tree: Path) -> None:
    with client_of(tree, costly_per_minute=10) as client:
        statuses = [client.get(COSTLY, headers={"x-forwarded-for": f"192.0.2.{n}"}).status_code for n in range(2)]
        assert statuses == [200, 429]


def test_a_bucket_fills_again_and_never_beyond_its_brim() -> None:
    now = [0.0]
    buckets = Buckets(60, lambda: now[0])
    for _ in range(3):
        assert [buckets.wait_s("a") for _ in range(int(BURST_S) + 1)] == [0] * int(BURST_S) + [1]
        now[0] += 3600


def test_no_limit_where_none_is_set(tree: Path) -> None:
    with client_of(tree, costly_per_minute=0) as client:
        assert {client.get(COSTLY).status_code for _ in range(30)} == {200}


def test_memory_of_clients_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tile_server.limits._MOST_CLIENTS", 10)
    now = [0.0]
    buckets = Buckets(10, lambda: now[0])
    for n in range(100):
        now[0] += 0.01
        assert buckets.wait_s(str(n)) == 0
    assert len(buckets._held) <= 10


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/tiles/youto/1/0/0.mvt", b"", False),
        ("/tiles/zumen/1/0/0.webp", b"", False),
        ("/download/youto.gpkg", b"", False),
        ("/download/youto.gpkg", b"bbox=1,2,3,4", True),
        ("/api/collections/youto/items", b"bbox=1,2,3,4", False),
        ("/api/collections/youto/changes", b"from=2025-04-01", True),
        ("/jobs/0123", b"", False),
    ],
)
def test_only_what_is_computed_for_one_request_is_costly(path: str, query: bytes, expected: bool) -> None:
    assert costly(path, query) is expected


def test_a_network_of_version_6_is_one_client() -> None:
    assert party("2001:db8::1") == party("2001:db8::ffff") != party("2001:db8:0:1::1")
    assert party("192.0.2.1") != party("192.0.2.2")


def local_client(tree: Path, address: str) -> TestClient:
    app = create_app(Settings(published=tree))
    return TestClient(app, client=(address, 40000), raise_server_exceptions=False)


def test_metrics_are_for_this_computer_only(tree: Path) -> None:
    with local_client(tree, "127.0.0.1") as here:
        here.get("/api")
        here.get("/nothing-of-ours")
        text = here.get("/metrics").text
        assert 'machizu_requests_total{group="api",status="' in text
        assert 'machizu_request_seconds_bucket{group="other",le="+Inf"} 1' in text
        assert "nothing-of-ours" not in text
        assert here.get("/metrics", headers={"x-forwarded-for": "192.0.2.1"}).status_code == 404
    with local_client(tree, "192.0.2.1") as elsewhere:
        assert elsewhere.get("/metrics").status_code == 404


def test_metrics_count_tiles_that_are_ready(tree: Path) -> None:
    with local_client(tree, "127.0.0.1") as here:
        for _ in range(3):
            here.get("/tiles/youto@2026-04-01/15/0/0.mvt")
        assert "machizu_tiles_ready_total 3\n" in here.get("/metrics").text
