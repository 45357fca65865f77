"""The styles in the programs that others build maps with: MapLibre GL JS and Leaflet, from another site's page."""

from __future__ import annotations

import functools
import io
import json
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import urlopen

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Browser, Playwright

from tests.conftest import ROOT
from tests.e2e.conftest import FLAGS, Screen, Served, launched, open_screen

pytestmark = pytest.mark.browser

MODULES = ROOT / "web_viewer" / "node_modules"
SOFTWARE_GL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
HEAD = '<!doctype html><meta charset="utf-8"><title>地図</title><link rel="icon" href="data:,">'
FULL = "<style>body{margin:0;background:#fff}#map{width:800px;height:600px;background:#fff}</style>"
MAPLIBRE = f"""{HEAD}<link rel="stylesheet" href="/maplibre-gl/dist/maplibre-gl.css">{FULL}<div id="map"></div>
<script type="module">
import * as maplibregl from "/maplibre-gl/dist/maplibre-gl.mjs";
const {{ style, bounds }} = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const map = new maplibregl.Map({{
  container: "map", style, bounds, fitBoundsOptions: {{ padding: 20 }}, fadeDuration: 0,
  attributionControl: false, localIdeographFontFamily: false,
}});
map.on("error", (event) => console.error(String(event.error)));
map.on("styleimagemissing", (event) => console.error("no picture " + event.id));
map.once("idle", () => {{ window.drawn = map; }});
</script>"""
LEAFLET = f"""{HEAD}<link rel="stylesheet" href="/leaflet/dist/leaflet.css">{FULL}<div id="map"></div>
<script src="/leaflet/dist/leaflet.js"></script>
<script>
const {{ url, bounds, zooms }} = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const box = L.latLngBounds([bounds[1], bounds[0]], [bounds[3], bounds[2]]);
const map = L.map("map", {{ zoomAnimation: false, fadeAnimation: false }}).fitBounds(box);
const layer = L.tileLayer(url, {{ bounds: box, minZoom: zooms[0], maxNativeZoom: zooms[1] }});
layer.on("tileerror", (event) => console.error("no tile " + event.tile.src));
layer.on("load", () => {{ window.drawn = layer; }});
layer.addTo(map);
</script>"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Another site: its pages and the two libraries, on an origin that is not the service's."""
    if not (MODULES / "maplibre-gl").is_dir():
        pytest.skip("skipped: no MapLibre GL JS (npm ci in web_viewer)")
    folder = tmp_path_factory.mktemp("site")
    (folder / "maplibre.html").write_text(MAPLIBRE, encoding="utf-8")
    (folder / "leaflet.html").write_text(LEAFLET, encoding="utf-8")
    for name in ("maplibre-gl", "leaflet"):
        (folder / name).symlink_to(MODULES / name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}  # noqa: RUF012

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def gl_browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium that draws WebGL without a graphics card."""
    chromium = launched(playwright, [flag for flag in FLAGS if flag != "--disable-gpu"] + SOFTWARE_GL)
    yield chromium
    chromium.close()


@pytest.fixture
def screen(gl_browser: Browser) -> Iterator[Screen]:
    with gl_browser.new_context(viewport={"width": 800, "height": 600}, locale="ja-JP") as context:
        yield open_screen(context)


def ask(server: Served, path: str) -> Any:
    with urlopen(server.url + path) as answer:
        return json.load(answer)


def drawn(screen: Screen, page: str, **asked: Any) -> npt.NDArray[np.int16]:
    """The picture after everything has been loaded and drawn."""
    screen.page.goto(f"{page}#{json.dumps(asked)}")
    screen.page.wait_for_function("window.drawn", timeout=30_000)
    picture = Image.open(io.BytesIO(screen.page.screenshot())).convert("RGB")
    return np.asarray(picture, dtype=np.int16)


def painted(picture: npt.NDArray[np.int16], colour: str, opacity: float) -> int:
    """How many pixels have a colour, laid on white at that opacity."""
    channels = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)])
    wanted = opacity * channels + (1 - opacity) * 255
    return int((np.abs(picture - wanted).max(axis=2) <= 3).sum())


def classes_on(screen: Screen, layer: str, field: str) -> set[str]:
    """The classes that MapLibre itself says it has drawn."""
    asked = "([layer, field]) => drawn.queryRenderedFeatures({layers: [layer]}).map((one) => one.properties[field])"
    return set(screen.page.evaluate(asked, [layer, field]))


def style_of(server: Served, name: str) -> tuple[str, list[float], dict[str, Any]]:
    address = f"{server.url}/styles/{name}.json"
    style = ask(server, f"/styles/{name}.json")
    (source,) = style["sources"].values()
    return address, source["bounds"], style


def test_maplibre_paints_every_class_of_the_districts(served: Served, elsewhere: str, screen: Screen) -> None:
    address, bounds, style = style_of(served, "youto")
    picture = drawn(screen, f"{elsewhere}/maplibre.html", style=address, bounds=bounds)
    shown = classes_on(screen, "youto-fill", "youto")
    legend = {entry["code"]: entry for entry in style["metadata"]["legend"]}
    assert len(shown) >= 12 and shown <= set(legend)
    assert {code for code in shown if painted(picture, legend[code]["colour"], 0.6) < 20} == set()
    assert screen.errors == []


def test_maplibre_lays_the_pattern_over_its_classes(served: Served, elsewhere: str, screen: Screen) -> None:
    address, bounds, style = style_of(served, "youto")
    drawn(screen, f"{elsewhere}/maplibre.html", style=address, bounds=bounds)
    legend = {entry["code"]: entry["pattern"] for entry in style["metadata"]["legend"]}
    for layer in [layer["id"] for layer in style["layers"] if "-pattern-" in layer["id"]]:
        patterns = {legend[code] for code in classes_on(screen, layer, "youto")}
        assert patterns <= {layer.rpartition("-")[2]}
    assert any("sprite" in address for address in screen.requests)


def test_maplibre_writes_the_labels_with_the_glyphs_of_the_service(
    served: Served, elsewhere: str, screen: Screen
) -> None:
    address, bounds, _ = style_of(served, "youto")
    middle = [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2]
    near = [middle[0] - 0.004, middle[1] - 0.003, middle[0] + 0.004, middle[1] + 0.003]
    picture = drawn(screen, f"{elsewhere}/maplibre.html", style=address, bounds=near)
    assert screen.page.evaluate("drawn.queryRenderedFeatures({layers: ['youto-label']}).length") > 0
    ranges = {address.rpartition("/")[2] for address in screen.requests if "/fonts/" in address}
    assert "0-255.pbf" in ranges and len(ranges) > 2  # digits, and 一種住居 …
    assert (picture.max(axis=2) < 60).sum() > 40  # darker than any fill, pattern or outline
    assert screen.errors == []


@pytest.mark.parametrize("name", ["choudo", "toshi_doro"])
def test_maplibre_paints_the_lines(served: Served, elsewhere: str, screen: Screen, name: str) -> None:
    address, bounds, style = style_of(served, name)
    middle = [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2]
    near = [middle[0] - 0.004, middle[1] - 0.003, middle[0] + 0.004, middle[1] + 0.003]
    picture = drawn(screen, f"{elsewhere}/maplibre.html", style=address, bounds=near)
    asked = "() => drawn.queryRenderedFeatures().filter((one) => one.layer.type === 'line').map((o) => o.layer.paint)"
    shown = {_hex(paint["line-color"]) for paint in screen.page.evaluate(asked)}
    colours = {entry["colour"] for entry in style["metadata"]["legend"]}
    assert shown and shown <= colours
    assert {colour for colour in shown if painted(picture, colour, 1.0) == 0} == set()
    assert screen.errors == []


def _hex(colour: Any) -> str:
    parts = [colour["r"], colour["g"], colour["b"]]
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def test_maplibre_shows_the_scans(served: Served, elsewhere: str, screen: Screen) -> None:
    address, bounds, _ = style_of(served, "plan2500")
    picture = drawn(screen, f"{elsewhere}/maplibre.html", style=address, bounds=bounds)
    assert picture.std() > 3
    assert screen.errors == []


def test_leaflet_shows_the_scans(served: Served, elsewhere: str, screen: Screen) -> None:
    about = ask(served, "/tiles/plan2500.json")
    zooms = [about["minzoom"], about["maxzoom"]]
    picture = drawn(screen, f"{elsewhere}/leaflet.html", url=about["tiles"][0], bounds=about["bounds"], zooms=zooms)
    assert picture.std() > 3
    assert screen.errors == []


def test_leaflet_paints_the_districts_of_layers_txt(served: Served, elsewhere: str, screen: Screen) -> None:
    folders = ask(served, "/layers.txt")["layers"]
    layer = next(one for folder in folders for one in folder["entries"] if one["id"].startswith("youto@"))
    zooms = [layer["minZoom"], layer["maxNativeZoom"]]
    page = f"{elsewhere}/leaflet.html"
    picture = drawn(screen, page, url=layer["url"], bounds=layer["bounds"], zooms=zooms)
    legend = ask(served, "/styles/youto.json")["metadata"]["legend"]
    plain = [entry["colour"] for entry in legend if entry["pattern"] == "none"]
    assert sum(painted(picture, colour, 0.6) > 20 for colour in plain) >= 6
    assert screen.errors == []


@pytest.mark.parametrize("path", ["/api/collections/youto?f=html", "/api/collections?f=html", "/styles/youto.html"])
def test_the_pages_keep_the_content_security_policy(served: Served, screen: Screen, path: str) -> None:
    screen.page.goto(served.url + path)
    screen.page.wait_for_load_state("networkidle")
    assert screen.errors == []
    assert all(address.startswith(served.url) for address in screen.requests)
