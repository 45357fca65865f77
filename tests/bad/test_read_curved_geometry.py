"""Arcs and other kinds that are not point, line or polygon: straightened in silence by most readers."""

from __future__ import annotations

import json
from pathlib import Path

import shapely

from gis_pipeline.formats import geojson, geopackage, gml
from gis_pipeline.members import SourceTable
from tests.formats.material import ogr2ogr, read_one

ARC = (
    '<gml:Curve srsName="urn:ogc:def:crs:EPSG::6677" gml:id="g{n}"><gml:segments><gml:Arc>'
    "<gml:posList>-28000 -51000 -27990 -50990 -28000 -50980</gml:posList></gml:Arc></gml:segments></gml:Curve>"
)
LINE = (
    '<gml:LineString srsName="urn:ogc:def:crs:EPSG::6677" gml:id="g{n}">'
    "<gml:posList>-28000 -51000 -28000 -50980</gml:posList></gml:LineString>"
)


def _gml(tmp_path: Path) -> Path:
    members = "".join(
        f'<ogr:featureMember><ogr:t gml:id="t{n}"><ogr:geom>{shape.format(n=n)}</ogr:geom></ogr:t></ogr:featureMember>'
        for n, shape in enumerate([LINE, ARC])
    )
    path = tmp_path / "a.gml"
    path.write_text(
        '<ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" gml:id="c" '
        f'xmlns:gml="http://www.opengis.net/gml/3.2">{members}</ogr:FeatureCollection>',
        encoding="utf-8",
    )
    return path


def _check(table: SourceTable) -> None:
    assert [shape is None for shape in table.frame.geometry] == [False, True]
    (finding,) = [finding for finding in table.findings if finding.severity == "block"]
    assert finding.record == 2
    assert finding.message.startswith("扱えない種類の形です: ")


def test_in_gml_blocks_and_names_the_record(tmp_path: Path) -> None:
    _check(read_one(gml, _gml(tmp_path)))


def test_in_geopackage_blocks_and_names_the_record(tmp_path: Path) -> None:
    _check(read_one(geopackage, ogr2ogr(tmp_path / "a.gpkg", _copy(_gml(tmp_path)), "GPKG")))


def test_a_geometry_collection_blocks_and_names_the_record(tmp_path: Path) -> None:
    shapes = [shapely.Point(1, 2), shapely.GeometryCollection([shapely.Point(1, 2)])]
    features = [{"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(shape)} for shape in shapes]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    _check(read_one(geojson, path))


def _copy(path: Path) -> Path:
    """ogr2ogr writes a .gfs beside what it reads."""
    folder = path.parent / "scratch"
    folder.mkdir()
    return path.rename(folder / path.name)
