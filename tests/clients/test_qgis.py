"""QGIS without a screen (PyQGIS 3.22, apt python3-qgis): one visit, and what it saw."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from tests.clients.expected import COLLECTIONS, MATRIX_SETS, plain, published, rows
from tests.clients.places import SIZE_PX, shows_the_districts
from tests.conftest import ROOT

PYTHON = "/usr/bin/python3"
PICTURES = [*MATRIX_SETS, *(f"{version} EPSG:{code}" for version in ("1.1.1", "1.3.0") for code in (6677, 4326, 3857))]


@pytest.fixture(scope="module")
def visit(site: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what QGIS saw; its own home, so nothing of another visit is remembered."""
    folder = tmp_path_factory.mktemp("qgis")
    usual = {"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    environment = usual | {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    probe = subprocess.run([PYTHON, "-c", "import qgis.core"], env=environment, capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("skipped: no QGIS (python3-qgis, qgis-providers)")
    program = ROOT / "tests/clients/qgis_reads.py"
    command = [PYTHON, str(program), site, str(folder), ",".join(COLLECTIONS)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def read(visit: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((visit / "read.json").read_text(encoding="utf-8"))
    return document


def picture(visit: Path, name: str) -> npt.NDArray[np.int16]:
    image = Image.open(visit / f"{name}.png").convert("RGB")
    assert image.size == SIZE_PX
    return np.asarray(image, dtype=np.int16)


def test_the_readme_names_the_addresses_that_are_read_here() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for address in ("/api", "/styles/youto.json", "/tiles/plan2500/{z}/{x}/{y}.webp"):
        assert f"http://localhost:8000{address}" in readme


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_feature_and_every_value_of_ogc_api_features(read: dict[str, Any], sample: Path, name: str) -> None:
    layer = read["features"][name]
    assert (layer["valid"], layer["count"]) == (True, len(layer["rows"]))
    assert {row["id"]: plain(row, leave=("id",)) for row in layer["rows"]} == rows(sample, name)


def test_the_qml_gives_every_class_its_colour_and_its_name(read: dict[str, Any], visit: Path, sample: Path) -> None:
    classes = {one.code: one.title for one in published(sample, "youto").declaration.classes}
    found = read["qml"]
    assert (found["loaded"], found["message"]) == (True, "")
    assert found["classes"].items() >= classes.items()
    shows_the_districts(sample, picture(visit, "qml"))


def test_the_maplibre_style_paints_the_vector_tiles(read: dict[str, Any], visit: Path, sample: Path) -> None:
    assert read["mvt"]["loaded"] is True
    shows_the_districts(sample, picture(visit, "mvt"))


def test_no_filter_or_colour_of_a_style_is_beyond_it(read: dict[str, Any]) -> None:
    """QGIS 3.22 reads no `concat`: a label that names the class is left out; everything else must be understood."""
    elsewhere = ("is not available on system", "Could not retrieve sprite", "unknown layer type raster")
    for warnings in read["mvt"]["unread"].values():
        left = [text for text in warnings if not any(part in text for part in elsewhere)]
        assert {text.partition(":")[0].rpartition("-")[2] for text in left} <= {"label"}


@pytest.mark.parametrize("name", PICTURES)
def test_wmts_and_wms_show_the_districts_where_they_are(
    read: dict[str, Any], visit: Path, sample: Path, name: str
) -> None:
    found = read["pictures"][name]
    assert (found["valid"], found["errors"]) == (True, [])
    shows_the_districts(sample, picture(visit, name))
    assert "用途地域" in found["info"] and "2026-04-01" in found["info"]


@pytest.mark.parametrize("name", MATRIX_SETS)
def test_wmts_of_a_past_day_is_of_that_day(read: dict[str, Any], visit: Path, name: str) -> None:
    then = read["pictures"][f"{name} 2020"]
    assert (then["valid"], then["errors"]) == (True, [])
    assert "2019-04-01" in then["info"] and "2026-04-01" in read["pictures"][name]["info"]
    assert (picture(visit, f"{name} 2020") != picture(visit, name)).any()


def test_xyz_pictures_show_the_scan(read: dict[str, Any], visit: Path) -> None:
    assert read["pictures"]["xyz"]["valid"] is True
    assert picture(visit, "xyz").std() > 5


def test_nothing_was_amiss_to_it(read: dict[str, Any]) -> None:
    assert [text for text in read["said"] if "Network request" not in text] == []
