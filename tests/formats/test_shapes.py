"""Geometry and CRS as every vector format hands them on: flat, plain, whole, and named only where certain."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pyproj
import pytest
import shapely

from gis_pipeline.formats import csv, geojson, geopackage, gml, shapefile
from gis_pipeline.formats._curves import straighten
from gis_pipeline.formats._table import identify
from gis_pipeline.model import Source
from tests.formats.material import ogr2ogr, read_one, texts, write_json, write_shapefile

PLANE_ZONES = [*range(2443, 2462), *range(6669, 6688), *range(30161, 30180)]


def _features(*shapes: shapely.Geometry | None, crs: str = "urn:ogc:def:crs:EPSG::6677") -> dict[str, object]:
    features = [
        {
            "type": "Feature",
            "properties": {"n": n},
            "geometry": None if shape is None else json.loads(shapely.to_geojson(shape)),
        }
        for n, shape in enumerate(shapes)
    ]
    return {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": crs}},
        "features": features,
    }


HOLED = shapely.Polygon(
    [(0, 0), (10, 0), (10, 10), (0, 10)], [[(1, 1), (2, 1), (2, 2), (1, 2)], [(5, 5), (7, 5), (7, 8)]]
)
MULTI = shapely.MultiPolygon([HOLED, shapely.box(20, 20, 30, 25)])


@pytest.mark.parametrize(("driver", "suffix", "member"), [("GPKG", ".gpkg", geopackage), ("GML", ".gml", gml)])
def test_holes_and_parts_survive(tmp_path: Path, driver: str, suffix: str, member: ModuleType) -> None:
    plain = write_json(tmp_path / "plain.geojson", _features(HOLED, MULTI))
    path = ogr2ogr(tmp_path / f"a{suffix}", plain, driver, "-nlt", "PROMOTE_TO_MULTI")
    read = read_one(member, path).frame.geometry
    assert [shape.equals(expected) for shape, expected in zip(read, [HOLED, MULTI], strict=True)] == [True, True]


def test_holes_and_parts_survive_in_a_shapefile(tmp_path: Path) -> None:
    plain = write_json(tmp_path / "plain.geojson", _features(HOLED, MULTI))
    path = ogr2ogr(tmp_path / "a.shp", plain, "ESRI Shapefile")
    read = read_one(shapefile, path).frame.geometry
    assert [shape.equals(expected) for shape, expected in zip(read, [HOLED, MULTI], strict=True)] == [True, True]


@pytest.mark.parametrize(
    ("driver", "suffix", "member"),
    [
        ("GPKG", ".gpkg", geopackage),
        ("ESRI Shapefile", ".shp", shapefile),
        ("GeoJSON", ".geojson", geojson),
    ],
)
def test_heights_are_dropped_and_their_number_and_range_are_said(
    tmp_path: Path, driver: str, suffix: str, member: ModuleType
) -> None:
    flat, tall = shapely.LineString([(0, 0, 0), (1, 1, 0)]), shapely.LineString([(0, 0, 12.5), (3, 1, -2)])
    plain = write_json(tmp_path / "plain.json", _features(flat, tall))
    path = ogr2ogr(tmp_path / f"a{suffix}", plain, driver)
    table = read_one(member, path)
    assert not shapely.has_z(table.frame.geometry.array).any()
    assert [finding.message for finding in table.findings] == ["高さ (Z) を除きました: 2 件、高さ -2〜12.5。"]
    assert [finding.severity for finding in table.findings] == ["info"]


def test_measures_are_dropped_and_said(tmp_path: Path) -> None:
    plain = write_json(tmp_path / "plain.json", _features(shapely.LineString([(0, 0, 5), (1, 1, 6)])))
    path = ogr2ogr(tmp_path / "a.shp", plain, "ESRI Shapefile", "-dim", "XYM", "-nlt", "LINESTRINGM")
    table = read_one(shapefile, path)
    assert table.frame.geometry[1].equals(shapely.LineString([(0, 0), (1, 1)]))
    assert [finding.message for finding in table.findings] == ["計測値 (M) を除きました。"]


def test_empty_geometry_counts_as_none(tmp_path: Path) -> None:
    table = read_one(geojson, write_json(tmp_path / "a.json", _features(shapely.Point(1, 2), shapely.Point())))
    assert [shape is None for shape in table.frame.geometry] == [False, True]
    assert [finding.record for finding in table.findings] == [2]


def test_straight_lines_stored_as_curves_keep_every_vertex(tmp_path: Path) -> None:
    plain = write_json(tmp_path / "plain.json", _features(MULTI, HOLED))
    path = ogr2ogr(tmp_path / "a.gpkg", plain, "GPKG", "-nlt", "MULTISURFACE")
    table = read_one(geopackage, path)
    assert table.findings == ()
    assert [shape.equals(expected) for shape, expected in zip(table.frame.geometry, [MULTI, HOLED], strict=True)] == [
        True,
        True,
    ]


def test_a_straight_compound_curve_is_joined_without_doubling_vertices() -> None:
    first, second = shapely.LineString([(0, 0), (1, 0)]), shapely.LineString([(1, 0), (1, 5), (2, 5)])
    wkb = b"\x01\x09\x00\x00\x00\x02\x00\x00\x00" + shapely.to_wkb(first) + shapely.to_wkb(second)
    joined = straighten(wkb)
    assert joined is not None
    assert shapely.from_wkb(joined) == shapely.LineString([(0, 0), (1, 0), (1, 5), (2, 5)])


@pytest.mark.parametrize("code", PLANE_ZONES)
@pytest.mark.parametrize("form", ["WKT1_ESRI", "WKT1_GDAL", "WKT2_2019"])
def test_every_plane_zone_of_three_datums_is_known_by_its_wkt(code: int, form: str) -> None:
    wkt = pyproj.CRS.from_epsg(code).to_wkt(form)
    assert identify(wkt) == (f"EPSG:{code}", False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("138.5", "138.6"),
        ("0.9999", "1.0"),
        ("JGD_2000_Japan_Zone_8", "JGD_2011_Japan_Zone_8"),
        ("JGD_2000_Japan_Zone_8", "untitled"),
        ("D_JGD_2000", "D_JGD_2011"),
        ("6378137.0", "6377397.155"),
    ],
)
def test_a_crs_is_never_known_by_its_name_alone(old: str, new: str) -> None:
    wkt = pyproj.CRS.from_epsg(2450).to_wkt("WKT1_ESRI")
    assert wkt is not None
    assert old in wkt
    code, _ = identify(wkt.replace(old, new))
    assert code is not None
    assert code.startswith("PROJCRS[")


def test_a_crs_with_heights_becomes_its_horizontal_part() -> None:
    assert identify("EPSG:6697") == ("EPSG:6668", True)
    assert identify("EPSG:6667") == ("EPSG:6668", True)


def test_geojson_without_crs_is_crs84_and_null_is_none(tmp_path: Path) -> None:
    plain = _features(shapely.Point(139.25, 35.75))
    del plain["crs"]
    assert read_one(geojson, write_json(tmp_path / "a.json", plain)).crs == "OGC:CRS84"
    assert read_one(geojson, write_json(tmp_path / "b.json", plain | {"crs": None})).crs is None


def test_geojson_keeps_every_bit_of_a_coordinate(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":null,"geometry":'
        '{"type":"Point","coordinates":[139.26710123456789, 35.745713000000002]}}]}',
        encoding="utf-8",
    )
    shape = read_one(geojson, path).frame.geometry[1]
    assert (shape.x, shape.y) == (139.26710123456789, 35.745713000000002)


def test_geojson_texts_that_look_like_dates_or_numbers_stay_texts(tmp_path: Path) -> None:
    properties = {"a": "2026/04/01", "b": "007", "c": "1e5", "d": "true"}
    document = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": properties, "geometry": None}],
    }
    table = read_one(geojson, write_json(tmp_path / "a.json", document))
    assert {name: table.frame[name][1] for name in properties} == properties


def test_geojson_values_of_mixed_kinds_become_text_and_none_is_lost(tmp_path: Path) -> None:
    values = [1, "A", None, [1, "二"], {"k": True}, 12345678901234567890]
    features = [{"type": "Feature", "properties": {"v": value}, "geometry": None} for value in values]
    table = read_one(geojson, write_json(tmp_path / "a.json", {"type": "FeatureCollection", "features": features}))
    assert texts(table, "v") == ["1", "A", None, '[1, "二"]', '{"k": true}', "12345678901234567890"]


def test_gml_values_stay_as_they_stand(tmp_path: Path) -> None:
    """GDAL's guess would make the number 0 of "-" and drop the zeros of 00123."""
    path = tmp_path / "a.gml"
    rows = "".join(
        f"<ogr:featureMember><ogr:t><ogr:no>{no}</ogr:no></ogr:t></ogr:featureMember>" for no in ("12", "-", "12.50")
    )
    path.write_text(
        '<ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" xmlns:gml="http://www.opengis.net/gml/3.2">'
        f"{rows}</ogr:FeatureCollection>",
        encoding="utf-8",
    )
    assert texts(read_one(gml, path), "no") == ["12", "-", "12.50"]


