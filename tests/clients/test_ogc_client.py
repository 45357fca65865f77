"""@camptocamp/ogc-client 1.3, which is strict about links, in Node."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image

from tests.clients.conftest import command
from tests.clients.expected import COLLECTIONS, MATRIX_SETS, plain, published, rows
from tests.conftest import ROOT

MODULE = ROOT / "web_viewer/node_modules/@camptocamp/ogc-client/dist/dist-node.js"


@pytest.fixture(scope="module")
def read(site: str) -> dict[str, Any]:
    node = command("node", "nodejs")
    if not MODULE.is_file():
        pytest.skip("skipped: no @camptocamp/ogc-client (npm ci in web_viewer)")
    program = ROOT / "tests/clients/ogc_client_reads.mjs"
    asked = [node, str(program), MODULE.as_uri(), site, ",".join(COLLECTIONS)]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_it_finds_every_map_with_its_tiles(read: dict[str, Any]) -> None:
    assert read["has"] == [True, True, True]
    assert sorted(read["featureCollections"]) == sorted(read["mapTileCollections"]) == list(COLLECTIONS)
    assert sorted(read["tileMatrixSets"]) == sorted(MATRIX_SETS)


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_feature_and_every_value(read: dict[str, Any], sample: Path, name: str) -> None:
    found = read["collections"][name]
    assert found["title"] == found["style"] == published(sample, name).declaration.title
    assert {fid: plain(row) for fid, row in found["rows"].items()} == rows(sample, name)
    assert {"application/geo+json", "text/html", "text/csv; charset=utf-8"} <= set(found["formats"])
    assert any(uri.endswith("/EPSG/0/6677") for uri in found["crs"])


@pytest.mark.parametrize("name", COLLECTIONS)
def test_its_tile_sets_answer(read: dict[str, Any], name: str) -> None:
    for kind, matrix_set in (("vectorTiles", "EPSG6677Scales"), ("mapTiles", "WebMercatorQuad")):
        with urlopen(read["collections"][name][kind]) as answer:
            assert json.load(answer)["tileMatrixSetId"] == matrix_set


def test_the_addresses_it_makes_for_wms_and_wmts_are_pictures(read: dict[str, Any]) -> None:
    assert sorted(read["wmts"]) == list(COLLECTIONS)
    assert set(read["matrixSets"]) == set(MATRIX_SETS)
    assert len(read["tiles"]) == len(COLLECTIONS) * len(MATRIX_SETS)
    for address in read["tiles"]:
        with urlopen(address) as answer:
            assert Image.open(io.BytesIO(answer.read())).size == (256, 256)
    with urlopen(read["map"]) as answer:
        image = Image.open(io.BytesIO(answer.read()))
    assert image.size == (300, 220)
    assert np.asarray(image.convert("RGB")).std() > 10
