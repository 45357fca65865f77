"""Shapefile, KML, Excel, GeoTIFF and TIFF + TFW: read back by programs that did not write them."""

from __future__ import annotations

import csv
import dataclasses
import io
import shutil
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import openpyxl
import pandas as pd
import pytest
import rasterio
import shapefile as pyshp
import shapely
from PIL import Image

from gis_pipeline.errors import MaterialError
from gis_pipeline.members import Part, Product
from gis_pipeline.model import Field
from gis_pipeline.outputs import geotiff, kml, shapefile, tiff_tfw, xlsx
from tests.outputs import samples, scans

PRODUCTS = samples.products()
PLACED = [name for name in PRODUCTS if name != "register"]
KML = {"k": "http://www.opengis.net/kml/2.2"}


def with_texts(texts: Sequence[str | None], **part: Any) -> Product:
    """Three districts with those texts as their names."""
    made = samples.product(samples.collection("polygon"), samples.districts()[: len(texts)])
    frame = made.frame.assign(mei=pd.array(texts, dtype="string"))
    return dataclasses.replace(made, frame=frame, part=Part(**part))


def rows_of(product: Product) -> list[dict[str, Any]]:
    """fid and properties, missing values None."""
    frame = pd.DataFrame(product.frame.drop(columns=product.frame.active_geometry_name)).astype(object)
    rows = frame.where(frame.notna(), None).to_dict("records")
    return [
        {"fid": str(fid)} | {str(key): value for key, value in row.items()}
        for fid, row in zip(frame.index, rows, strict=True)
    ]


# ------------------------------------------------------------------ Shapefile


def unpacked(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return next(folder.glob("*.shp"))


@pytest.mark.parametrize("name", PLACED)
def test_shapefile_attributes_are_found_again_by_pyshp(name: str, tmp_path: Path) -> None:
    (path,) = shapefile.write(PRODUCTS[name], tmp_path)
    found = pyshp.Reader(str(unpacked(path, tmp_path / "x")), encoding="utf-8")
    names = shapefile.short_names(["fid", *[key for key in PRODUCTS[name].frame.columns if key != "geometry"]])
    for record, wanted in zip(found.iterRecords(), rows_of(PRODUCTS[name]), strict=True):
        for key, value in wanted.items():
            # dBASE knows no missing text: it is the empty one.
            expected = "" if value is None and isinstance(record[names[key]], str) else value
            assert record[names[key]] == (pytest.approx(value, abs=1e-14) if isinstance(value, float) else expected)


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_ogr2ogr_reads_the_japanese_of_a_shapefile_by_itself(
    encoding: Literal["utf-8", "cp932"], tmp_path: Path
) -> None:
    if shutil.which("ogr2ogr") is None:
        pytest.skip("skipped: no ogr2ogr (apt install gdal-bin)")
    texts = ["町道第101号線 見本通り", "表示ソ①～", "ｱ"]
    (path,) = shapefile.write(with_texts(texts, encoding=encoding), tmp_path)
    source = unpacked(path, tmp_path / "x")
    command = ["ogr2ogr", "-f", "CSV", "/vsistdout/", str(source)]
    out = subprocess.run(command, check=True, capture_output=True).stdout.decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["mei"] for row in rows] == texts
    assert [row["bango"] for row in rows] == ["0101", "007", ""]


