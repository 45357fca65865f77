"""features.shp.zip: a Shapefile with everything that a Shapefile leaves out, in one archive."""

from __future__ import annotations

import csv
import io
import re
import tempfile
import zipfile
from pathlib import Path
from typing import Final, Literal

import numpy as np
import pandas as pd
import pyogrio
import shapefile as pyshp
import shapely

from gis_pipeline.errors import MaterialError, Where
from gis_pipeline.members import Product, Reread
from gis_pipeline.model import Act
from gis_pipeline.outputs import _about, _files, _table

TITLE = "Shapefile (ZIP)"
VERSION = 1
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "application/zip"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets"})
ALWAYS = False
SUFFIX = "shp.zip"
FRAMES: Final[Literal["any", "lonlat", "town"]] = "any"

TEXT_BYTES, NAME_BYTES = 254, 10
"""The widest text field and the longest field name of dBASE III."""
_LARGEST_NUMBER, _LARGEST_WHOLE = 1e8, 10**17
"""Beyond these a number would lose digits in its field (24 wide with 15 decimals; 18 wide)."""
_SHIFT_JIS_LDID = 0x13
_TOO_LARGE = "別の形式（GeoPackage や GeoJSON）を選んでください。"


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes features.shp.zip: .shp .shx .dbf .prj .cpg, the names of the fields, and README.txt.

    x = easting or longitude, y = northing or latitude. Field names are ASCII of at most 10 bytes; `fields.csv` says
    what each one is. Texts are UTF-8, or CP932 where the part asks for it. dBASE knows neither missing nor empty
    text and drops blanks at the end: README.txt says so. Nothing is ever cut or replaced: MaterialError names the
    value that has no room or that CP932 cannot express.
    """
    target = folder / f"features.{SUFFIX}"
    names = short_names(["fid", *_table.fields(product)])
    table = _table.geo_table(product)
    _fits(table, names, product.part.encoding)
    stem = _about.stem(product)
    with _files.beside(target) as part, tempfile.TemporaryDirectory(dir=folder, prefix=".shp-") as work:
        path = Path(work) / f"{stem}.shp"
        # GDAL's own name for an unlocated layer is a .dbf alone: a layer of null shapes is one with shapes.
        pyogrio.write_dataframe(
            table.rename(columns=names),
            path,
            driver="ESRI Shapefile",
            encoding=product.part.encoding.upper(),
            geometry_type=_kind(product, table),
            layer_options={"DBF_DATE_LAST_UPDATE": product.edition_id[:10], "2GB_LIMIT": "YES"},
        )
        _settle(path, product.part.encoding)
        readme = f"{_about.text(product)}\n文字コード: {product.part.encoding.upper()}\n{_NOTES}\n"
        members: dict[str, bytes | Path] = {
            path.with_suffix(suffix).name: path.with_suffix(suffix)
            for suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg")
        }
        members |= {"fields.csv": _name_map(product, names), "README.txt": _about.crlf(readme)}
        _about.pack(part, members)
        _files.expect(target, len(reread(part).geometry), len(table))
    return (target,)


_NOTES = """属性名は半角 10 文字までに短くしてあります。対応は fields.csv にあります。
この形式では、値のない文字と空の文字は区別できず、文字の末尾の空白は残りません。"""


def short_names(names: list[str]) -> dict[str, str]:
    """Published name → a different ASCII name of at most 10 bytes each; what fits stays as it is."""
    taken: dict[str, str] = {name: name for name in names if len(name) <= NAME_BYTES}
    used = set(taken.values())
    for name in names:
        if name in taken:
            continue
        short = name[:NAME_BYTES]
        for number in range(1, len(names) + 1):
            if short not in used:
                break
            short = f"{name[: NAME_BYTES - 1 - len(str(number))]}_{number}"
        taken[name] = short
        used.add(short)
    return {name: taken[name] for name in names}


def _fits(table: pd.DataFrame, names: dict[str, str], encoding: str) -> None:
    """Raises MaterialError for the first value that a dBASE field would cut, replace or round."""
    for name in names:
        for fid, value in zip(table["fid"], _table.values(table[name]), strict=True):
            if isinstance(value, str):
                _text_fits(value, name, str(fid), encoding)
            elif value is not None and abs(value) >= (_LARGEST_WHOLE if isinstance(value, int) else _LARGEST_NUMBER):
                raise MaterialError(
                    f"地物 {fid} の数 {value} は Shapefile に入りません。", Where(field=name), _TOO_LARGE
                )


def _text_fits(value: str, name: str, fid: str, encoding: str) -> None:
    try:
        size = len(value.encode(encoding))
    except UnicodeEncodeError as error:
        raise MaterialError(
            f"地物 {fid} の文字「{value[error.start : error.end]}」は CP932 (Shift_JIS) では書けません。",
            Where(field=name),
            "encoding=utf-8 を選ぶか、別の形式を選んでください。",
        ) from error
    if size > TEXT_BYTES:
        raise MaterialError(
            f"地物 {fid} の文字は {size} バイトあり、Shapefile の上限 {TEXT_BYTES} バイトを超えます。",
            Where(field=name),
            _TOO_LARGE,
        )


def _kind(product: Product, table: pd.DataFrame) -> str:
    kind = _table.geometry_type(product.collection, table.geometry)
    return kind if "Point" in kind else kind.removeprefix("Multi")


def _settle(path: Path, encoding: str) -> None:
    """For CP932: the language byte that old programs read, and the number that every program understands."""
    if encoding == "cp932":
        with path.with_suffix(".dbf").open("rb+") as stream:
            stream.seek(29)
            stream.write(bytes([_SHIFT_JIS_LDID]))
        path.with_suffix(".cpg").write_text("932", encoding="ascii")


def _name_map(product: Product, names: dict[str, str]) -> bytes:
    """fields.csv: name in the .dbf, published name, Japanese title, unit, type (UTF-8 with BOM)."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(["dbf", "name", "title", "unit", "type"])
    declared = product.collection.fields
    for name, short in names.items():
        field = declared.get(name)
        base = declared.get(re.sub(r"_name$", "", name))
        if field is not None:
            writer.writerow([short, name, field.title, field.unit, field.type])
        else:
            writer.writerow([short, name, "地物の ID" if base is None else f"{base.title}（名称）", "", "text"])
    return stream.getvalue().encode("utf-8-sig")


