"""features.xlsx: a workbook for the office; nothing in it is a formula, no code loses its zeros."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pyogrio
import shapely
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from gis_pipeline import crs
from gis_pipeline.errors import MaterialError, Where
from gis_pipeline.members import Product, Reread
from gis_pipeline.model import Act
from gis_pipeline.outputs import _about, _files, _geojson, _table

TITLE = "Excel"
VERSION = 1
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets", "register"})
ALWAYS = False
SUFFIX = "xlsx"
FRAMES: Final[Literal["any", "lonlat", "town"]] = "town"

MOST_ROWS, MOST_CHARACTERS = 1_048_575, 32_767
"""What a sheet can hold below its header, and a cell (ECMA-376; Excel's limits)."""

SHEET, ABOUT = "データ", "説明"
NORTH, EAST, LON, LAT = "X（北）m", "Y（東）m", "経度", "緯度"

Column = tuple[str, list[_table.Value]]


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes features.xlsx: a sheet データ (titles in the first row) and a sheet 説明 (source, terms, field names).

    Texts and codes are text cells. X is north and Y is east in the town frame (metres): the point itself, or a
    point on the line or in the polygon; 延長 and 面積 are those of the plane. No author, company or time of
    writing. Raises MaterialError for more rows or longer texts than a sheet can hold.
    """
    target = folder / f"features.{SUFFIX}"
    columns = _columns(product)
    _fits(product, columns)
    with _files.beside(target) as part:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".xlsx-") as work:
            _write(part, product, columns, work)
        _files.expect(target, len(reread(part).geometry), len(product.frame))
    return (target,)


def _write(part: Path, product: Product, columns: list[Column], work: str) -> None:
    """The library leaves its pieces behind when the disk is full, so they lie in `work`; it hides the OSError."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "tmpdir": work}
    try:
        with xlsxwriter.Workbook(str(part), options) as book:
            book.set_properties({"title": product.collection.title, "created": _day(product)})
            bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
            _fill(book.add_worksheet(SHEET), columns, bold)
            _explain(book.add_worksheet(ABOUT), product, bold)
    except FileCreateError as error:
        raise OSError(str(error)) from error


def _day(product: Product) -> dt.datetime:
    return dt.datetime.fromisoformat(product.edition_id[:10])


def _columns(product: Product) -> list[Column]:
    fields = product.collection.fields
    columns: list[Column] = [("fid", list(_table.fids(product)))]
    for name in _table.fields(product):
        field = fields.get(name)
        base = fields.get(name.removesuffix("_name"))
        title = name if base is None else f"{base.title}（名称）"
        if field is not None:
            title = field.title + (f" ({field.unit})" if field.unit else "")
        columns.append((title, _table.values(product.frame[name])))
    if product.collection.geometry != "none" or product.collection.scan is not None:
        columns += _place(product)
    return columns


def _place(product: Product) -> list[Column]:
    town = _table.town_geometry(product).to_numpy()
    points = shapely.point_on_surface(town)
    easting_m, northing_m = shapely.get_x(points), shapely.get_y(points)
    lon, lat = crs.to_lonlat(product.service.crs).points(easting_m, northing_m)
    columns = [
        (NORTH, _numbers(northing_m, 4)),
        (EAST, _numbers(easting_m, 4)),
        (LON, _numbers(lon, _geojson.DECIMALS)),
        (LAT, _numbers(lat, _geojson.DECIMALS)),
    ]
    if product.collection.geometry == "line":
        columns.append(("図上の延長 m", _numbers(shapely.length(town), 3)))
    if product.collection.geometry == "polygon" or product.collection.scan is not None:
        columns.append(("図上の面積 m²", _numbers(shapely.area(town), 3)))
    return columns


def _numbers(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], decimals: int) -> list[_table.Value]:
    return [round(value, decimals) if np.isfinite(value) else None for value in values.tolist()]


def _fits(product: Product, columns: list[Column]) -> None:
    if len(product.frame) > MOST_ROWS:
        raise MaterialError(f"{len(product.frame)} 件は Excel の上限 {MOST_ROWS} 行を超えます。")
    for title, values in columns:
        for fid, value in zip(columns[0][1], values, strict=True):
            if isinstance(value, str) and len(value) > MOST_CHARACTERS:
                raise MaterialError(f"地物 {fid} の文字は Excel のセルに入りません。", Where(field=title))


def _fill(sheet: Any, columns: list[Column], bold: Any) -> None:
    for col, (title, values) in enumerate(columns):
        sheet.write_string(0, col, title, bold)
        sheet.set_column(col, col, 16)
        for row, value in enumerate(values, start=1):
            if isinstance(value, str):
                sheet.write_string(row, col, value)
            elif value is not None:
                sheet.write_number(row, col, value)
    sheet.freeze_panes(1, 1)


def _explain(sheet: Any, product: Product, bold: Any) -> None:
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 80)
    rows = _about.rows(product)
    for row, (title, sentence) in enumerate(rows):
        sheet.write_string(row, 0, title, bold)
        sheet.write_string(row, 1, sentence)
    for row, (name, field) in enumerate(product.collection.fields.items(), start=len(rows) + 1):
        sheet.write_string(row, 0, f"属性「{field.title}」", bold)
        sheet.write_string(row, 1, " ".join(text for text in (name, field.unit, field.description) if text))


def reread(path: Path) -> Reread:
    """By GDAL, which did not write it: the point of each feature in the town frame."""
    options = {"HEADERS": "FORCE", "FIELD_TYPES": "AUTO"}
    read = pyogrio.read_dataframe(path, layer=SHEET, read_geometry=False, **options)
    if "fid" not in read:  # a header without a row is no header to GDAL
        return Reread(np.empty(0, dtype=object), [])
    points = np.full(len(read), None, dtype=object)
    if NORTH in read:
        east, north = read[EAST].to_numpy(np.float64), read[NORTH].to_numpy(np.float64)
        known = np.isfinite(east)
        points[known] = shapely.points(east[known], north[known])
    return Reread(points, [str(fid) for fid in read["fid"]])
