"""The application under a real server on a free port: raw bytes, not what a friendly client makes of them."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from tests.tile_server.tree import TODAY
from tile_server.app import create_app
from tile_server.serve import Protocol
from tile_server.settings import Settings


@pytest.fixture(scope="module")
def port(tree: Path) -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        application = create_app(Settings(published=tree), lambda: TODAY)
        config = uvicorn.Config(application, log_level="warning", http=Protocol)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        until = time.monotonic() + 20
        while not server.started and time.monotonic() < until:
            time.sleep(0.02)
        assert server.started
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(10)


def exchange(port: int, request: bytes) -> tuple[int, bytes, bytes]:
    """Status, head and body of one raw request."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), head, body


def get(port: int, path: bytes, method: bytes = b"GET", more: bytes = b"") -> tuple[int, bytes, bytes]:
    return exchange(
        port, method + b" " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + more + b"\r\n"
    )


def test_a_page_of_features_over_the_wire(port: int) -> None:
    status, head, body = get(port, b"/api/collections/youto/items?limit=2")
    assert status == 200
    assert b"application/geo+json" in head
    assert json.loads(body)["numberReturned"] == 2


@pytest.mark.parametrize(
    "request_bytes",
    [b"nothing like HTTP\r\n\r\n", b"GET /api?q=" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"],
)
def test_what_cannot_be_read_as_a_request_gets_a_problem_document_too(port: int, request_bytes: bytes) -> None:
    status, head, body = exchange(port, request_bytes)
    assert (status, b"application/problem+json" in head) == (400, True)
    assert json.loads(body)["status"] == 400


@pytest.mark.parametrize("path", [b"/api", b"/tiles/youto@2026-04-01/15/29053/12900.mvt", b"/download/youto.geojson"])
def test_head_sends_no_body(port: int, path: bytes) -> None:
    status, _, body = get(port, path, b"HEAD")
    assert (status in (200, 204), body) == (True, b"")


@pytest.mark.parametrize(
    "path",
    [b"/files/youto/2026-04-01/../../../../catalog.json", b"/assets/../../settings.py", b"//etc/passwd", b"/..",
     b"/%2e%2e/", b"/files/youto/2026-04-01/./features.geojson", b"/api/collections/%ff%fe", b"/%00",
     b"/api/collections/youto/items/%00", b"/tiles/youto/15/%2e%2e/0.mvt", b"/pages/../app.py"],
)  # fmt: skip
def test_a_path_that_tries_to_leave_finds_nothing(port: int, path: bytes) -> None:
    status, head, body = get(port, path)
    assert status in (400, 404)
    assert b"application/problem+json" in head
    assert b"import" not in body


def test_a_long_query_is_refused_or_answered_but_never_a_fault(port: int) -> None:
    for size in (1000, 10_000, 60_000):
        assert get(port, b"/search?q=" + b"x" * size)[0] in (400, 414, 431)


def test_many_at_once(port: int) -> None:
    """Sixteen clients ask for features, tiles and answers at the same time; every answer is whole."""
    paths = [
        b"/api/collections/youto/items?limit=50",
        b"/tiles/youto/15/29053/12900.mvt",
        b"/identify?lon=139.26&lat=35.73",
    ]
    results: list[int] = []

    def ask(number: int) -> None:
        for turn in range(6):
            results.append(get(port, paths[(number + turn) % 3])[0])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 96
    assert set(results) <= {200, 204}


def first_bytes(port: int, request: bytes) -> bytes:
    """What comes first; nothing if the server closes or waits for more."""
    with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(request)
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            return connection.recv(4096)
    return b""


def test_bytes_changed_at_random_are_never_a_fault_of_the_server(port: int) -> None:
    rng = random.Random(6677)
    paths = (
        b"/tiles/youto@2026-04-01/15/29053/12900.mvt",
        b"/api/collections/youto/items?bbox=139.2,35.7,139.3,35.8&limit=5&offset=1",
        b"/identify?lon=139.26&lat=35.73&radius_m=20",
        b"/metrics",
    )
    headers = b" HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nIf-None-Match: *\r\nConnection: close"
    answered = 0
    for turn in range(240):
        request = bytearray(b"GET " + paths[turn % len(paths)] + headers)
        for _ in range(rng.randint(1, 4)):
            request[rng.randrange(4, len(request))] = rng.randrange(256)
        status = first_bytes(port, bytes(request) + b"\r\n\r\n").split(b" ", 2)[1:2]
        assert status == [] or status[0] < b"500", bytes(request)
        answered += bool(status)
    assert answered > 120
    assert get(port, b"/health/live")[0] == 200