def test_what_cp932_cannot_write_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(MaterialError, match=r"地物-0001.*「𠮷」.*encoding=utf-8"):
        shapefile.write(with_texts(["一", "𠮷田橋"], encoding="cp932"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_text_is_never_cut_to_fit_a_field(tmp_path: Path) -> None:
    (path,) = shapefile.write(with_texts(["あ" * 84 + "xx"]), tmp_path)
    found = pyshp.Reader(str(unpacked(path, tmp_path / "x")), encoding="utf-8")
    assert found.record(0)["mei"] == "あ" * 84 + "xx"
    with pytest.raises(MaterialError, match="255 バイト"):
        shapefile.write(with_texts(["あ" * 85]), tmp_path)


def test_field_names_are_short_ascii_and_different_and_the_map_says_what_they_are(tmp_path: Path) -> None:
    names = ["fid", "a" * 12, "a" * 13, "aaaaaaaaaa", "aaaaaaaa_1", "kubun", "kubun_name_long"]
    short = shapefile.short_names(names)
    assert len(set(short.values())) == len(names)
    assert all(len(name) <= 10 and name.isascii() for name in short.values())
    assert short["aaaaaaaaaa"] == "aaaaaaaaaa" and short["kubun"] == "kubun"
    (path,) = shapefile.write(PRODUCTS["lines"], tmp_path)
    with zipfile.ZipFile(path) as archive:
        table = list(csv.DictReader(io.StringIO(archive.read("fields.csv").decode("utf-8-sig"))))
    assert {row["dbf"]: row["title"] for row in table}["kubun_name"] == "区分（名称）"
    assert [row["unit"] for row in table if row["name"] == "haba"] == ["m"]


def test_a_number_that_would_lose_digits_is_refused(tmp_path: Path) -> None:
    made = with_texts(["一"])
    wide = made.collection.model_copy(update={"fields": {**samples.FIELDS, "haba": Field(source="x", title="幅")}})
    frame = made.frame.assign(haba=pd.array([123456789.123456789], dtype="Float64"))
    with pytest.raises(MaterialError, match="入りません"):
        shapefile.write(dataclasses.replace(made, collection=wide, frame=frame), tmp_path)


def test_shapefile_archive_has_what_a_recipient_needs(tmp_path: Path) -> None:
    (path,) = shapefile.write(PRODUCTS["polygons"], tmp_path)
    with zipfile.ZipFile(path) as archive:
        names = {name.partition(".")[2] for name in archive.namelist() if name.startswith("mihon")}
        assert names == {"shp", "shx", "dbf", "prj", "cpg"}
        assert "JGD_2011_Japan_Zone_9" in archive.read("mihon-polygon.prj").decode()
        readme = archive.read("README.txt").decode("utf-8-sig")
    assert "出典: 見本町（架空）" in readme and "出典を示せば使えます。" in readme


# ------------------------------------------------------------------ KML


@pytest.mark.parametrize("name", PLACED)
def test_kml_carries_every_attribute_and_the_style_of_the_class(name: str, tmp_path: Path) -> None:
    (path,) = kml.write(PRODUCTS[name], tmp_path)
    tree = ET.parse(path)
    colours = {
        f"#{style.get('id')}": style.findtext("k:PolyStyle/k:color", "", KML)
        for style in tree.iterfind(".//k:Style", KML)
    }
    marks = list(tree.iterfind(".//k:Placemark", KML))
    for mark, row in zip(marks, rows_of(PRODUCTS[name]), strict=True):
        data = {str(one.get("name")): one.text or "" for one in mark.iterfind(".//k:SimpleData", KML)}
        assert data == {key: str(value) for key, value in row.items() if value is not None}
        red, green, blue = ("ad", "ff", "d6") if row["kubun"] == "1" else ("ff", "bd", "de")
        assert colours[mark.findtext("k:styleUrl", "", KML)][2:] == blue + green + red


# ------------------------------------------------------------------ Excel


@pytest.mark.parametrize("name", PRODUCTS)
def test_excel_cells_are_the_values_and_codes_keep_their_zeros(name: str, tmp_path: Path) -> None:
    (path,) = xlsx.write(PRODUCTS[name], tmp_path)
    book = openpyxl.load_workbook(path)
    cells = list(book[xlsx.SHEET].iter_rows(values_only=True))
    assert list(cells[0][:4]) == ["fid", "路線番号", "名称", "区分"]
    for row, wanted in zip(cells[1:], rows_of(PRODUCTS[name]), strict=True):
        for cell, value in zip(row, wanted.values(), strict=False):
            if isinstance(value, float):  # a cell keeps 16 digits
                assert cell == pytest.approx(value, rel=1e-15)
            else:
                assert cell == value
    assert all(cell.data_type != "f" for row in book[xlsx.SHEET].iter_rows() for cell in row)
    properties = book.properties
    assert (properties.creator, properties.lastModifiedBy) in {("", ""), (None, None), ("", None)}


def test_excel_names_the_axes(tmp_path: Path) -> None:
    (path,) = xlsx.write(PRODUCTS["points"], tmp_path)
    header, first = list(openpyxl.load_workbook(path)[xlsx.SHEET].iter_rows(values_only=True, max_row=2))
    place = samples.points()[0]
    assert place is not None
    east_m, north_m = place.bounds[:2]
    found = dict(zip(header, first, strict=True))
    assert (found[xlsx.NORTH], found[xlsx.EAST]) == (pytest.approx(north_m, abs=1e-4), pytest.approx(east_m, abs=1e-4))


# ------------------------------------------------------------------ pictures

AREA = shapely.box(scans.WEST_M + 901.3, scans.NORTH_M - 611, scans.WEST_M + 1200.2, scans.NORTH_M - 101.9)
"""Across the joint of the two sheets, off the lattice of 2 m."""


@pytest.mark.parametrize("bands", [1, 3])
def test_a_picture_cut_out_has_the_pixels_of_the_masters(bands: int, tmp_path: Path) -> None:
    made = samples.sheets(*scans.masters(tmp_path, pixel_m=2.0, sheet_px=(500, 400), bands=bands), pixel_m=2.0)
    whole = scans.drawing(1000, 400, bands)[:, 50:306, 450:601]
    part = dataclasses.replace(made, part=Part(area=AREA))
    (path,) = geotiff.write(part, tmp_path / "t")
    with rasterio.open(path) as read:
        assert np.array_equal(read.read(), whole)
        assert (read.bounds.left, read.bounds.top) == (scans.WEST_M + 900, scans.NORTH_M - 100)
        assert read.crs.to_epsg() == 6677
    (packed,) = tiff_tfw.write(part, tmp_path / "w")
    with zipfile.ZipFile(packed) as archive:
        world = [float(line) for line in archive.read("mihon-polygon.tfw").split()]
        with Image.open(io.BytesIO(archive.read("mihon-polygon.tif"))) as image:
            pixels = np.asarray(image)
    assert world == [2.0, 0.0, 0.0, -2.0, scans.WEST_M + 901, scans.NORTH_M - 101]
    assert np.array_equal(pixels if bands == 1 else pixels.transpose(2, 0, 1), whole[0] if bands == 1 else whole)


def test_a_picture_clipped_to_an_area_is_white_outside_it(tmp_path: Path) -> None:
    made = samples.sheets(*scans.masters(tmp_path, pixel_m=2.0, sheet_px=(500, 400), bands=1), pixel_m=2.0)
    triangle = shapely.Polygon([(-51200, -27600), (-51000, -27600), (-51100, -27300)])
    (path,) = geotiff.write(dataclasses.replace(made, part=Part(area=triangle, clipped=True)), tmp_path / "t")
    with rasterio.open(path) as read:
        pixels, seen = read.read(1), read.dataset_mask() > 0
        rows, cols = np.nonzero(seen)
        east_m, north_m = read.transform * (cols + 0.5, rows + 0.5)
    assert (pixels[~seen] == 255).all()
    assert shapely.contains_xy(triangle.buffer(1e-6), east_m, north_m).all()
    assert seen.sum() * 4 == pytest.approx(triangle.area, rel=0.02)


def test_a_picture_where_no_sheet_lies_is_refused(tmp_path: Path) -> None:
    made = samples.sheets(*scans.masters(tmp_path, pixel_m=2.0, sheet_px=(500, 400), bands=1), pixel_m=2.0)
    with pytest.raises(MaterialError, match="図郭の画像はありません"):
        geotiff.write(dataclasses.replace(made, part=Part(area=shapely.box(0, 0, 10, 10))), tmp_path / "t")
