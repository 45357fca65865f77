"""DXF: what ezdxf and GDAL read is what was drawn; layers, colours, fills with holes, units, signs beyond CP932."""

from __future__ import annotations

import dataclasses
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from ezdxf import path as ezpath
from ezdxf.filemanagement import readfile
from ezdxf.tools.text import caret_decode
from shapely.geometry.base import BaseGeometry

from gis_pipeline.errors import MachineError
from gis_pipeline.members import Product
from gis_pipeline.model import FeatureClass
from gis_pipeline.outputs import _drawing, _dxf_entities, _dxf_read, dxf, dxf_r2000
from tests.outputs import samples

BOTH = pytest.mark.parametrize("member", [dxf, dxf_r2000], ids=["R2018", "R2000"])
SIGNS = "㎡①﨑髙𠮷槗 ^ %%c"
PRODUCTS = samples.products()


def read(member: Any, product: Product, folder: Path) -> Any:
    (path,) = member.write(product, folder)
    return readfile(path)


def named(product: Product, text: str) -> Product:
    frame = product.frame.copy()
    frame["mei"] = pd.array([text] * len(frame), dtype="string")
    return dataclasses.replace(product, frame=frame)


def attributes(entity: Any) -> dict[str, str]:
    """The attributes in the extended data: a name, then its text, in braces."""
    found: dict[str, str] = {}
    current: list[str] = []
    for tag in entity.get_xdata("MACHIZU")[1:]:
        if tag.value == "}":
            found[current[0]] = caret_decode(_dxf_entities.unescaped("".join(current[1:])))
        elif tag.value == "{":
            current = []
        else:
            current.append(tag.value)
    return found


@BOTH
def test_audit_finds_nothing(member: Any, tmp_path: Path) -> None:
    audit = read(member, PRODUCTS["polygons"], tmp_path).audit()
    assert (audit.errors, audit.fixes) == ([], [])


@BOTH
def test_versions_and_code_pages(member: Any, tmp_path: Path) -> None:
    document = read(member, PRODUCTS["points"], tmp_path)
    wanted = ("AC1032", "utf-8") if member is dxf else ("AC1015", "cp932")
    assert (document.dxfversion, document.output_encoding) == wanted
    (path,) = member.write(PRODUCTS["points"], tmp_path)
    assert "見本の地図" in path.read_bytes().decode(wanted[1])


@BOTH
def test_layers_are_named_and_coloured_as_declared(member: Any, tmp_path: Path) -> None:
    layers = {layer.dxf.name: layer for layer in read(member, PRODUCTS["polygons"], tmp_path).layers}
    fill = layers["見本の地図_第一種低層住居専用地域_塗り"]
    assert fill.rgb == ((0xAD, 0xFF, 0xD6) if member is dxf else None)
    assert fill.color == 121  # (191, 255, 223): the nearest of the index
    assert "見本の地図_商業地域_境界" in layers and "見本の地図_商業地域_模様" in layers
    assert "見本の地図_文字" in layers
    if member is dxf:
        assert fill.transparency == pytest.approx(0.5, abs=0.01)


def test_lines_lie_on_the_layer_of_their_class_in_its_colour(tmp_path: Path) -> None:
    document = read(dxf, PRODUCTS["lines"], tmp_path)
    assert document.layers.get("見本の地図_商業地域").rgb == (0xFF, 0xBD, 0xDE)
    assert {entity.dxf.color for entity in document.modelspace().query("LWPOLYLINE")} == {256}


def test_units_are_metres_and_the_extents_hold_everything(tmp_path: Path) -> None:
    document = read(dxf, PRODUCTS["polygons"], tmp_path)
    header = document.header
    assert (header["$INSUNITS"], header["$MEASUREMENT"]) == (6, 1)
    west, south, east, north = PRODUCTS["polygons"].frame.total_bounds
    assert header["$EXTMIN"][0] == pytest.approx(west, abs=1e-3)
    assert header["$EXTMAX"][:2] == pytest.approx((east, north), abs=1e-3)
    lowest = min(text.dxf.insert.y for text in document.modelspace().query('TEXT[layer=="見本の地図_説明"]'))
    assert header["$EXTMIN"][1] == pytest.approx(min(lowest, south), abs=1e-3)


@BOTH
def test_fills_leave_holes_open_and_islands_closed(member: Any, tmp_path: Path) -> None:
    product = PRODUCTS["polygons"]
    hatches = read(member, product, tmp_path).modelspace().query("HATCH")
    wanted = Counter(product.frame["kubun_name"])
    fills = [hatch for hatch in hatches if hatch.dxf.layer.endswith("_塗り")]
    assert Counter(hatch.dxf.layer.split("_")[1] for hatch in fills) == wanted
    for hatch, shape in zip(fills, product.frame.geometry, strict=True):
        assert hatch.dxf.solid_fill == 1 and hatch.dxf.hatch_style == 0
        rings = [shapely.Polygon([tuple(v) for v in ring.flattening(1)]) for ring in ezpath.from_hatch(hatch)]
        even_odd: BaseGeometry = rings[0]
        for ring in rings[1:]:
            even_odd = even_odd.symmetric_difference(ring)
        assert even_odd.symmetric_difference(shape).area < 1e-4 * shape.length


