"""Downloads made for a request: each format holds exactly what an independent selection chooses, or is refused."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import logging
import shutil
import subprocess
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import openpyxl
import pyogrio
import pyproj
import pytest
import rasterio
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from starlette.testclient import TestClient

from gis_pipeline.catalog import Published
from gis_pipeline.members import Reread
from gis_pipeline.model import Act, Candidate, CollectionEntry, EditionEntry, Release
from gis_pipeline.outputs import geojson as geojson_output
from gis_pipeline.publishing import begin_candidate, publish
from gis_pipeline.sheets import sheet_bounds, sheet_code
from tests.contracts.test_outputs import READERS, Found, same_vertices
from tests.tile_server.client import client_of
from tests.tile_server.tree import MADE_AT, ROAD, SERVICE, SOUTH_M, WEST_M, YOUTO, line, product, write_edition
from tile_server.settings import Settings

FRAME = "http://www.opengis.net/def/crs/EPSG/0/6677"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
BOX = shapely.box(WEST_M + 130.5, SOUTH_M + 140.25, WEST_M + 371, SOUTH_M + 260)
"""Cuts districts of 100 m; no edge lies on theirs."""
AXES = f"{SOUTH_M + 140.25},{WEST_M + 130.5},{SOUTH_M + 260},{WEST_M + 371}"
IN_BOX = {"bbox": AXES, "bbox-crs": FRAME}
FORMATS = {
    "geojson": "geojson",
    "gpkg": "geopackage",
    "fgb": "flatgeobuf",
    "parquet": "geoparquet",
    "csv": "csv",
    "shp.zip": "",
    "kml": "",
    "xlsx": "",
}
TO_TOWN = pyproj.Transformer.from_crs(6668, 6677, always_xy=True)


@pytest.fixture(scope="module")
def client(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with client_of(tree, state=tmp_path_factory.mktemp("state")) as made:
        yield made


def got(client: TestClient, name: str, **query: str) -> bytes:
    answer = client.get(f"/download/{name}", params=query)
    assert answer.status_code == 200, answer.text[:300]
    return answer.content


def published(tree: Path, collection: str) -> dict[str, tuple[BaseGeometry, dict[str, Any]]]:
    """fid → geometry in the town frame and attributes, read from the published GeoPackage by GDAL."""
    frame = pyogrio.read_dataframe(tree / f"collections/{collection}/2026-04-01/features.gpkg")
    rows = frame.drop(columns="geometry").astype(object).where(frame.drop(columns="geometry").notna(), None)
    return {
        row.pop("fid"): (shape, row)
        for shape, row in zip(frame.geometry, rows.to_dict("records"), strict=True)
    }  # fmt: skip


def read(suffix: str, content: bytes, folder: Path) -> Found:
    """By a reader that is not the server's, brought into the town frame."""
    path = folder / f"d.{suffix}"
    path.write_bytes(content)
    if suffix == "xlsx":
        return read_xlsx(path)
    if suffix in ("shp.zip", "kml"):
        return read_by_ogr2ogr(path, folder)
    found = READERS[FORMATS[suffix]](path)
    if suffix == "geojson":
        return Found(found.rows, {fid: None if one is None else to_town(one) for fid, one in found.shapes.items()})
    return found


