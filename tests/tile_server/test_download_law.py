"""One law for every format and every way of asking: what is in the file is what an independent selection chooses."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ezjww
import ezsxf
import numpy as np
import pyogrio
import pytest
import shapely
from ezdxf.filemanagement import readfile
from shapely.geometry.base import BaseGeometry
from starlette.testclient import TestClient

from gis_pipeline.sheets import sheet_bounds, sheet_code
from tests.outputs.test_dxf import attributes
from tests.tile_server.client import client_of
from tests.tile_server.test_downloads import BOX, FORMATS, IN_BOX, got, lonlat_ring, published, read, to_town
from tests.tile_server.tree import SOUTH_M, WEST_M

CORNERS = shapely.Polygon([(WEST_M + 105, SOUTH_M + 105), (WEST_M + 395, SOUTH_M + 110), (WEST_M + 150, SOUTH_M + 290)])
RING = lonlat_ring(CORNERS)
TRIANGLE = to_town(shapely.segmentize(shapely.Polygon(RING), 1e-5))
"""Its edges are straight in degrees, which in the plane they are not: about a metre from vertex to vertex."""

CODE = sheet_code(9, 500, WEST_M + 450, SOUTH_M + 250)
SHEET = sheet_bounds(CODE)


@dataclass(frozen=True)
class Way:
    """A way of asking: the query, and the ground in town metres that an independent selection looks at."""

    query: dict[str, str]
    ground: Callable[[Path], BaseGeometry]
    clip: bool = False
    edition: str = "2026-04-01"


def corridor(tree: Path) -> BaseGeometry:
    road: BaseGeometry = published(tree, "choudou")["101/1"][0]
    return road.buffer(60, quad_segs=400)


WAYS = {
    "box": Way(IN_BOX, lambda _: BOX),
    "polygon, cut": Way(
        {"area": json.dumps({"type": "Polygon", "coordinates": [RING]}), "clip": "true"},
        lambda _: TRIANGLE,
        clip=True,
    ),
    "sheet": Way({"sheet": CODE}, lambda _: shapely.box(SHEET.west_m, SHEET.south_m, SHEET.east_m, SHEET.north_m)),
    "route": Way({"route": "0101", "buffer_m": "60"}, corridor),
    "day, cut": Way(
        {"datetime": "2025-12-31", "clip": "true", **IN_BOX}, lambda _: BOX, clip=True, edition="2025-04-01"
    ),
}


@pytest.fixture(scope="module")
def client(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with client_of(tree, state=tmp_path_factory.mktemp("state")) as made:
        yield made


def wanted(tree: Path, way: Way) -> dict[str, tuple[BaseGeometry, dict[str, Any]]]:
    """By GDAL from the edition's own GeoPackage, chosen and cut by shapely."""
    frame = pyogrio.read_dataframe(tree / f"collections/youto/{way.edition}/features.gpkg")
    ground = way.ground(tree)
    rows = frame.drop(columns="geometry").astype(object).where(frame.drop(columns="geometry").notna(), None)
    return {
        row.pop("fid"): (shape.intersection(ground) if way.clip else shape, row)
        for shape, row in zip(frame.geometry, rows.to_dict("records"), strict=True)
        if shape.intersects(ground) and (not way.clip or shape.intersection(ground).area > 0)
    }


def same_ground(found: BaseGeometry | None, expected: BaseGeometry) -> bool:
    """Nowhere more than a millimetre apart; a table tells a place within by one point."""
    assert found is not None
    if isinstance(found, shapely.Point):
        return bool(found.distance(expected) < 1e-3)
    return bool(shapely.hausdorff_distance(found.boundary, expected.boundary, densify=0.5) < 1e-3)


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("suffix", FORMATS)
def test_data_are_the_independent_selection(
    client: TestClient, tree: Path, tmp_path: Path, suffix: str, name: str
) -> None:
    way = WAYS[name]
    found = read(suffix, got(client, f"youto.{suffix}", **way.query), tmp_path)
    expected = wanted(tree, way)
    assert expected and found.shapes.keys() == expected.keys()
    assert [fid for fid, (shape, _) in expected.items() if not same_ground(found.shapes[fid], shape)] == []
    percent = {"xlsx": "建蔽率 (%)"}.get(suffix, "kenpei")
    assert {fid: int(row[percent]) for fid, row in found.rows.items()} == {
        fid: row["kenpei"] for fid, (_, row) in expected.items()
    }


