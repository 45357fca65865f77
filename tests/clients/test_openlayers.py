"""OpenLayers 10 in Chromium, on a page of another site, in the town's own frame by way of proj4."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.clients.expected import COLLECTIONS, MATRIX_SETS, plain, published, rows
from tests.clients.places import SIZE_PX, around, middle, shows_the_districts
from tests.e2e.conftest import Screen

pytestmark = pytest.mark.browser

TILED = [name for name in COLLECTIONS if name != "plan2500"]
PICTURES = [*(f"{kind} {name}" for kind in ("mapTiles", "wmts") for name in MATRIX_SETS), "wms", "wmsImage"]


@pytest.fixture
def page(elsewhere: str, screen: Screen) -> Any:
    screen.page.goto(f"{elsewhere}/openlayers.html")
    return screen.page


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_feature_and_every_value_of_the_items(page: Any, site: str, sample: Path, name: str) -> None:
    address = f"{site}/api/collections/{name}/items?limit=1000"
    read = found(page, "items", address, around(sample, name))
    assert len(read) == published(sample, name).edition.count
    assert {fid: plain(row) for fid, row in read} == rows(sample, name)


@pytest.mark.parametrize("matrix_set", MATRIX_SETS)
@pytest.mark.parametrize("name", TILED)
def test_every_feature_and_every_value_of_ogc_vector_tiles(
    page: Any, site: str, sample: Path, name: str, matrix_set: str
) -> None:
    address, crs = f"{site}/api/collections/{name}/tiles/{matrix_set}", MATRIX_SETS[matrix_set]
    asked = {"url": address, "projection": crs}
    read = found(page, "ogcVectorTiles", asked, around(sample, name) | {"projection": crs})
    assert of_tiles(read) == rows(sample, name)


@pytest.mark.parametrize("name", TILED)
def test_every_feature_and_every_value_of_the_tiles_of_tilejson(page: Any, site: str, sample: Path, name: str) -> None:
    read = found(page, "tileJson", f"{site}/tiles/{name}.json", around(sample, name) | {"projection": "EPSG:3857"})
    assert of_tiles(read) == rows(sample, name)


@pytest.mark.parametrize("way", PICTURES)
def test_pictures_show_the_districts_where_they_are(page: Any, site: str, sample: Path, way: str) -> None:
    """On the plane of the town at 5 m a pixel, whatever the projection of the source."""
    kind, _, matrix_set = way.partition(" ")
    asked: Any = {
        "mapTiles": f"{site}/api/collections/youto/map/tiles/{matrix_set}",
        "wmts": {"url": f"{site}/wmts/1.0.0/WMTSCapabilities.xml", "layer": "youto", "matrixSet": matrix_set},
        "wms": {"url": f"{site}/wms", "layer": "youto"},
        "wmsImage": {"url": f"{site}/wms", "layer": "youto"},
    }[kind]
    page.evaluate("([kind, asked, where]) => show(kind, asked, where).then(() => null)", [kind, asked, middle()])
    picture = Image.open(io.BytesIO(page.locator("#map").screenshot())).convert("RGB")
    assert picture.size == SIZE_PX
    shows_the_districts(sample, np.asarray(picture, dtype=np.int16))


@pytest.mark.parametrize("name", COLLECTIONS)
def test_wmts_offers_every_map_in_both_matrix_sets(page: Any, site: str, sample: Path, name: str) -> None:
    for matrix_set in MATRIX_SETS:
        asked = {"url": f"{site}/wmts", "layer": name, "matrixSet": matrix_set}
        where = around(sample, name) | {"projection": MATRIX_SETS[matrix_set]}
        page.evaluate("([asked, where]) => show('wmts', asked, where).then(() => null)", [asked, where])
        picture = Image.open(io.BytesIO(page.locator("#map").screenshot())).convert("RGB")
        assert (np.asarray(picture) < 250).any(axis=2).sum() > 20


def found(page: Any, kind: str, asked: Any, where: dict[str, Any]) -> list[tuple[str | None, dict[str, Any]]]:
    listed: list[tuple[str | None, dict[str, Any]]] = page.evaluate(
        "([kind, asked, where]) => read(kind, asked, where)", [kind, asked, where]
    )
    return listed


def of_tiles(read: list[tuple[str | None, dict[str, Any]]]) -> dict[str, Any]:
    """Attributes by id; a tile leaves out what has no value, and all parts of a feature must say the same."""
    by_fid: dict[str, Any] = {}
    for _, row in read:
        attributes = plain(row, leave=("fid",))
        assert by_fid.setdefault(str(row["fid"]), attributes) == attributes
    names = {name for row in by_fid.values() for name in row}
    return {fid: dict.fromkeys(names) | row for fid, row in by_fid.items()}