def test_an_outdated_gfs_beside_a_gml_changes_nothing(tmp_path: Path) -> None:
    plain = write_json(tmp_path / "plain.json", _features(shapely.Point(1, 2)))
    path = ogr2ogr(tmp_path / "a.gml", plain, "GML")
    before = read_one(gml, path).frame
    (tmp_path / "a.gfs").write_text(
        "<GMLFeatureClassList><GMLFeatureClass><Name>plain</Name><ElementPath>nothing</ElementPath></GMLFeatureClass>"
        "</GMLFeatureClassList>",
        encoding="utf-8",
    )
    assert read_one(gml, path).frame.equals(before)


def test_a_geopackage_table_without_geometry_is_a_register(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text("no,name\n00101,見本通り\n00102,\n", encoding="utf-8")
    path = ogr2ogr(tmp_path / "a.gpkg", source, "GPKG", "-oo", "AUTODETECT_TYPE=NO")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT data_type FROM gpkg_contents").fetchall() == [("attributes",)]
    table = read_one(geopackage, path)
    assert (texts(table, "no"), table.crs) == (["00101", "00102"], None)
    assert table.frame.geometry.isna().all()


def test_a_csv_without_declared_coordinates_is_a_register(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('番号,備考\n001,"一行目\n二行目"\n002,\n', encoding="utf-8")
    table = read_one(csv, path, Source())
    assert (texts(table, "番号"), texts(table, "備考")) == (["001", "002"], ["一行目\n二行目", None])
    assert table.frame.geometry.isna().all()


@pytest.mark.parametrize(
    ("driver", "suffix", "member"), [("ESRI Shapefile", ".shp", shapefile), ("GPKG", ".gpkg", geopackage)]
)
def test_dates_become_iso_text(tmp_path: Path, driver: str, suffix: str, member: ModuleType) -> None:
    values = ["2026-04-01", None, "0001-01-01"]
    features = [
        {"type": "Feature", "properties": {"d": value}, "geometry": {"type": "Point", "coordinates": [139, 35]}}
        for value in values
    ]
    plain = write_json(tmp_path / "plain.json", {"type": "FeatureCollection", "features": features})
    assert texts(read_one(member, ogr2ogr(tmp_path / f"a{suffix}", plain, driver)), "d") == values


def test_a_dbf_date_that_does_not_exist_stays_as_it_stands(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"d", "D", 8)], [[b"20260401"], [b"20260231"], [b"00000000"], [b""]])
    assert texts(read_one(shapefile, path), "d") == ["2026-04-01", "20260231", None, None]


@pytest.mark.parametrize(
    ("values", "read"),
    [
        ([b"7", b"-12", b""], ["7", "-12", None]),
        ([b"7.50", b"-0.25"], ["7.5", "-0.25"]),
        ([b"00101", b"7"], ["00101", "7"]),
        ([b"12345678901234567"], ["12345678901234567"]),
        ([b"1234567890123456789012"], ["1234567890123456789012"]),
    ],
)
def test_dbf_numbers_lose_neither_digits_nor_leading_zeros(
    tmp_path: Path, values: list[bytes], read: list[str | None]
) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"n", "N", 24)], [[value] for value in values])
    assert texts(read_one(shapefile, path), "n") == read


def test_a_stated_code_that_the_parameters_contradict_is_not_believed() -> None:
    wkt = pyproj.CRS.from_epsg(2450).to_wkt("WKT1_GDAL")
    assert wkt is not None
    code, _ = identify(wkt.replace("138.5", "138.6"))
    assert code is not None
    assert code.startswith("PROJCRS[")