def to_town(shape: BaseGeometry) -> BaseGeometry:
    def move(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(TO_TOWN.transform(pairs[:, 0], pairs[:, 1]))

    moved: BaseGeometry = shapely.transform(shape, move)
    return moved


def read_by_ogr2ogr(path: Path, folder: Path) -> Found:
    if shutil.which("ogr2ogr") is None:
        pytest.skip("skipped: no ogr2ogr (apt install gdal-bin)")
    source = f"/vsizip/{path}" if path.suffix == ".zip" else str(path)
    copy = folder / "copy.gpkg"
    command = ["ogr2ogr", "-f", "GPKG", "-nln", "copy", "-lco", "FID=seq", "-lco", "GEOMETRY_NAME=geom"]
    subprocess.run([*command, "-dim", "XY", "-nlt", "PROMOTE_TO_MULTI", copy, source], check=True, capture_output=True)
    found = READERS["geopackage"](copy)
    moved = {
        fid: to_town(one) if path.suffix == ".kml" and one is not None else one for fid, one in found.shapes.items()
    }
    return Found(found.rows, moved)


def read_xlsx(path: Path) -> Found:
    header, *rows = openpyxl.load_workbook(path)["データ"].iter_rows(values_only=True)
    named = [dict(zip(header, row, strict=True)) for row in rows]
    shapes: dict[str, BaseGeometry | None] = {
        str(row["fid"]): shapely.Point(row["Y（東）m"], row["X（北）m"]) for row in named
    }
    return Found({str(row["fid"]): row for row in named}, shapes)


def lies_there(found: BaseGeometry | None, wanted: BaseGeometry) -> bool:
    if isinstance(found, shapely.Point):
        return bool(shapely.distance(found, wanted) < 1e-3)
    if same_vertices(found, multi(wanted), 1e-3):
        return True
    # Vertices that differ by less than a micrometre may be sorted differently: the same number, none further off.
    return (
        found is not None
        and shapely.get_num_coordinates(found) == shapely.get_num_coordinates(wanted)
        and bool(shapely.hausdorff_distance(found, wanted) < 1e-3)
    )


def multi(shape: BaseGeometry) -> BaseGeometry:
    if isinstance(shape, shapely.Polygon):
        return shapely.MultiPolygon([shape])
    return shapely.MultiLineString([shape]) if isinstance(shape, shapely.LineString) else shape


# ------------------------------------------------------------------ every format, chosen and cut


@pytest.mark.parametrize("clip", ["false", "true"])
@pytest.mark.parametrize("collection", ["youto", "choudou"])
@pytest.mark.parametrize("suffix", FORMATS)
def test_a_download_is_the_independent_selection(
    client: TestClient, tree: Path, tmp_path: Path, suffix: str, collection: str, clip: str
) -> None:
    content = got(client, f"{collection}.{suffix}", clip=clip, **IN_BOX)
    found = read(suffix, content, tmp_path)
    everything = published(tree, collection)
    wanted = {fid: shape for fid, (shape, _) in everything.items() if shape.intersects(BOX)}
    if clip == "true":
        wanted = {fid: shape.intersection(BOX) for fid, shape in wanted.items()}
    assert wanted and found.shapes.keys() == wanted.keys()
    assert [fid for fid, shape in wanted.items() if not lies_there(found.shapes[fid], shape)] == []
    for fid, row in found.rows.items():
        expected = everything[fid][1]
        first = next(iter(expected))
        shown = row["番号" if collection == "youto" else "路線番号"] if suffix == "xlsx" else row[first]
        assert shown == expected[first]
        if suffix not in ("xlsx", "csv", "shp.zip", "kml"):
            assert row == expected


@pytest.mark.parametrize("code", [4326, 3857, 6668, 6677])
@pytest.mark.parametrize("suffix", ["gpkg", "fgb", "parquet", "shp.zip"])
def test_a_download_in_another_crs_lies_where_pyproj_puts_it(
    client: TestClient, tree: Path, tmp_path: Path, suffix: str, code: int
) -> None:
    uri = FRAME.replace("6677", str(code))
    path = tmp_path / f"d.{suffix}"
    path.write_bytes(got(client, f"youto.{suffix}", crs=uri, **IN_BOX))
    if suffix == "parquet":
        found = READERS["geoparquet"](path).shapes
    else:
        frame = pyogrio.read_dataframe(f"/vsizip/{path}" if suffix == "shp.zip" else path)
        assert pyproj.CRS(frame.crs).to_epsg(min_confidence=20) == code
        found = dict(zip(frame["fid"], frame.geometry, strict=True))
    # JGD2011 and WGS 84 are one here: the way back from 4326 and 3857 goes by their own datum.
    back = pyproj.Transformer.from_crs(code, 6677 if code in (6668, 6677) else 4326, always_xy=True)
    everything = published(tree, "youto")
    assert found
    for fid, shape in found.items():
        assert shape is not None
        pairs = shapely.get_coordinates(shape)
        moved = np.column_stack(back.transform(pairs[:, 0], pairs[:, 1]))
        if code in (4326, 3857):
            moved = np.column_stack(TO_TOWN.transform(moved[:, 0], moved[:, 1]))
        corners = shapely.MultiPoint(moved)
        assert (
            shapely.hausdorff_distance(corners, shapely.MultiPoint(shapely.get_coordinates(everything[fid][0]))) < 1e-3
        )


def test_the_same_request_gives_the_same_bytes(client: TestClient) -> None:
    for suffix in ("shp.zip", "xlsx", "kml", "gpkg"):
        assert got(client, f"youto.{suffix}", clip="true", **IN_BOX) == got(
            client, f"youto.{suffix}", clip="true", **IN_BOX
        )


# ------------------------------------------------------------------ the part of the ground


def ids(client: TestClient, **query: str) -> set[str]:
    return {feature["id"] for feature in json.loads(got(client, "youto.geojson", **query))["features"]}


def lonlat_ring(shape: BaseGeometry) -> list[list[float]]:
    pairs = shapely.get_coordinates(shape)
    lon, lat = TO_TOWN.transform(pairs[:, 0], pairs[:, 1], direction="INVERSE")
    return [[float(x), float(y)] for x, y in zip(lon, lat, strict=True)]


def test_a_drawn_polygon_chooses_what_it_touches_as_geojson_or_wkt(client: TestClient, tree: Path) -> None:
    triangle = shapely.Polygon(
        [(WEST_M + 105, SOUTH_M + 105), (WEST_M + 395, SOUTH_M + 110), (WEST_M + 150, SOUTH_M + 290)]
    )
    ring = lonlat_ring(triangle)
    wanted = {fid for fid, (shape, _) in published(tree, "youto").items() if shape.intersects(triangle)}
    geometry = {"type": "Polygon", "coordinates": [ring]}
    wkt = "POLYGON((" + ",".join(f"{lon!r} {lat!r}" for lon, lat in ring) + "))"
    assert ids(client, area=json.dumps(geometry)) == wanted
    assert ids(client, area=json.dumps({"type": "Feature", "properties": {}, "geometry": geometry})) == wanted
    assert ids(client, area=wkt) == wanted


def test_a_corridor_is_what_lies_within_the_distance_of_the_road(client: TestClient, tree: Path) -> None:
    road = published(tree, "choudou")["101/1"][0]
    wanted = {fid for fid, (shape, _) in published(tree, "youto").items() if shape.distance(road) <= 60}
    assert ids(client, route="0101", buffer_m="60") == wanted
    assert ids(client, route="101", buffer_m="60") == wanted
    assert client.get("/download/youto.geojson?route=999").status_code == 404


def test_a_sheet_chooses_by_its_rectangle(client: TestClient, tree: Path) -> None:
    code = sheet_code(9, 500, WEST_M + 450, SOUTH_M + 250)
    sheet = sheet_bounds(code)
    rectangle = shapely.box(sheet.west_m, sheet.south_m, sheet.east_m, sheet.north_m)
    wanted = {fid for fid, (shape, _) in published(tree, "youto").items() if shape.intersects(rectangle)}
    assert ids(client, sheet=code) == wanted
    assert 0 < len(wanted) < 100


def test_a_box_in_degrees_chooses_as_the_items_do(client: TestClient) -> None:
    ring = lonlat_ring(BOX)
    west, south = min(lon for lon, _ in ring), min(lat for _, lat in ring)
    bbox = f"{west},{south},{max(lon for lon, _ in ring)},{max(lat for _, lat in ring)}"
    items = client.get("/api/collections/youto/items", params={"bbox": bbox, "limit": "1000"}).json()
    assert ids(client, bbox=bbox) == {feature["id"] for feature in items["features"]}


def test_an_earlier_day_gives_that_days_features(client: TestClient, tree: Path) -> None:
    earlier = json.loads(got(client, "youto.geojson", datetime="2025-12-31", **IN_BOX))
    assert earlier["edition"] == "2025-04-01"
    assert earlier["selection"] == "指定した四角の範囲（範囲に触れる地物を切らずに）"


# ------------------------------------------------------------------ pictures


def test_a_part_of_the_scans_has_the_published_pixels(client: TestClient, tree: Path) -> None:
    query = {"bbox": "-27611,-51103,-27101.5,-50800", "bbox-crs": FRAME}
    with rasterio.MemoryFile(got(client, "zumen.tif", **query)) as memory, memory.open() as part:
        cut, bounds = part.read(), part.bounds
    with zipfile.ZipFile(io.BytesIO(got(client, "zumen.tfw.zip", **query))) as archive:
        world = [float(line) for line in archive.read("zumen.tfw").split()]
        with rasterio.MemoryFile(archive.read("zumen.tif")) as memory, memory.open() as plain:
            assert np.array_equal(plain.read(), cut)
    assert (world[4] - 1, world[5] + 1) == (bounds.left, bounds.top) == (-51104, -27100)
    seen = 0
    for path in sorted((tree / "collections/zumen/2026-04-01/sheets").glob("*.tif")):
        with rasterio.open(path) as sheet:
            west, east = max(bounds.left, sheet.bounds.left), min(bounds.right, sheet.bounds.right)
            window = rasterio.windows.from_bounds(west, bounds.bottom, east, bounds.top, sheet.transform)
            col = round((west - bounds.left) / 2)
            pixels = sheet.read(window=window)
            assert np.array_equal(cut[:, :, col : col + pixels.shape[2]], pixels)
            seen += pixels.shape[2]
    assert seen == cut.shape[2]


def cad_set(client: TestClient, folder: Path, **query: str) -> dict[str, Path]:
    """The files of a CAD set, unpacked; `sha256sum` finds nothing wrong with them."""
    with zipfile.ZipFile(io.BytesIO(got(client, "youto.cad.zip", **query))) as archive:
        files = {name: Path(archive.extract(name, folder)) for name in archive.namelist()}
    if shutil.which("sha256sum") is not None:
        subprocess.run(["sha256sum", "-c", "--strict", "sha256sums.txt"], cwd=folder, check=True, capture_output=True)
    return files


SCANNED = {"bbox": f"{SOUTH_M + 900},{WEST_M},{SOUTH_M + 2300},{WEST_M + 300}", "bbox-crs": FRAME}
"""Some districts, and 100 m × 300 m of the scans."""


def test_a_cad_set_of_a_part_brings_the_scans_of_that_ground(client: TestClient, tmp_path: Path) -> None:
    files = cad_set(client, tmp_path, **SCANNED)
    assert {"youto.dxf", "youto_r2000.dxf", "youto.gpkg", "zumen.tif", "zumen.tfw", "README.txt"} < set(files)
    (tmp_path / "alone.tif").write_bytes(got(client, "zumen.tif", **SCANNED))
    with rasterio.open(files["zumen.tif"]) as image, rasterio.open(tmp_path / "alone.tif") as alone:
        assert (image.transform, image.shape) == (alone.transform, alone.shape)
        assert np.array_equal(image.read(), alone.read())
    readme = files["README.txt"].read_bytes()
    assert readme.startswith(b"\xef\xbb\xbf") and readme.count(b"\r\n") == readme.count(b"\n")
    text = readme.decode("utf-8-sig")
    for words in ("用途地域", "画像「地形図」", "小町長の承認を得て", "2026-04-01", "EPSG:6677", "指定した四角の範囲"):
        assert words in text, words


def test_scans_that_may_not_be_handed_out_stay_out_of_the_set_and_it_says_so(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewing = YOUTO.approvals[0].model_copy(update={"acts": ("screen", "tiles")})
    own = Published.approvals.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(
        Published, "approvals", property(lambda one: (viewing,) if one.declaration.id == "zumen" else own(one))
    )
    files = cad_set(client, tmp_path, **SCANNED)
    assert not [name for name in files if name.startswith("zumen")]
    assert "画像「地形図」は提供できないため入っていません" in files["README.txt"].read_text(encoding="utf-8-sig")


def test_scans_too_large_for_a_set_stay_out_and_it_says_so(tree: Path, tmp_path: Path) -> None:
    with client_of(tree, state=tmp_path / "state", max_download_pixels=99) as made:
        files = cad_set(made, tmp_path, **SCANNED)
    assert not [name for name in files if name.startswith("zumen")]
    assert "画像「地形図」は範囲が広いため入っていません" in files["README.txt"].read_text(encoding="utf-8-sig")


def test_a_drawing_of_the_whole_map_is_a_published_file(tmp_path: Path) -> None:
    """Made when the edition was, served by parts (Range) with its checksum as tag."""
    staging = begin_candidate(tmp_path)
    declared = ROAD.model_copy(update={"outputs": ("dxf",)})
    rows = [("101", line((0, 150), (900, 150)), {"route": "0101", "name": "見本通り"})]
    made = product(declared, "2026-04-01", rows)
    edition = write_edition(staging.edition_folder(declared.id, made.edition_id), made)
    path = staging.path_of(declared.id, made.edition_id)
    entry = EditionEntry(id=edition.id, key=edition.key, state="live", path=path)
    entries = (CollectionEntry(declaration=declared, editions=(entry,)),)
    release = Release(number=1, made_at=MADE_AT, service=SERVICE, collections=entries)
    candidate = Candidate(
        number=staging.number, base_release=0, built_at=MADE_AT, release=release, differences=(), blocking=0, warnings=0
    )
    staging.finish(candidate)
    publish(tmp_path, candidate, approved_by="試験", approved_on=MADE_AT.date())
    (drawing,) = tmp_path.glob("collections/choudou/*/features.dxf")
    content = drawing.read_bytes()
    with client_of(tmp_path) as client:
        whole = client.get("/download/choudou.dxf")
        part = client.get("/download/choudou.dxf", headers={"range": "bytes=100-199"})
    assert (whole.status_code, whole.content) == (200, content)
    assert hashlib.sha256(content).hexdigest().startswith(whole.headers["etag"].strip('"'))
    assert (part.status_code, part.content) == (206, content[100:200])


# ------------------------------------------------------------------ what is refused, and how

BAD = [
    {"area": "POLYGON((0 0"},
    {"area": "POINT(139 35)"},
    {"area": "{}"},
    {"area": '{"type":"Polygon","coordinates":[]}'},
    {"area": '{"type":"Polygon","coordinates":[[[1e999,35],[140,36],[140,35],[1e999,35]]]}'},
    {"area": '{"type":"Polygon","coordinates":[[["a",35],[140,36],[140,35]]]}'},
    {"area": "[" * 5000},
    {"area": "POLYGON((" + "0 0," * 3000 + "1 1,0 0))"},
    {"area": "x" * 20_001},
    {"route": "0101", "buffer_m": "0"},
    {"route": "0101", "buffer_m": "1001"},
    {"route": "0101", "buffer_m": "NaN"},
    {"route": "'; DROP TABLE feature"},
    {"clip": "maybe", **IN_BOX},
    {"crs": "EPSG:6677"},
]


@pytest.mark.parametrize(
    "query", BAD, ids=lambda query: " ".join(f"{key}={value}"[:30] for key, value in query.items())
)
def test_what_cannot_be_followed_is_a_400_that_names_the_parameter(client: TestClient, query: dict[str, str]) -> None:
    answer = client.get("/download/youto.geojson", params=query)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:machizu:problem:bad-request"), answer.text
    assert answer.json()["parameter"] in query


NOTHING = [
    {"area": '{"type":"Polygon","coordinates":[[[139,35],[140,36],[140,35],[139,36],[139,35]]]}'},
    {"sheet": "09KC97X"},
    {"sheet": ""},
    {"buffer_m": "10"},
    {"clip": "true"},
    {"sheet": "09KC971", **IN_BOX},
    {"encoding": "cp932"},
    {"sheet": "09KC971", "route": "0101"},
    {"crs": FRAME, **IN_BOX},
]


@pytest.mark.parametrize(
    "query", NOTHING, ids=lambda query: " ".join(f"{key}={value}"[:30] for key, value in query.items())
)
def test_what_is_written_as_documented_but_denotes_no_file_is_not_found(
    client: TestClient, query: dict[str, str]
) -> None:
    """No schema can say which parameters go together, or which sheets there are."""
    answer = client.get("/download/youto.geojson", params=query)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:machizu:problem:nowhere"), answer.text
    assert answer.json()["parameter"] in query


def test_a_collection_for_viewing_only_is_refused_in_every_format(client: TestClient) -> None:
    for suffix in FORMATS:
        assert client.get(f"/download/banchi.{suffix}", params=IN_BOX).status_code == 403


def test_a_withdrawn_edition_is_gone_in_part_too(client: TestClient) -> None:
    assert client.get("/download/bouka.kml", params=IN_BOX).status_code == 410
    assert client.get("/download/youto.kml", params={"datetime": "2024-05-01", **IN_BOX}).status_code == 410


@pytest.mark.parametrize(("acts", "status"), [(("screen", "tiles"), 403), (("screen", "raw download"), 200)])
def test_permissions_count_for_each_act(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, acts: tuple[Act, ...], status: int
) -> None:
    """The edition rests on one permission: of those acts and no other."""
    granted = (YOUTO.approvals[0].model_copy(update={"acts": acts}),)
    monkeypatch.setattr(Published, "approvals", property(lambda _: granted))
    assert client.get("/download/youto.xlsx", params=IN_BOX).status_code == status
    exports = client.get("/api/collections/youto").json()["exports"]
    assert bool(exports) == (status == 200)


def test_every_format_that_a_collection_lists_is_given(client: TestClient) -> None:
    for name in ("youto", "choubo"):
        exports = client.get(f"/api/collections/{name}").json()["exports"]
        assert exports
        for entry in exports:
            answer = client.get(entry["url"], params=IN_BOX if name == "youto" else {})
            assert (answer.status_code, answer.headers["content-type"]) == (200, entry["mediaType"]), entry["url"]


def test_limits_are_published_and_answered_with_413(tree: Path, tmp_path: Path) -> None:
    with client_of(
        tree, state=tmp_path, max_download_features=5, max_download_area_km2=0.5, max_download_pixels=99
    ) as made:
        limits = made.get("/api").json()["limits"]
        assert (limits["downloadFeaturesMaximum"], limits["downloadAreaKm2Maximum"]) == (5, 0.5)
        whole = f"{SOUTH_M},{WEST_M},{SOUTH_M + 1000},{WEST_M + 1000}"
        for path, box in (("youto.kml", AXES), ("youto.kml", whole), ("zumen.tif", "-27611,-51103,-27101.5,-50800")):
            answer = made.get(f"/download/{path}", params={"bbox": box, "bbox-crs": FRAME})
            assert (answer.status_code, answer.json()["type"]) == (413, "urn:machizu:problem:too-large")


def test_a_format_that_is_more_work_becomes_a_job_sooner_as_published(tree: Path, tmp_path: Path) -> None:
    with client_of(tree, state=tmp_path, direct_download_features=100) as made:
        direct = made.get("/api").json()["limits"]["downloadFeaturesDirectByFormat"]
        assert direct == {"dxf": 25, "r2000.dxf": 25, "sfc": 5, "p21": 2, "jww": 2, "cad.zip": 5}
        for suffix, status in (("gpkg", 200), ("dxf", 200), ("sfc", 202)):
            answer = made.get(f"/download/youto.{suffix}", params=IN_BOX)
            assert answer.status_code == status, suffix
        job = finished(made, answer.headers["location"])
        result = made.get(f"/jobs/{job['id']}/result")
        assert (job["status"], result.headers["x-machizu-experimental"]) == ("done", "true")


def test_a_file_that_fails_its_proof_is_never_handed_out(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    honest = geojson_output.reread

    def moved(path: Path) -> Reread:
        found = honest(path)
        shapes = found.geometry.copy()
        shapes[-1] = shapely.transform(shapes[-1], lambda pairs: pairs + 2e-8)  # 2 mm
        return dataclasses.replace(found, geometry=shapes)

    monkeypatch.setattr(geojson_output, "reread", moved)
    with caplog.at_level(logging.ERROR):
        answer = client.get("/download/youto.geojson", params={"clip": "true", **IN_BOX})
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "failed its proof" in caplog.text


def test_nothing_is_left_in_the_temporary_folder(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    got(client, "youto.xlsx", **IN_BOX)
    assert client.get("/download/youto.shp.zip", params={"encoding": "latin-1", **IN_BOX}).status_code == 400
    assert client.get("/download/zumen.tif", params={"bbox": "-27611,-51103,-27101,-50800", "bbox-crs": FRAME}).content
    assert list(tmp_path.iterdir()) == []


def test_the_name_says_what_is_in_the_file(client: TestClient) -> None:
    query = {"clip": "true", "encoding": "cp932", "crs": FRAME.replace("6677", "4326"), **IN_BOX}
    header = client.get("/download/youto.shp.zip", params=query).headers["content-disposition"]
    assert unquote(header.partition("UTF-8''")[2]) == "用途地域_2026-04-01_範囲切取_EPSG4326_CP932.shp.zip"
    assert 'filename="youto_2026-04-01.shp.zip"' in header


# ------------------------------------------------------------------ long ones


@pytest.fixture
def slow(tree: Path, tmp_path: Path) -> Iterator[TestClient]:
    """Every download is a long one."""
    with client_of(tree, state=tmp_path / "state", direct_download_features=0, max_jobs=2) as made:
        yield made


def finished(client: TestClient, location: str) -> dict[str, Any]:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        job: dict[str, Any] = client.get(location).json()
        if job["status"] != "running":
            return job
        time.sleep(0.05)
    raise AssertionError("the job did not end")


def test_a_long_download_is_a_job_whose_file_is_the_same(slow: TestClient, client: TestClient, tmp_path: Path) -> None:
    answer = slow.get("/download/youto.gpkg", params=IN_BOX)
    assert answer.status_code == 202
    job = finished(slow, answer.headers["location"])
    assert (job["status"], job["progress"]) == ("done", 100)
    (link,) = [link for link in job["links"] if link["rel"] == "result"]
    result = slow.get(link["href"])
    assert result.content == got(client, "youto.gpkg", **IN_BOX)
    assert result.headers["content-type"] == link["type"]
    assert slow.get("/download/youto.gpkg", params=IN_BOX).headers["location"] == answer.headers["location"]
    files = [path.name for path in (tmp_path / "state/jobs").rglob("*") if path.is_file()]
    assert set(files) <= {"job.json", "result", "lock"}


def test_an_expired_or_unknown_or_abandoned_job_is_not_there(slow: TestClient, tmp_path: Path) -> None:
    location = slow.get("/download/youto.kml", params=IN_BOX).headers["location"]
    finished(slow, location)
    path = next((tmp_path / "state/jobs").glob("*/job.json"))
    stored = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(stored | {"status": "running"}), encoding="utf-8")  # its process has died
    assert slow.get(location).status_code == 404
    path.write_text(json.dumps(stored | {"expires": time.time() - 1}), encoding="utf-8")
    assert slow.get(location).status_code == slow.get(f"{location}/result").status_code == 404
    for name in ("0" * 32, "..%2f..%2fetc%2fpasswd", "%00", "x" * 5000):
        assert slow.get(f"/jobs/{name}").status_code == 404


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """No GeoJSON is written before the gate is opened."""
    honest, opened = geojson_output.write, threading.Event()

    def waits(*arguments: Any) -> Any:
        assert opened.wait(60)
        return honest(*arguments)

    monkeypatch.setattr(geojson_output, "write", waits)
    yield opened
    opened.set()


def asked_for(client: TestClient, day: str) -> Any:
    return client.get("/download/youto.geojson", params={"datetime": day, **IN_BOX})


def test_jobs_are_bounded_and_the_next_one_is_told_to_come_later(slow: TestClient, gate: threading.Event) -> None:
    answers = [asked_for(slow, day) for day in ("2025-05-01", "2026-05-01", "2025-12-01")]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert int(answers[2].headers["retry-after"]) > 0
    gate.set()
    for answer in answers[:2]:
        assert finished(slow, answer.headers["location"])["status"] == "done"
    assert asked_for(slow, "2025-12-01").status_code == 202


def test_a_job_is_the_same_for_every_worker(
    slow: TestClient, tree: Path, tmp_path: Path, gate: threading.Event
) -> None:
    """Two applications over one state folder are what two workers are."""
    location = asked_for(slow, "2026-05-01").headers["location"]
    with client_of(tree, state=tmp_path / "state", direct_download_features=0, max_jobs=2) as other:
        assert other.get(location).json()["status"] == "running"
        assert asked_for(other, "2026-05-01").headers["location"] == location
        assert asked_for(other, "2025-05-01").status_code == 202
        assert asked_for(other, "2025-12-01").status_code == asked_for(slow, "2025-12-01").status_code == 429
        gate.set()
        assert finished(other, location)["status"] == "done"
        assert other.get(f"{location}/result").content == slow.get(f"{location}/result").content != b""


def test_the_file_of_a_job_is_gone_when_its_time_is_over(tree: Path, tmp_path: Path) -> None:
    """Nobody asks for anything in the meantime."""
    with client_of(tree, state=tmp_path / "state", direct_download_features=0, job_keep_s=10) as made:
        location = made.get("/download/youto.kml", params=IN_BOX).headers["location"]
        assert finished(made, location)["status"] == "done"
        until = time.monotonic() + 30
        while time.monotonic() < until and list((tmp_path / "state/jobs").iterdir()):
            time.sleep(0.2)
        assert list((tmp_path / "state/jobs").iterdir()) == []
        assert made.get(location).status_code == 404


@contextmanager
def full_disk(most_bytes: int) -> Iterator[None]:
    """No file can grow beyond so many bytes, as if the disk were full."""
    resource = pytest.importorskip("resource", reason="skipped: no limit on file sizes here")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_full_disk_is_said_and_leaves_nothing(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with full_disk(200):
        answer = client.get(f"/download/youto.{suffix}", params=IN_BOX)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert "ディスクに空きがない" in answer.json()["detail"], answer.text
    assert list(tmp_path.iterdir()) == []


def test_a_job_on_a_full_disk_says_so_and_leaves_nothing(slow: TestClient, tmp_path: Path) -> None:
    with full_disk(200):
        assert slow.get("/download/youto.gpkg", params=IN_BOX).json()["type"] == "urn:machizu:problem:not-made"
    assert list((tmp_path / "state/jobs").iterdir()) == []
    with full_disk(2_000):
        job = finished(slow, slow.get("/download/youto.gpkg", params=IN_BOX).headers["location"])
    assert job["status"] == "failed" and "ディスクに空きがない" in job["message"]
    assert not [path for path in (tmp_path / "state/jobs").rglob("*") if path.name in ("part", "result")]


def test_a_job_that_cannot_carry_a_value_says_so(slow: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis_pipeline.outputs.shapefile.TEXT_BYTES", 1)
    job = finished(slow, slow.get("/download/youto.shp.zip", params=IN_BOX).headers["location"])
    assert job["status"] == "failed" and "Shapefile の上限" in job["message"]


def test_the_jobs_lie_in_the_state_folder() -> None:
    assert Settings(state=Path("x")).jobs == Path("x/jobs")