def drawn(path: Path) -> dict[str, tuple[BaseGeometry, dict[str, str]]]:
    """The features of a DXF by ezdxf: what lies in an odd number of a feature's outlines; the attributes as texts."""
    rings: dict[str, list[shapely.Polygon]] = {}
    values: dict[str, dict[str, str]] = {}
    lines: Any = readfile(path).modelspace().query("LWPOLYLINE")
    for line in lines:
        told = attributes(line)
        fid = told.pop("fid")
        rings.setdefault(fid, []).append(shapely.Polygon(line.get_points("xy")))
        values.setdefault(fid, {}).update(told)
    shapes: dict[str, BaseGeometry] = {}
    for fid, (first, *others) in rings.items():
        shapes[fid] = first
        for ring in others:
            shapes[fid] = shapes[fid].symmetric_difference(ring)
    return {fid: (shape, values[fid]) for fid, shape in shapes.items()}


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("suffix", ["dxf", "r2000.dxf", "cad.zip"])
def test_drawings_are_the_independent_selection(
    client: TestClient, tree: Path, tmp_path: Path, suffix: str, name: str
) -> None:
    way = WAYS[name]
    content = got(client, f"youto.{suffix}", **way.query)
    if suffix == "cad.zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read("youto.dxf")
    path = tmp_path / "d.dxf"
    path.write_bytes(content)
    found, expected = drawn(path), wanted(tree, way)
    assert expected and found.keys() == expected.keys()
    assert [fid for fid, (shape, _) in expected.items() if not same_ground(found[fid][0], shape)] == []
    told = {
        fid: {key: str(value) for key, value in row.items() if value is not None} for fid, (_, row) in expected.items()
    }
    assert {fid: row for fid, (_, row) in found.items()} == told


def shifted_outlines(suffix: str, content: bytes, folder: Path) -> tuple[list[BaseGeometry], str]:
    """Outlines in metres, shifted as the drawing is, and all its texts."""
    if suffix == "jww":
        path = folder / "d.jww"
        path.write_bytes(content)
        document: Any = ezjww.readfile(path).jww_document
        scale = document["header"]["layer_groups"][0]["scale"] / 1000
        lines = [one for one in document["entities"] if one["type"] == "LINE"]
        rings: list[BaseGeometry] = []
        chain: list[tuple[float, float]] = []
        for line in lines:
            chain.append((line["start_x"] * scale, line["start_y"] * scale))
            if np.hypot(line["end_x"] * scale - chain[0][0], line["end_y"] * scale - chain[0][1]) < 1e-6:
                rings.append(shapely.Polygon(chain))
                chain = []
        texts = [one["content"] for one in document["entities"] if one["type"] == "TEXT"]
    else:
        sheet = ezsxf.build_drawing(content)
        rings = [shapely.Polygon(np.asarray(path.points) * 2.5) for path in sheet.paths]
        texts = [text.text for text in sheet.texts]
    return rings, "\n".join(texts)


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("suffix", ["sfc", "p21", "jww"])
def test_shifted_drawings_are_the_independent_selection_at_the_origin_they_state(
    client: TestClient, tree: Path, tmp_path: Path, suffix: str, name: str
) -> None:
    way = WAYS[name]
    rings, told = shifted_outlines(suffix, got(client, f"youto.{suffix}", **way.query), tmp_path)
    expected = shapely.union_all([shape for shape, _ in wanted(tree, way).values()])
    origin = re.search(r"東 (-?\d+) m、北 (-?\d+) m", told)
    assert origin is not None and "実験的" in told
    found = shapely.union_all(rings)
    if suffix != "jww":
        # SXF's sheet has a margin around the 部分図: the drawing as a whole says where it lies.
        margin = np.array(found.bounds[:2]) - (
            np.array(expected.bounds[:2]) - np.array([int(origin[1]), int(origin[2])])
        )
        assert margin[0] == pytest.approx(50.0, abs=1e-3)
        found = shapely.transform(found, lambda pairs: pairs - margin)
    found = shapely.transform(found, lambda pairs: pairs + np.array([int(origin[1]), int(origin[2])]))
    assert len(rings) == sum(len(shapely.get_parts(shape)) for shape, _ in wanted(tree, way).values())
    assert same_ground(found, expected)


@pytest.mark.parametrize("suffix", ["sfc", "p21", "jww", "dxf", "gpkg"])
def test_what_no_other_reader_proves_is_called_experimental_over_http(client: TestClient, suffix: str) -> None:
    titles = {entry["url"]: entry["title"] for entry in client.get("/api/collections/youto").json()["exports"]}
    (title,) = [title for url, title in titles.items() if url.endswith(f"/youto.{suffix}")]
    answer = client.get(f"/download/youto.{suffix}", params=IN_BOX)
    assert ("実験的" in title) == (answer.headers.get("x-machizu-experimental") == "true") == (suffix in "sfc p21 jww")
