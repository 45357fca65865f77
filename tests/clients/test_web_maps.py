"""MapLibre GL JS and Leaflet in Chromium, on pages of another site: the styles, the tiles, the scans."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from tests.clients.expected import COLLECTIONS, plain, rows
from tests.e2e.conftest import Screen

pytestmark = pytest.mark.browser

TILED = [name for name in COLLECTIONS if name != "plan2500"]


def ask(site: str, path: str) -> Any:
    with urlopen(site + path) as answer:
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


def style_of(site: str, name: str) -> tuple[str, list[float], dict[str, Any]]:
    address = f"{site}/styles/{name}.json"
    style = ask(site, f"/styles/{name}.json")
    (source,) = style["sources"].values()
    return address, source["bounds"], style


def test_maplibre_paints_every_class_of_the_districts(site: str, elsewhere: str, screen: Screen) -> None:
    address, bounds, style = style_of(site, "youto")
    picture = drawn(screen, f"{elsewhere}/maplibre.html", style=address, bounds=bounds)
    shown = classes_on(screen, "youto-fill", "youto")
    legend = {entry["code"]: entry for entry in style["metadata"]["legend"]}
    assert len(shown) >= 12 and shown <= set(legend)
    assert {code for code in shown if painted(picture, legend[code]["colour"], 0.6) < 20} == set()


def test_maplibre_lays_the_pattern_over_its_classes(site: str, elsewhere: str, screen: Screen) -> None:
    address, bounds, style = style_of(site, "youto")
    drawn(screen, f"{elsewhere}/maplibre.html", style=address, bounds=bounds)
    legend = {entry["code"]: entry["pattern"] for entry in style["metadata"]["legend"]}
    for layer in [layer["id"] for layer in style["layers"] if "-pattern-" in layer["id"]]:
        patterns = {legend[code] for code in classes_on(screen, layer, "youto")}
        assert patterns <= {layer.rpartition("-")[2]}
    assert any("sprite" in address for address in screen.requests)


def test_maplibre_writes_the_labels_with_the_glyphs_of_the_service(site: str, elsewhere: str, screen: Screen) -> None:
    address, bounds, _ = style_of(site, "youto")
    middle = [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2]
    near = [middle[0] - 0.004, middle[1] - 0.003, middle[0] + 0.004, middle[1] + 0.003]
    picture = drawn(screen, f"{elsewhere}/maplibre.html", style=address, bounds=near)
    assert screen.page.evaluate("drawn.queryRenderedFeatures({layers: ['youto-label']}).length") > 0
    ranges = {address.rpartition("/")[2] for address in screen.requests if "/fonts/" in address}
    assert "0-255.pbf" in ranges and len(ranges) > 2  # digits, and 一種住居 …
    assert (picture.max(axis=2) < 60).sum() > 40  # darker than any fill, pattern or outline


@pytest.mark.parametrize("name", ["choudo", "toshi_doro"])
def test_maplibre_paints_the_lines(site: str, elsewhere: str, screen: Screen, name: str) -> None:
    address, bounds, style = style_of(site, name)
    middle = [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2]
    near = [middle[0] - 0.004, middle[1] - 0.003, middle[0] + 0.004, middle[1] + 0.003]
    picture = drawn(screen, f"{elsewhere}/maplibre.html", style=address, bounds=near)
    asked = "() => drawn.queryRenderedFeatures().filter((one) => one.layer.type === 'line').map((o) => o.layer.paint)"
    shown = {_hex(paint["line-color"]) for paint in screen.page.evaluate(asked)}
    colours = {entry["colour"] for entry in style["metadata"]["legend"]}
    assert shown and shown <= colours
    assert {colour for colour in shown if painted(picture, colour, 1.0) == 0} == set()


def _hex(colour: Any) -> str:
    parts = [colour["r"], colour["g"], colour["b"]]
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def test_maplibre_shows_the_scans(site: str, elsewhere: str, screen: Screen) -> None:
    address, bounds, _ = style_of(site, "plan2500")
    picture = drawn(screen, f"{elsewhere}/maplibre.html", style=address, bounds=bounds)
    assert picture.std() > 3


def test_leaflet_shows_the_scans(site: str, elsewhere: str, screen: Screen) -> None:
    about = ask(site, "/tiles/plan2500.json")
    zooms = [about["minzoom"], about["maxzoom"]]
    picture = drawn(screen, f"{elsewhere}/leaflet.html", url=about["tiles"][0], bounds=about["bounds"], zooms=zooms)
    assert picture.std() > 3


def test_leaflet_paints_the_districts_of_layers_txt(site: str, elsewhere: str, screen: Screen) -> None:
    folders = ask(site, "/layers.txt")["layers"]
    layer = next(one for folder in folders for one in folder["entries"] if one["id"].startswith("youto@"))
    zooms = [layer["minZoom"], layer["maxNativeZoom"]]
    page = f"{elsewhere}/leaflet.html"
    picture = drawn(screen, page, url=layer["url"], bounds=layer["bounds"], zooms=zooms)
    legend = ask(site, "/styles/youto.json")["metadata"]["legend"]
    plain = [entry["colour"] for entry in legend if entry["pattern"] == "none"]
    assert sum(painted(picture, colour, 0.6) > 20 for colour in plain) >= 6


@pytest.mark.parametrize("name", TILED)
def test_maplibre_reads_every_feature_and_every_value_of_the_tiles(
    site: str, sample: Path, elsewhere: str, screen: Screen, name: str
) -> None:
    screen.page.set_viewport_size({"width": 1600, "height": 1200})  # all of it at the zoom from which addresses are
    about = ask(site, f"/tiles/{name}.json")
    layer = {"id": "all", "type": "circle", "source": "tiles", "source-layer": name}
    source = {"type": "vector", "url": f"{site}/tiles/{name}.json"}
    style = {"version": 8, "sources": {"tiles": source}, "layers": [layer]}
    drawn(screen, f"{elsewhere}/maplibre.html", style=style, bounds=about["bounds"])
    asked = "(name) => drawn.querySourceFeatures('tiles', {sourceLayer: name}).map((one) => one.properties)"
    read = {row["fid"]: plain(row, leave=("fid",)) for row in screen.page.evaluate(asked, name)}
    wanted = rows(sample, name)
    assert {fid: {key: row.get(key) for key in wanted[fid]} for fid, row in read.items()} == wanted


@pytest.mark.parametrize("name", COLLECTIONS)
def test_leaflet_reads_every_feature_and_every_value_of_the_items(
    site: str, sample: Path, elsewhere: str, screen: Screen, name: str
) -> None:
    about = ask(site, "/tiles/plan2500.json")
    zooms = [about["minzoom"], about["maxzoom"]]
    drawn(screen, f"{elsewhere}/leaflet.html", url=about["tiles"][0], bounds=about["bounds"], zooms=zooms)
    read = screen.page.evaluate("(address) => items(address)", f"{site}/api/collections/{name}/items?limit=1000")
    assert len(read) == len(rows(sample, name))
    assert {fid: plain(row) for fid, row in read} == rows(sample, name)
