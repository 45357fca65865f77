"""Real files, every attribute and coordinate compared with what ogr2ogr (Debian's GDAL) reads."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from gis_pipeline.formats import geojson, gml, shapefile
from gis_pipeline.members import SourceTable
from gis_pipeline.model import Source

pytestmark = pytest.mark.real

CHINO = {
    "f_district/f_district": 10,
    "f_lot_number/f_lot_number": 217,
    "judgement_layers/agricultural_land/agricultural_land": 1,
    "judgement_layers/buried_cultural_property/buried_cultural_property": 876,
    "judgement_layers/city_planning/city_planning": 1,
    "judgement_layers/flood_assumption/flood_assumption": 195,
    "judgement_layers/use_districts/use_districts": 518,
    "landmark/landmark": 45,
    "road_layers/f_road_center_line/f_road_center_line": 980,
    "road_layers/f_split_line/f_split_line": 9909,
}
OTHER_SHAPEFILES = {
    "sabae_cc_by/sabae_aed_tokyo": ("EPSG:4301", 134),
    "sabae_cc_by/sabae_aed_jgd2000": ("EPSG:4612", 134),
    "mesh5339_cc0/MESH05339": ("EPSG:4612", 6300),
}
GEOJSON = {
    **{
        f"settsu_toshikeikaku/{name}.geojson": count
        for name, count in {
            "27224_youto": 11,
            "27224_senbiki": 16,
            "27224_bouka": 2,
            "27224_koudoti": 2,
            "27224_chikukei": 3,
            "27224_tkbt": 1,
            "27224_douro": 261,
            "sumpousen": 6,
            "hikidashisen": 4,
            "chuuki": 174,
            "shisetsu": 145,
        }.items()
    },
    "n03_tama/13305.json": 1,
    "n03_tama/13303.json": 2,
    "sapporo_nintei_excerpt/sapporo_chuo_roads_2025_excerpt.geojson": 5,
}
GML = {
    "numazu-shi/udx/urf/523857_urf_6668_op.gml": {
        "AreaClassification": 3,
        "UseDistrict": 38,
        "SpecialUseDistrict": 2,
        "ScenicDistrict": 4,
    },
    "takeo-shi/udx/urf/493060_urf_6668_op.gml": {
        "UseDistrict": 40,
        "FirePreventionDistrict": 1,
        "TrafficFacility": 53,
        "SpecialUseDistrict": 3,
        "UrbanPlanningArea": 1,
        "OpenSpaceForPublicUse": 16,
        "TreatmentFacility": 26,
    },
    "tokyo23-ku/udx/urf/533957_urf_6668_op.gml": {
        "HeightControlDistrict": 12,
        "FirePreventionDistrict": 4,
        "UseDistrict": 22,
    },
    "kawasaki-shi/udx/urf/533915_urf_6668_yoto_op.gml": {"UseDistrict": 4},
    "kawasaki-shi/udx/urf/533915_urf_6668_kuiki_op.gml": {"AreaClassification": 2},
    "kawasaki-shi/udx/urf/533923_urf_6668_seisan_op.gml": {"ProductiveGreenZone": 27},
}


def _second_reader(path: Path, *options: str) -> list[dict[str, Any]]:
    """The features as ogr2ogr sees them, in the source CRS."""
    command = ["ogr2ogr", "-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=15", *options, "/vsistdout/", str(path)]
    done = subprocess.run(command, capture_output=True, check=True)
    features = json.loads(done.stdout)["features"]
    assert isinstance(features, list)
    return features


def _agree(table: SourceTable, features: list[dict[str, Any]]) -> None:
    assert len(table.frame) == len(features)
    columns = [name for name in table.frame.columns if name != "geometry"]
    strings = 0
    for (_, row), feature in zip(table.frame.iterrows(), features, strict=True):
        other = dict(feature["properties"])
        if "id" in feature:
            other.setdefault("id", feature["id"])
        assert {name for name, value in other.items() if value is not None} <= set(columns)
        for name in columns:
            _same(row[name], other.get(name))
            strings += isinstance(other.get(name), str)
        _same_shape(row["geometry"], feature["geometry"])
    assert strings or not any(pd.api.types.is_string_dtype(table.frame[name].dtype) for name in columns)


def _same(ours: Any, theirs: Any) -> None:
    if theirs is None:
        assert pd.isna(ours)
    elif isinstance(theirs, str):
        assert ours == theirs
    else:
        assert float(ours) == float(theirs)


def _same_shape(ours: BaseGeometry | None, theirs: dict[str, Any] | None) -> None:
    if theirs is None:
        assert ours is None
        return
    assert ours is not None
    expected = shapely.force_2d(shapely.geometry.shape(theirs))
    assert ours.geom_type == expected.geom_type
    assert ours.equals_exact(expected, 1e-9)


@pytest.mark.parametrize("name", CHINO)
def test_chino_shapefiles_agree_with_ogr2ogr(shared: Path, name: str) -> None:
    path = shared / "data" / "chino_plateau_devperm" / f"{name}.shp"
    (table,) = shapefile.read(path, path.name, Source())
    assert len(table.frame) == CHINO[name]
    assert table.crs == ("EPSG:4326" if "landmark" in name else "EPSG:2450")
    assert table.encoding == "cp932"
    _agree(table, _second_reader(path, "-oo", "ENCODING=CP932"))


def test_chino_reads_the_same_without_its_cpg_files(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "chino_plateau_devperm" / "judgement_layers" / "use_districts"
    for path in folder.iterdir():
        if path.suffix != ".cpg":
            shutil.copyfile(path, tmp_path / path.name)
    (with_cpg,) = shapefile.read(folder / "use_districts.shp", "use_districts.shp", Source())
    (without,) = shapefile.read(tmp_path / "use_districts.shp", "use_districts.shp", Source())
    assert without.encoding == "cp932"
    assert without.frame.equals(with_cpg.frame)


@pytest.mark.parametrize("name", OTHER_SHAPEFILES)
def test_other_shapefiles_agree_with_ogr2ogr(shared: Path, name: str) -> None:
    path = shared / "data" / f"{name}.shp"
    (table,) = shapefile.read(path, path.name, Source())
    assert (table.crs, len(table.frame)) == OTHER_SHAPEFILES[name]
    _agree(table, _second_reader(path))


@pytest.mark.parametrize("name", GEOJSON)
def test_geojson_agrees_with_ogr2ogr(shared: Path, name: str) -> None:
    path = shared / "data" / name
    (table,) = geojson.read(path, path.name, Source())
    assert (table.crs, len(table.frame)) == ("OGC:CRS84", GEOJSON[name])
    _agree(table, _second_reader(path, "-oo", "DATE_AS_STRING=YES"))


@pytest.mark.parametrize("name", GML)
def test_citygml_agrees_with_ogr2ogr(shared: Path, tmp_path: Path, name: str) -> None:
    path = shared / "data" / "plateau_urf" / name
    # ogr2ogr writes a .gfs beside what it reads.
    copy = Path(shutil.copyfile(path, tmp_path / path.name))
    tables = {table.layer: table for table in gml.read(path, path.name, Source())}
    assert {layer: len(table.frame) for layer, table in tables.items()} == GML[name]
    for layer, table in tables.items():
        assert table.crs == "EPSG:6668"
        assert layer is not None
        _agree(
            table,
            _second_reader(copy, "--config", "GML_FIELDTYPES", "ALWAYS_STRING", "-sql", f'SELECT * FROM "{layer}"'),
        )


def test_citygml_is_longitude_latitude_in_the_right_place(shared: Path) -> None:
    path = shared / "data" / "plateau_urf" / "numazu-shi/udx/urf/523857_urf_6668_op.gml"
    (table,) = gml.read(path, path.name, Source(layer="UseDistrict"))
    west, south, east, north = table.frame.total_bounds
    assert 138 < west < east < 140
    assert 34 < south < north < 36


def test_reading_writes_nothing_beside_the_real_files(shared: Path) -> None:
    for folder in sorted((shared / "data" / "plateau_urf").glob("*/udx/urf")):
        before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
        for path in sorted(folder.glob("*.gml")):
            assert list(gml.read(path, path.name, Source()))
        assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
