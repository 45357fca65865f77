"""A clean synthetic town, and how to plant one defect in it.

Six districts of 200 m × 200 m in a row inside a town of 2 km × 2 km, in EPSG:6677. No two rows are alike, so a
swapped axis, a lost row or a shifted record cannot pass.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from gis_pipeline import checks
from gis_pipeline.conform.features import conform
from gis_pipeline.crs import plan
from gis_pipeline.members import Check, Context, Features, SourceTable
from gis_pipeline.model import Collection, EditionDeclaration, Finding, Service, Source
from gis_pipeline.plugins import members

FRAME = "EPSG:6677"
WEST_M, SOUTH_M, SIDE_M = -51800.0, -28400.0, 200.0
TOWN = shapely.box(-52000.0, -29000.0, -50000.0, -27000.0)
BUILT_ON = dt.date(2026, 4, 1)

COLUMNS: dict[str, list[Any]] = {
    "KANRI_NO": ["001", "002", "003", "004", "005", "006"],
    "YoutoCode": [1, 3, 5, 9, 10, 11],
    "YoutoName": ["第1種低層住居専用地域", "第１種中高層住居専用地域", "一種住居", "近隣商業地域", "商業", "準工"],
    "BCR": [50, "60%", "６０％", 80.0, 80, 60],
    "FAR": [80, 200.0, "200%", "３００％", "400 %", 200],
    "INDate": ["昭48", "S48.11.20", "昭和四十八年十一月二十日", "H2/8/10", "19900810", "1990-08-10"],
    "FNDate": ["平成21年8月10日", "令和元年", "H21.8.10", "2009-08-10", "平成二十一年八月十日", "20090810"],
    "FNNumber": ["町告示第１号", "町告示第２号", "町告示第３号", "町告示第４号", "町告示第５号", "町告示第６号"],
}

YOUTO: dict[str, Any] = {
    "id": "youto",
    "title": "用途地域",
    "role": "use_district",
    "geometry": "polygon",
    "permission": "出典を示せば自由に使えます。",
    "feature_id": ["KANRI_NO"],
    "outputs": ["geojson"],
    "source": {"crs": FRAME},
    "fields": {
        "bango": {"source": "KANRI_NO", "type": "code", "title": "管理番号", "required": True},
        "youto": {"source": ["YoutoCode", "YoutoName"], "type": "class", "codes": "i-ur", "title": "用途地域"},
        "kenpei": {"source": "BCR", "type": "percent", "title": "建蔽率"},
        "yoseki": {"source": "FAR", "type": "percent", "title": "容積率"},
        "tosho": {"source": "INDate", "type": "date", "title": "当初決定日"},
        "saishu": {"source": "FNDate", "type": "date", "title": "最終告示日"},
        "kokuji": {"source": "FNNumber", "title": "告示番号"},
    },
    "classes": [
        {"code": "1", "title": "第一種低層住居専用地域", "short": "1種低住", "colour": "#adffd6"},
        {"code": "3", "title": "第一種中高層住居専用地域", "short": "1種中高", "colour": "#cef784"},
        {"code": "5", "title": "第一種住居地域", "short": "1種住", "colour": "#ffffbd"},
        {"code": "9", "title": "近隣商業地域", "short": "近隣商業", "colour": "#ffe7f7"},
        {"code": "10", "title": "商業地域", "short": "商業", "colour": "#ffbdde"},
        {"code": "11", "title": "準工業地域", "short": "準工", "colour": "#cec6ff"},
    ],
}


def square(number: int, *, side_m: float = SIDE_M) -> shapely.Polygon:
    """The outline of the district with that number (from 0), town metres; neighbours share a side."""
    west = WEST_M + number * SIDE_M
    return shapely.box(west, SOUTH_M, west + side_m, SOUTH_M + SIDE_M)


def districts(
    shapes: Mapping[int, shapely.Geometry | None] | None = None,
    *,
    drop: Sequence[str] = (),
    add: Mapping[str, Sequence[Any]] | None = None,
    **changes: Mapping[int, Any],
) -> SourceTable:
    """The clean table with values replaced by record (from 1), columns dropped or added, shapes replaced."""
    columns = {name: list(values) for name, values in COLUMNS.items() if name not in drop}
    columns |= {name: list(values) for name, values in (add or {}).items()}
    for name, values in changes.items():
        for record, value in values.items():
            columns[name][record - 1] = value
    outlines: list[shapely.Geometry | None] = [square(number) for number in range(6)]
    for record, shape in (shapes or {}).items():
        outlines[record - 1] = shape
    return table(columns, outlines)


def table(
    columns: Mapping[str, Sequence[Any]],
    shapes: Sequence[shapely.Geometry | None],
    *,
    crs: str | None = FRAME,
    file: str = "youto.shp",
) -> SourceTable:
    """A source table as reading gives it: records counted from 1."""
    index = pd.RangeIndex(1, len(shapes) + 1)
    data = {name: pd.Series(list(values), index=index, dtype="object") for name, values in columns.items()}
    geometry = gpd.GeoSeries(list(shapes), index=index, crs=crs)
    return SourceTable(file, None, gpd.GeoDataFrame(data, geometry=geometry), crs)


def youto(**changes: Any) -> Collection:
    """The clean declaration; `fields` are merged, anything else replaced."""
    fields = YOUTO["fields"] | changes.pop("fields", {})
    return Collection.model_validate(YOUTO | {"fields": fields} | changes)


def conformed(tables: Sequence[SourceTable], collection: Collection) -> tuple[Features, list[Finding]]:
    """Conforms with the real reprojection, however inexact."""

    def reproject(one: SourceTable) -> gpd.GeoSeries:
        source = collection.source.crs or one.crs or FRAME
        return plan(source, FRAME, tolerance_m=1.75, accept_accuracy_m=100.0).geometries(one.frame.geometry)

    return conform(tables, collection, reproject)


def context(tables: Sequence[SourceTable], collection: Collection, **changes: Any) -> tuple[Context, list[Finding]]:
    """All that checks look at, and what conforming found."""
    features, found = conformed(tables, collection)
    values: dict[str, Any] = {
        "service": Service(name="見本町", code="99999", crs=FRAME),
        "collection": collection,
        "edition": EditionDeclaration(),
        "takes_effect": BUILT_ON,
        "tables": tuple(tables),
        "features": features,
        "transformations": (),
        "town": TOWN,
        "built_on": BUILT_ON,
        "acts": {"geojson": "raw download", "store": "screen"},
    }
    return Context(**(values | changes)), found


def all_checks() -> dict[str, Check]:
    """Every member of the open set, by name."""
    return {name: cast(Check, module) for name, module in members(checks).items()}


def examine(source: SourceTable | None = None, collection: Collection | None = None, **changes: Any) -> list[Finding]:
    """What conforming and every check find in one table."""
    tables = [source if source is not None else districts()]
    looked_at, found = context(tables, collection or youto(), **changes)
    for member in all_checks().values():
        found.extend(member.check(looked_at))
    return found


def only(found: Sequence[Finding], severity: str | None = None) -> Finding:
    """The one finding that is more than information (or of the severity given); anything else is a surprise."""
    wanted = [one for one in found if one.severity == severity or (severity is None and one.severity != "info")]
    assert len(wanted) == 1, [f"{one.rule}: {one.severity}: {one.message}" for one in wanted]
    return wanted[0]


def moved(change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> SourceTable:
    """Twelve districts (six, and six to the north of them) with every coordinate pair changed."""
    north = [shapely.transform(square(number), lambda pairs: np.add(pairs, (0, SIDE_M))) for number in range(6)]
    columns = {name: values * 2 for name, values in COLUMNS.items()}
    columns["KANRI_NO"] = [f"{number:03}" for number in range(1, 13)]
    outlines = [square(number) for number in range(6)] + north
    return table(columns, [shapely.transform(outline, change) for outline in outlines])


def to_degrees(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Easting, northing of the town → longitude, latitude, by pyproj directly."""
    return np.column_stack(pyproj.Transformer.from_crs(6677, 6668, always_xy=True).transform(*pairs.T))


def to_zone_8(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Easting, northing of 第IX系 → 第VIII系, by pyproj directly."""
    return np.column_stack(pyproj.Transformer.from_crs(6677, 6676, always_xy=True).transform(*pairs.T))


def doubled() -> SourceTable:
    """The six districts and the second of them once more under another number."""
    columns = {name: [*values, values[1]] for name, values in COLUMNS.items()}
    columns["KANRI_NO"][6] = "007"
    return table(columns, [*(square(number) for number in range(6)), square(1)])


def area() -> Features:
    """A 区域 that ends 50 m before the east side of the last district."""
    outline = shapely.box(WEST_M, SOUTH_M, WEST_M + 6 * SIDE_M - 50, SOUTH_M + SIDE_M)
    collection = Collection(id="kuiki", title="区域", geometry="polygon", source=Source(crs=FRAME))
    return conformed([table({}, [outline])], collection)[0]
