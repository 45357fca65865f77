"""Other people's programs against the published sample on a real server."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright

from tests.conftest import ROOT
from tests.e2e.conftest import FLAGS, Screen, launched, open_screen

Run = Callable[..., str]
PAGES = Path(__file__).parent / "pages"
MODULES = ROOT / "web_viewer" / "node_modules"
LIBRARIES = ("ol", "proj4", "maplibre-gl", "leaflet")
SOFTWARE_GL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def command(name: str, reason: str) -> str:
    """The program's path; a visible skip where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"skipped: no {name} ({reason})")
    return found


@pytest.fixture(scope="session")
def gdal(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs one of GDAL's commands (a build of its own, not that of the wheels); a warning is a fault."""
    cache = tmp_path_factory.mktemp("gdal")
    command("ogr2ogr", "gdal-bin")

    def run(name: str, *arguments: str) -> str:
        done = subprocess.run(
            [name, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={
                "PATH": os.environ["PATH"],
                "LC_ALL": "C.UTF-8",
                "GDAL_DEFAULT_WMS_CACHE_PATH": str(cache),
                "GDAL_PAM_ENABLED": "NO",
            },
        )
        assert (done.returncode, done.stderr.strip()) == (0, ""), done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="package")
def elsewhere() -> Iterator[str]:
    """Another site: pages with the three libraries of web maps, on an origin that is not the service's."""
    missing = [name for name in LIBRARIES if not (MODULES / name).is_dir()]
    if missing:
        pytest.skip(f"skipped: no {', '.join(missing)} (npm ci in web_viewer)")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


class Pages(SimpleHTTPRequestHandler):
    """`/openlayers.html` from the folder of pages, `/ol/…` from the installed libraries."""

    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}  # noqa: RUF012

    def translate_path(self, path: str) -> str:
        name = path.partition("?")[0].partition("#")[0].lstrip("/")
        return str((MODULES if name.partition("/")[0] in LIBRARIES else PAGES) / name)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Chromium that draws WebGL without a graphics card."""
    found = launched(playwright, [flag for flag in FLAGS if flag != "--disable-gpu"] + SOFTWARE_GL)
    yield found
    found.close()


@pytest.fixture
def screen(chromium: Browser) -> Iterator[Screen]:
    """A page of 800 × 600 of which nothing is remembered; what it logs as an error fails the test."""
    with chromium.new_context(viewport={"width": 800, "height": 600}, locale="ja-JP") as context:
        opened = open_screen(context)
        yield opened
        assert opened.errors == []
