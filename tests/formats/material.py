"""Small sources for the tests, written by others (ogr2ogr, pyogrio) or byte by byte where bytes show the defect."""

from __future__ import annotations

import json
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from gis_pipeline.members import SourceTable
from gis_pipeline.model import Source

STRINGS = ["見本町①丁目 髙﨑 100㎡", "第１種～第２種 ― 00101", None, "ｶﾅ と 漢字、「かぎ」"]
CODES = ["00101", "007", "0", None]
WIDTHS = [4.25, -0.125, None, 12.0]
COUNTS = [7, None, 0, -3]
POINTS: list[tuple[float, float] | None] = [
    (-51212.123456789, -28064.987654321),
    (-55755.000000001, -25998.0),
    None,
    (-49624.75, -29665.5),
]
"""(easting_m, northing_m) in EPSG:6677: all different in size and sign of detail, so swapped axes cannot pass."""
RING = [[-51212.5, -28064.25], [-51112.5, -28064.25], [-51112.5, -27900.125], [-51212.5, -28064.25]]


def collection(crs: str | None = "urn:ogc:def:crs:EPSG::6677") -> dict[str, object]:
    """The dataset as a GeoJSON document; older form with a `crs` member."""
    features = [
        {
            "type": "Feature",
            "properties": {"名称": name, "路線番号": code, "幅員": width, "棟数": count},
            "geometry": None if point is None else {"type": "Point", "coordinates": list(point)},
        }
        for name, code, width, count, point in zip(STRINGS, CODES, WIDTHS, COUNTS, POINTS, strict=True)
    ]
    document: dict[str, object] = {"type": "FeatureCollection", "name": "見本", "features": features}
    if crs is not None:
        document["crs"] = {"type": "name", "properties": {"name": crs}}
    return document


def write_json(path: Path, document: object) -> Path:
    """Any value as UTF-8 JSON; NaN is written as such."""
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def ogr2ogr(target: Path, source: Path, driver: str, *options: str) -> Path:
    """Debian's GDAL as a writer that shares no code version with the reader under test."""
    subprocess.run(["ogr2ogr", "-f", driver, *options, str(target), str(source)], check=True, capture_output=True)
    return target


def write_every_format(folder: Path, scratch: Path) -> dict[str, tuple[Path, Source]]:
    """The dataset in every vector format, by the name of the member that must read it."""
    plain = write_json(scratch / "plain.geojson", collection())
    files = {
        "geojson": (write_json(folder / "a.geojson", collection()), Source()),
        "shapefile": (ogr2ogr(folder / "b.shp", plain, "ESRI Shapefile", "-lco", "ENCODING=CP932"), Source()),
        "geopackage": (ogr2ogr(folder / "c.gpkg", plain, "GPKG"), Source()),
        "gml": (ogr2ogr(folder / "d.gml", plain, "GML", "-dsco", "FORMAT=GML3.2"), Source()),
        "flatgeobuf": (folder / "e.fgb", Source()),
        "csv": (
            ogr2ogr(folder / "f.csv", plain, "CSV", "-lco", "GEOMETRY=AS_XY", "-lco", "STRING_QUOTING=IF_NEEDED"),
            Source(easting="X", northing="Y"),
        ),
    }
    (folder / "b.cpg").unlink()
    frame = gpd.GeoDataFrame(
        {
            "名称": pd.Series(STRINGS, dtype=object),
            "路線番号": pd.Series(CODES, dtype=object),
            "幅員": WIDTHS,
            "棟数": pd.Series(COUNTS, dtype="Int64"),
        },
        geometry=[None if point is None else shapely.Point(point) for point in POINTS],
        crs="EPSG:6677",
    )
    pyogrio.write_dataframe(frame, folder / "e.fgb", driver="FlatGeobuf", SPATIAL_INDEX="NO")
    return files


def dbf(fields: Sequence[tuple[bytes, str, int]], rows: Sequence[Sequence[bytes]], language: int = 0) -> bytes:
    """A .dbf with exactly these bytes: fields are (name, type, width); values are padded with blanks."""
    width = 1 + sum(field[2] for field in fields)
    header = struct.pack("<4BIHH17xB2x", 3, 126, 4, 1, len(rows), 33 + 32 * len(fields), width, language)
    descriptors = b"".join(
        name.ljust(11, b"\0") + kind.encode() + bytes(4) + bytes([size]) + bytes(15) for name, kind, size in fields
    )
    body = b"".join(
        b" " + b"".join(value.ljust(field[2]) for value, field in zip(row, fields, strict=True)) for row in rows
    )
    return header + descriptors + b"\r" + body + b"\x1a"


def write_shapefile(
    path: Path, fields: Sequence[tuple[bytes, str, int]], rows: Sequence[Sequence[bytes]], cpg: str | None = None
) -> Path:
    """A Shapefile of points (n, 10·n) with a .dbf of exactly these bytes."""
    count = len(rows)
    records = b"".join(struct.pack(">ii", n, 10) + _point(n) for n in range(1, count + 1))
    index = b"".join(struct.pack(">ii", (100 + 28 * n) // 2, 10) for n in range(count))
    path.write_bytes(_header(len(records), count) + records)
    path.with_suffix(".shx").write_bytes(_header(len(index), count) + index)
    path.with_suffix(".dbf").write_bytes(dbf(fields, rows))
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg, encoding="ascii")
    return path


def _point(n: int) -> bytes:
    return struct.pack("<idd", 1, n, 10 * n)


def _header(body: int, count: int) -> bytes:
    box = struct.pack("<8d", 1, 10, count, 10 * count, 0, 0, 0, 0)
    return struct.pack(">7i", 9994, 0, 0, 0, 0, 0, (100 + body) // 2) + struct.pack("<2i", 1000, 1) + box


def read_one(member: ModuleType, path: Path, source: Source | None = None) -> SourceTable:
    """The only table of a file."""
    (table,) = member.read(path, path.name, source or Source())
    assert isinstance(table, SourceTable)
    return table


def texts(table: SourceTable, column: str) -> list[str | None]:
    """A column as text, None where there is no value."""
    return [None if pd.isna(value) else str(value) for value in table.frame[column]]
