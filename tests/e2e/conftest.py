"""The whole way once a session: the sample is built and published, the real server started, a real browser opened."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, Playwright
from playwright.sync_api import Error as BrowserError

from gis_pipeline.build import Folders, build
from tests.conftest import ROOT
from tile_server.app import create_app
from tile_server.settings import Settings

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCREENSHOTS = Path(__file__).parent / "screenshots"


@dataclass(frozen=True)
class Served:
    """A running server: its address without a trailing slash, and the published tree it answers from."""

    url: str
    published: Path


@contextmanager
def running(settings: Settings) -> Iterator[Served]:
    """The application behind a real socket on 127.0.0.1, on a port that was free."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive() and time.monotonic() < until, "the server did not start"
        time.sleep(0.02)
    try:
        yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}", settings.published)
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        listener.close()


@pytest.fixture(scope="session")
def served(sample: Path) -> Iterator[Served]:
    """The published sample over HTTP."""
    with running(Settings(published=sample / "published")) as server:
        yield server


@pytest.fixture(scope="session")
def served_candidate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A candidate that nobody has approved, as `machizu serve --candidate` shows it to the office."""
    folder = tmp_path_factory.mktemp("candidate")
    outcome = build(Folders(ROOT / "data" / "source", folder / "published", folder / "work"), ("choiki",))
    assert outcome.candidate is not None, outcome.report
    with running(Settings(published=folder / "published", candidate=outcome.candidate.number)) as server:
        yield server


def launched(playwright: Playwright, flags: list[str]) -> Browser:
    """Debian's Chromium if it is there, else Playwright's own; a visible skip where there is neither."""
    try:
        return playwright.chromium.launch(
            executable_path=CHROMIUM if CHROMIUM.exists() else None, args=flags, timeout=60_000
        )
    except BrowserError:
        pytest.skip("skipped: no Chromium")


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser as most offices have it, without a graphics card."""
    chromium = launched(playwright, FLAGS)
    assert (ROOT / "web_viewer" / "dist" / "index.html").is_file(), "the viewer is not built: make build"
    yield chromium
    chromium.close()


@dataclass(frozen=True)
class Screen:
    """A page, and what it did that nobody should have to see: errors it logged, addresses it asked."""

    page: Page
    errors: list[str]
    requests: list[str]


def open_screen(context: BrowserContext) -> Screen:
    """A page that keeps account of console errors, exceptions, failed requests and every address asked."""
    page = context.new_page()
    page.set_default_timeout(15_000)
    screen = Screen(page, [], [])
    page.on("request", lambda request: screen.requests.append(request.url))
    page.on("pageerror", lambda error: screen.errors.append(f"exception: {error}"))
    page.on(
        "console", lambda message: screen.errors.append(message.text) if message.type in ("error", "warning") else None
    )
    return screen


@pytest.fixture
def desk(browser: Browser) -> Iterator[Screen]:
    """A desktop screen of 1280 × 800."""
    with browser.new_context(viewport={"width": 1280, "height": 800}, locale="ja-JP") as context:
        yield open_screen(context)


@pytest.fixture
def phone(browser: Browser) -> Iterator[Screen]:
    """A phone of 360 × 740 that is touched, not clicked."""
    with browser.new_context(
        viewport={"width": 360, "height": 740}, locale="ja-JP", has_touch=True, is_mobile=True
    ) as context:
        yield open_screen(context)
