"""OWSLib 0.35: OGC API, WMS 1.1.1 and 1.3.0, WMTS."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from owslib.ogcapi.features import Features
from owslib.ogcapi.maps import Maps
from owslib.wms import WebMapService
from owslib.wmts import WebMapTileService
from PIL import Image

from tests.clients.expected import COLLECTIONS, MATRIX_SETS, plain, published, rows
from tests.clients.places import EAST_M, NORTH_M, SIZE_PX, SOUTH_M, WEST_M, shows_the_districts

# OWSLib asks elements for their truth; nothing here can change that.
pytestmark = pytest.mark.filterwarnings("ignore:Truth-testing of elements:FutureWarning")


def test_it_finds_every_map(site: str) -> None:
    api = Features(f"{site}/api")
    assert sorted(api.feature_collections()) == sorted(Maps(f"{site}/api").maps()) == list(COLLECTIONS)
    assert api.api()["openapi"].startswith("3.0")


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_feature_and_every_value(site: str, sample: Path, name: str) -> None:
    api = Features(f"{site}/api")
    count, features = published(sample, name).edition.count, []
    for offset in range(0, count, 1000):
        page = api.collection_items(name, limit=1000, offset=offset)
        assert page["numberMatched"] == count
        features += page["features"]
    assert len(features) == count
    assert {one["id"]: plain(one["properties"]) for one in features} == rows(sample, name)
    assert set(next(iter(rows(sample, name).values()))) <= set(api.collection_queryables(name)["properties"])


def test_it_asks_for_a_box_a_day_and_a_condition(site: str, sample: Path) -> None:
    api = Features(f"{site}/api")
    wanted = sum(float(row["kenpei"] or 0) >= 60 for row in rows(sample, "youto").values())
    assert api.collection_items("youto", filter="kenpei >= 60", limit=1)["numberMatched"] == wanted
    first = published(sample, "youto").edition.bbox
    assert first is not None
    box = [first.west, first.south, (first.west + first.east) / 2, first.north]
    assert 0 < api.collection_items("youto", bbox=box)["numberMatched"] < len(rows(sample, "youto"))
    then = {one["id"] for one in api.collection_items("youto", datetime_="2020-01-01", limit=100)["features"]}
    assert then != rows(sample, "youto").keys()


def test_a_map_of_the_middle_of_the_town(site: str, sample: Path) -> None:
    """OGC API – Maps as OWSLib can ask: longitude and latitude."""
    box = published(sample, "youto").edition.bbox
    assert box is not None
    asked = {"bbox": [box.west, box.south, box.east, box.north], "width": 500, "height": 400}
    image = Image.open(Maps(f"{site}/api").map("youto", **asked))
    assert image.size == (500, 400)
    assert np.asarray(image.convert("RGB")).std() > 10


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_wms_shows_the_districts_where_they_are(site: str, sample: Path, version: str) -> None:
    """OWSLib does not know that EPSG:6677 has north first: for 1.3.0 its user must write the box so."""
    service = WebMapService(f"{site}/wms", version=version)
    assert set(COLLECTIONS) <= set(service.contents)
    assert service["youto"].title == published(sample, "youto").declaration.title
    turned = (SOUTH_M, WEST_M, NORTH_M, EAST_M)
    asked = {
        "layers": ["youto"],
        "srs": "EPSG:6677",
        "bbox": turned if version == "1.3.0" else (WEST_M, SOUTH_M, EAST_M, NORTH_M),
        "size": SIZE_PX,
        "format": "image/png",
    }
    image = Image.open(io.BytesIO(service.getmap(**asked).read())).convert("RGB")
    shows_the_districts(sample, np.asarray(image, dtype=np.int16))
    info = service.getfeatureinfo(**asked, query_layers=["youto"], info_format="text/plain", xy=(300, 220)).read()
    assert "用途地域" in info.decode()


@pytest.mark.parametrize("matrix_set", MATRIX_SETS)
@pytest.mark.parametrize("name", COLLECTIONS)
def test_wmts_gives_every_tile_of_its_limits(site: str, sample: Path, name: str, matrix_set: str) -> None:
    """By keys: every tile of the first two matrices is a picture, an empty one too."""
    service = WebMapTileService(f"{site}/wmts")
    layer = service[name]
    assert layer.title == published(sample, name).declaration.title
    limits = layer.tilematrixsetlinks[matrix_set].tilematrixlimits
    shown = 0
    for matrix in sorted(limits, key=int)[:2]:
        one = limits[matrix]
        for row in range(one.mintilerow, one.maxtilerow + 1):
            for column in range(one.mintilecol, one.maxtilecol + 1):
                tile = service.gettile(
                    layer=name, tilematrixset=matrix_set, tilematrix=matrix, row=row, column=column, format="image/png"
                )
                image = Image.open(io.BytesIO(tile.read()))
                assert image.size == (256, 256)
                shown += int(np.asarray(image.convert("RGBA"))[..., 3].any())
    assert shown > 0
