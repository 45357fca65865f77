"""The import table, read from the files: imports point one way, the environment is read in one place."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

BASE = {"model", "errors", "plugins", "members"}
FACTS = {"model", "errors", "members", "crs", "sheets", "codelists", "japanese", "findings"}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "plugins": set(),
    "codelists": set(),
    "model": {"errors"},
    "members": {"model", "errors"},
    "declaration": {"model", "errors"},
    "japanese": set(),
    "findings": {"model", "members", "errors"},
    "crs": {"model", "errors"},
    "sheets": {"model", "errors"},
    "catalog": {"model", "errors"},
    "publishing": {"catalog", "model", "errors"},
    "cartography": {"model", "codelists"},
    "symbology": {"model", "cartography"},
    "changes": {"model", "errors", "members"},
    "georef": FACTS,
    "outputs": FACTS | {"cartography"},
    "proof": {"members", "errors", "crs"},
    "formats": FACTS | {"georef"},
    "checks": FACTS | {"georef", "changes", "repair", "conform"},
    "conform": FACTS,
    "repair": FACTS,
    "quality": {"model", "errors", "cartography"},
    "planning": BASE | {"declaration", "findings", "outputs", "publishing"},
    "intake": BASE | {"declaration", "planning", "findings", "formats", "crs", "georef", "conform"},
    "mastering": BASE | {"intake", "georef"},
    "reference": BASE | {"catalog", "intake"},
    "build": BASE
    | {
        "declaration",
        "planning",
        "intake",
        "reference",
        "checks",
        "changes",
        "crs",
        "publishing",
        "quality",
        "mastering",
        "proof",
    },
    "cli": {"build", "quality", "catalog", "publishing", "declaration", "errors", "model", "georef", "describe"},
}
SERVER_MAY = {
    "symbology",
    "model",
    "catalog",
    "errors",
    "plugins",
    "cartography",
    "crs",
    "sheets",
    "changes",
    "outputs",
    "members",
    "proof",
}
OPEN_SETS = ("gis_pipeline/formats", "gis_pipeline/checks", "gis_pipeline/outputs", "tile_server/routes")


def _modules(package: str) -> list[Path]:
    return [path for path in sorted((ROOT / package).rglob("*.py")) if "node_modules" not in path.parts]


def _imports(path: Path) -> Iterator[str]:
    """Every dotted name a file imports, at any depth, `from a import b` as a.b."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _room(dotted: str) -> str:
    return dotted.split(".")[1]


@pytest.mark.parametrize("path", _modules("gis_pipeline"), ids=lambda path: str(path.relative_to(ROOT)))
def test_pipeline_imports_point_one_way(path: Path) -> None:
    room = path.relative_to(ROOT / "gis_pipeline").parts[0].removesuffix(".py")
    if room == "__init__":
        return
    imported = {_room(name) for name in _imports(path) if name.startswith("gis_pipeline.")} - {room}
    assert imported <= ALLOWED[room], f"{room} may not import {imported - ALLOWED[room]}"


@pytest.mark.parametrize("path", _modules("gis_pipeline"), ids=lambda path: str(path.relative_to(ROOT)))
def test_pipeline_does_not_know_the_server(path: Path) -> None:
    if path.name == "cli.py":
        return
    assert not [name for name in _imports(path) if name.startswith(("tile_server", "web_viewer"))]


@pytest.mark.parametrize("path", _modules("tile_server"), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_server_sees_only_what_is_published(path: Path) -> None:
    imported = {_room(name) for name in _imports(path) if name.startswith("gis_pipeline.")}
    assert imported <= SERVER_MAY, imported - SERVER_MAY


@pytest.mark.parametrize("folder", OPEN_SETS)
def test_members_of_an_open_set_do_not_import_one_another(folder: str) -> None:
    package = folder.replace("/", ".")
    for path in _modules(folder):
        others = [
            name.removeprefix(f"{package}.").split(".")[0] for name in _imports(path) if name.startswith(f"{package}.")
        ]
        assert not [name for name in others if not name.startswith("_")], path


def test_routes_do_not_import_the_application() -> None:
    for path in _modules("tile_server/routes"):
        assert not [name for name in _imports(path) if name.startswith("tile_server.app")], path


def test_only_settings_read_the_environment() -> None:
    readers = {
        path.relative_to(ROOT).as_posix()
        for package in ("gis_pipeline", "tile_server")
        for path in _modules(package)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "putenv")
    }
    assert readers <= {"tile_server/settings.py"}


def test_no_import_cycle_and_no_member_is_left_out_of_the_table() -> None:
    rooms = {path.relative_to(ROOT / "gis_pipeline").parts[0].removesuffix(".py") for path in _modules("gis_pipeline")}
    assert rooms - {"__init__"} <= set(ALLOWED)
    order: list[str] = []
    remaining = dict(ALLOWED)
    while remaining:
        free = [room for room, needs in remaining.items() if not (needs & set(remaining)) - {room}]
        assert free, f"cycle among {sorted(remaining)}"
        order.extend(free)
        for room in free:
            del remaining[room]


def test_the_catalogue_loads_no_gis_library() -> None:
    code = (
        "import sys, gis_pipeline.catalog, gis_pipeline.publishing;"
        "print([m for m in sys.modules if m.split('.')[0] in "
        "('geopandas','shapely','pyproj','rasterio','numpy','pandas','pyogrio','fiona','cv2','scipy')])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