def reread(path: Path) -> Reread:
    """By pyshp, from the archive; the text code is what the .cpg says."""
    with zipfile.ZipFile(path) as archive:
        files = {name.rpartition(".")[2]: io.BytesIO(archive.read(name)) for name in archive.namelist()}
    encoding = {"932": "cp932"}.get(said := files["cpg"].getvalue().decode("ascii").strip(), said)
    reader = pyshp.Reader(shp=files["shp"], shx=files["shx"], dbf=files["dbf"], encoding=encoding)
    shapes = np.empty(len(reader), dtype=object)
    for row, shape in enumerate(reader.iterShapes()):
        shapes[row] = _shape(shape)
    return Reread(shapes, [str(record["fid"]) for record in reader.iterRecords(fields=["fid"])])


def _shape(shape: pyshp.Shape) -> shapely.Geometry | None:
    if shape.shapeType == pyshp.NULL or not len(shape.points):
        return None
    if shape.shapeType in (pyshp.POINT, pyshp.MULTIPOINT):
        return shapely.MultiPoint([point[:2] for point in shape.points])
    ends = [*list(shape.parts)[1:], len(shape.points)]
    rings = [shape.points[start:end] for start, end in zip(shape.parts, ends, strict=True)]
    if shape.shapeType == pyshp.POLYLINE:
        return shapely.MultiLineString(rings)
    if len(rings) == 1:
        return shapely.Polygon(rings[0])
    return shapely.geometry.shape(shape.__geo_interface__)
