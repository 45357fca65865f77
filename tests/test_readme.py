"""The examples of the README and of the staff's guide are programs: each is run as it stands there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ezdxf.filemanagement import readfile

from gis_pipeline.catalog import Catalog
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
STAFF = (ROOT / "docs/staff/first-publication.md").read_text(encoding="utf-8")


def _example(name: str) -> str:
    match = re.search(rf"<!-- example: {name} -->\n```bash\n(.*?)```", README, re.DOTALL)
    assert match, f"the README has no example {name}"
    return match[1]


def _bash(script: str, folder: Path) -> str:
    """Runs a script as a person would paste it: a failing command ends it."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_adding_a_layer(sample: Path, tmp_path: Path) -> None:
    shutil.copytree(sample / "source", tmp_path / "data/source")
    shutil.copytree(sample / "published", tmp_path / "data/published")
    _bash(_example("add-a-layer"), tmp_path)
    published = Catalog(tmp_path / "data/published").snapshot().edition("toire", edition_id="2026-12-01")
    features = json.loads(published.file("features.geojson").read_bytes())["features"]
    assert [(one["id"], one["properties"]["kaisetsu"]) for one in features] == [
        ("001", "2009-08-10"),
        ("002", "2019-05-01"),
    ]


def test_the_first_publication_from_an_empty_folder(tmp_path: Path) -> None:
    """The staff's guide from its first step to its last; the other classes come from the sample, as it says."""
    source = tmp_path / "data/source"
    for name in ("service.toml", "youto/collection.toml", "plan2500/collection.toml"):
        match = re.search(rf"<!-- example: {name} -->\n```toml\n(.*?)```", STAFF, re.DOTALL)
        assert match, f"the guide has no example {name}"
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(match[1], encoding="utf-8")
    sample = ROOT / "data/source"
    classes = (sample / "youto/collection.toml").read_text(encoding="utf-8").split("[[classes]]")[2:]
    with (source / "youto/collection.toml").open("a", encoding="utf-8") as declaration:
        declaration.write("".join(f"\n[[classes]]{one}" for one in classes))
    material = {"youto": "99999_youto.*", "plan2500": "09KC971.tif*"}
    for name, pattern in material.items():
        (source / name / "2026-04-01").mkdir()
        for path in sorted((sample / name / "2026-04-01").glob(pattern)):
            shutil.copy(path, source / name / "2026-04-01")
    commands = re.findall(r"```\n(machizu (?:build|publish) ?.*?)\n```", STAFF)
    assert [line.split()[1] for line in commands] == ["build", "publish"]
    _bash("\n".join(commands), tmp_path)
    snapshot = Catalog(tmp_path / "data/published").snapshot()
    assert snapshot.edition("youto").edition.count > 12
    assert [fit.code for fit in snapshot.edition("plan2500").edition.fits] == ["09KC971"]


def test_reading_by_curl(site: str, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("skipped: no curl")
    lines = _example("read-by-curl").replace("http://localhost:8000", site).strip().splitlines()
    items, in_2020, here, found = (json.loads(_bash(line, tmp_path)) for line in lines[:4])
    assert items["numberReturned"] == 2
    assert {one["properties"]["youto_name"] for one in in_2020["features"]}
    assert any(layer["state"] == "found" for layer in here["layers"])
    assert found["results"]
    _bash(lines[4], tmp_path)
    assert (tmp_path / "youto.gpkg").read_bytes().startswith(b"SQLite format 3")
    _bash(lines[5], tmp_path)
    assert readfile(tmp_path / "along-101.dxf").modelspace().query("LWPOLYLINE HATCH")
    assert _bash(lines[6], tmp_path).count("<entry>") > 0


def test_reading_by_gdal(site: str, tmp_path: Path) -> None:
    if shutil.which("ogrinfo") is None:
        pytest.skip("skipped: no GDAL commands (gdal-bin)")
    output = _bash(_example("read-by-gdal").replace("http://localhost:8000", site), tmp_path)
    count = int(re.search(r"Feature Count: (\d+)", output)[1])  # type: ignore[index]
    assert count == len((tmp_path / "youto.csv").read_text(encoding="utf-8").splitlines()) - 1 > 0
    assert 'ID["EPSG",6677]' in output
