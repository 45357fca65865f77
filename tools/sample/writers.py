"""Files that are the same bytes every time: no clock, no machine, no chance in them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio

from tools.sample.frame import CRS

DBF_DATE = bytes((126, 4, 1))
"""2026-04-01 as a dBASE header says it (years since 1900); GDAL would write today."""


def write_shapefile(frame: gpd.GeoDataFrame, path: Path, *, prj: bool) -> None:
    """A CP932 Shapefile as consultants deliver it: without .cpg, on request without .prj."""
    path.parent.mkdir(parents=True, exist_ok=True)
    too_long = [name for name in frame.columns if name != "geometry" and len(name.encode("cp932")) > 10]
    if too_long:
        raise ValueError(f"dBASE の項目名は 10 バイトまでです: {too_long}")
    pyogrio.write_dataframe(frame, path, driver="ESRI Shapefile", encoding="CP932", layer_options={"RESIZE": "YES"})
    path.with_suffix(".cpg").unlink()
    if not prj:
        path.with_suffix(".prj").unlink()
    table = path.with_suffix(".dbf")
    table.write_bytes(_as_office_software_writes(table.read_bytes()))


def _as_office_software_writes(table: bytes) -> bytes:
    """A fixed date, and blanks for missing numbers, where GDAL writes today and rows of asterisks."""
    header_length = int.from_bytes(table[8:10], "little")
    header, records = bytearray(table[:header_length]), table[header_length:]
    header[1:4] = DBF_DATE
    return bytes(header) + re.sub(rb"\*{9,}", lambda stars: b" " * len(stars[0]), records)


def write_geopackage(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    """A GeoPackage whose only clock is OGR_CURRENT_DATE."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2026-04-01T00:00:00.000Z"})
    try:
        pyogrio.write_dataframe(frame, path, layer=layer, driver="GPKG", dataset_options={"VERSION": "1.3"})
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def write_geojson(features: Iterable[Mapping[str, Any]], path: Path, name: str) -> None:
    """GeoJSON in the town frame, with the `crs` member of the 2008 specification as GIS programs write it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "type": "FeatureCollection",
        "name": name,
        "crs": {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{CRS.replace(':', '::')}"}},
        "features": list(features),
    }
    path.write_bytes((json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode("utf-8"))


def write_csv(header: tuple[str, ...], rows: Iterable[tuple[str, ...]], path: Path) -> None:
    """CP932 with CRLF and every value quoted, as the 街区レベル位置参照情報 comes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode("cp932"))