@BOTH
def test_outlines_are_closed_polylines_one_for_each_ring(member: Any, tmp_path: Path) -> None:
    product = PRODUCTS["polygons"]
    lines = read(member, product, tmp_path).modelspace().query("LWPOLYLINE")
    rings = shapely.get_rings(shapely.get_parts(product.frame.geometry.to_numpy()))
    assert len(lines) == len(rings) and all(line.closed for line in lines)
    for line, ring in zip(lines, rings, strict=True):
        assert np.allclose(line.get_points("xy"), shapely.get_coordinates(ring)[:-1], atol=1e-3)


@BOTH
def test_points_are_points_where_they_are(member: Any, tmp_path: Path) -> None:
    points = read(member, PRODUCTS["points"], tmp_path).modelspace().query("POINT")
    wanted = shapely.get_coordinates(PRODUCTS["points"].frame.geometry.to_numpy())
    assert np.allclose([tuple(point.dxf.location.vec2) for point in points], wanted, atol=1e-3)


@BOTH
def test_every_sign_is_read_back(member: Any, tmp_path: Path) -> None:
    product = named(PRODUCTS["points"], SIGNS)
    space = read(member, product, tmp_path).modelspace()
    found = {attributes(point)["mei"] for point in space.query("POINT")}
    assert found == {SIGNS}
    labels = [_dxf_entities.unescaped(text.plain_text()) for text in space.query('TEXT[layer=="見本の地図_文字"]')]
    assert len(labels) == len(product.frame)
    assert all("㎡①﨑髙𠮷槗 ^" in label for label in labels)


def test_what_cp932_lacks_is_escaped_in_utf16_units(tmp_path: Path) -> None:
    assert _dxf_entities.escaped("㎡①﨑髙𠮷槗") == "㎡①﨑髙\\U+D842\\U+DFB7\\U+69D7"
    assert _dxf_entities.unescaped("㎡①﨑髙\\U+D842\\U+DFB7\\U+69D7") == "㎡①﨑髙𠮷槗"


@BOTH
def test_attributes_travel_with_the_first_entity_of_a_feature(member: Any, tmp_path: Path) -> None:
    product = PRODUCTS["lines"]
    found: dict[str, dict[str, str]] = {}
    for line in read(member, product, tmp_path).modelspace().query("LWPOLYLINE"):
        values = attributes(line)
        found.setdefault(values.pop("fid"), {}).update(values)
    table = product.frame.drop(columns="geometry")
    wanted = {
        fid: {name: str(value) for name, value in row.items() if not pd.isna(value)} for fid, row in table.iterrows()
    }
    assert found == wanted


def test_long_texts_are_cut_into_pieces_that_dxf_allows(tmp_path: Path) -> None:
    text = "𠮷野の㎡" * 200
    document = read(dxf_r2000, named(PRODUCTS["points"], text), tmp_path)
    entity = document.modelspace().query("POINT")[0]
    assert attributes(entity)["mei"] == text
    assert max(len(tag.value.encode()) for tag in entity.get_xdata("MACHIZU")) <= 255


def test_the_drawing_says_its_axes_frame_and_edition(tmp_path: Path) -> None:
    space = read(dxf, PRODUCTS["lines"], tmp_path).modelspace()
    told = "\n".join(text.dxf.text for text in space.query('TEXT[layer=="見本の地図_説明"]'))
    for words in ("X軸は東（平面直角座標のY）", "第IX系 (EPSG:6677)", "2026-04-01 版", "出典を示せば使えます", "架空"):
        assert words in told


def test_labels_along_lines_are_never_upside_down(tmp_path: Path) -> None:
    drawing = _drawing.drawing(PRODUCTS["lines"])
    angles = [figure.label.angle_deg for figure in drawing.figures if figure.label]
    assert len(angles) == len(drawing.figures) and all(-90 < angle <= 90 for angle in angles)


def test_names_that_dxf_forbids_are_replaced(tmp_path: Path) -> None:
    classes = (FeatureClass(code="1", title="A/B:*?", colour="#ff0000"), samples.CLASSES[1])
    product = samples.product(samples.collection("line", classes=classes), samples.roads())
    assert "見本の地図_A・B・・・" in {layer.dxf.name for layer in read(dxf, product, tmp_path).layers}


@BOTH
def test_gdal_reads_the_same_rings_in_the_same_place(member: Any, tmp_path: Path) -> None:
    """By the system's ogr2ogr, which is another GDAL than the one that proves the file while it is written."""
    (path,) = member.write(PRODUCTS["polygons"], tmp_path)
    copy = tmp_path / "copy.geojsonl"
    command = ["ogr2ogr", "-f", "GeoJSONSeq", "-where", "SubClasses LIKE '%AcDbPolyline'", str(copy), str(path)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("skipped: no ogr2ogr (apt install gdal-bin)")
    found = shapely.from_geojson(copy.read_text(encoding="utf-8").rstrip().split("\n"))
    wanted = shapely.get_rings(shapely.get_parts(PRODUCTS["polygons"].frame.geometry.to_numpy()))
    assert len(found) == len(wanted)
    assert np.allclose(
        [feature.bounds for feature in shapely.get_geometry(found, 0)], [ring.bounds for ring in wanted], atol=1e-3
    )


def test_a_coordinate_that_moved_two_millimetres_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def moved(entity: Any) -> Any:
        return vertices(entity) + 0.002

    vertices = _dxf_read._vertices
    monkeypatch.setattr(_dxf_read, "_vertices", moved)
    with pytest.raises(MachineError, match="座標"):
        dxf.write(PRODUCTS["lines"], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_the_library_the_sentence_says_what_to_install() -> None:
    with pytest.raises(MachineError, match=r"machizu\[cad\]"):
        _drawing.library("ezdxf_is_not_here")
