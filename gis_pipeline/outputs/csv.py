"""features.csv: a table that opens in a spreadsheet (UTF-8 with BOM)."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final, Literal

import numpy as np
import pyarrow.csv
import shapely

from gis_pipeline import crs
from gis_pipeline.members import Product, Reread
from gis_pipeline.model import Act
from gis_pipeline.outputs import _files, _geojson, _table

TITLE = "CSV"
VERSION = 1
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "text/csv; charset=utf-8"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets", "register"})
ALWAYS = False
SUFFIX = "csv"
FRAMES: Final[Literal["any", "lonlat", "town"]] = "town"


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes features.csv: fid, the published properties, then the place.

    `lon`, `lat` (degrees) and `X_north_m`, `Y_east_m` (town frame; X is north in 平面直角座標系) are the point
    itself, or a point on the line or in the polygon. `length_m` and `area_m2` are those of the plane of the
    town frame, without its scale factor. `wkt_town` is the whole geometry in the town frame as WKT, easting
    before northing. Missing values are empty. Rows end with CR LF (RFC 4180).
    """
    target = folder / "features.csv"
    whole = _with_wkt(product)
    with _files.beside(target) as part:
        with part.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(_columns(_table.nothing_of(product), whole))
            for rows in _table.chunks(product):
                writer.writerows(zip(*_columns(rows, whole).values(), strict=True))
        with part.open(encoding="utf-8-sig", newline="") as stream:
            _files.expect(target, sum(1 for _ in csv.reader(stream)) - 1, len(product.frame))
    return (target,)


def _with_wkt(product: Product) -> bool:
    """Whether a point alone does not say where a feature is."""
    if product.collection.geometry != "point":
        return True
    shapes = product.frame.geometry.array
    return not bool((np.isin(shapely.get_type_id(shapes), (-1, 0)) | shapely.is_empty(shapes)).all())


def _columns(product: Product, with_wkt: bool) -> dict[str, list[_table.Value]]:
    columns: dict[str, list[_table.Value]] = {"fid": list(_table.fids(product))}
    columns |= {name: _table.values(product.frame[name]) for name in _table.fields(product)}
    if product.collection.geometry != "none" or product.collection.scan is not None:
        columns |= _place(product, with_wkt)
    return columns


def _place(product: Product, with_wkt: bool) -> dict[str, list[_table.Value]]:
    town = _table.town_geometry(product).to_numpy()
    points = shapely.point_on_surface(town)
    easting_m, northing_m = shapely.get_x(points), shapely.get_y(points)
    lon, lat = crs.to_lonlat(product.service.crs).points(easting_m, northing_m)
    place = {
        "lon": _numbers(lon, _geojson.DECIMALS),
        "lat": _numbers(lat, _geojson.DECIMALS),
        "X_north_m": _numbers(northing_m, 4),
        "Y_east_m": _numbers(easting_m, 4),
    }
    if product.collection.geometry == "line":
        place["length_m"] = _numbers(shapely.length(town), 3)
    if product.collection.geometry == "polygon" or product.collection.scan is not None:
        place["area_m2"] = _numbers(shapely.area(town), 3)
    if with_wkt:
        place["wkt_town"] = list(shapely.to_wkt(town, rounding_precision=4, trim=True))
    return place


def _numbers(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], decimals: int) -> list[_table.Value]:
    return [round(value, decimals) if np.isfinite(value) else None for value in values.tolist()]


def reread(path: Path) -> Reread:
    """By Arrow, every column as text: the geometry in the town frame from `wkt_town`, or from X and Y."""
    options = pyarrow.csv.ParseOptions(newlines_in_values=True)
    named = pyarrow.csv.open_csv(path, parse_options=options).schema.names
    text = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(named, pyarrow.string()), strings_can_be_null=True)
    read = pyarrow.csv.read_csv(path, parse_options=options, convert_options=text)
    fids = read["fid"].to_pylist()
    if "wkt_town" in named:
        found = shapely.from_wkt(np.array([wkt or None for wkt in read["wkt_town"].to_pylist()], dtype=object))
    elif "X_north_m" in named:
        pairs = zip(read["Y_east_m"].to_pylist(), read["X_north_m"].to_pylist(), strict=True)
        found = np.array([shapely.Point(float(east), float(north)) if east else None for east, north in pairs], object)
    else:
        found = np.full(len(fids), None, dtype=object)
    return Reread(np.asarray(found, dtype=object), fids)
