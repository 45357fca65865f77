"""Small products in the town frame that every writer must get right: awkward texts, gaps, tiny and shared shapes."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.affinity
from shapely.geometry.base import BaseGeometry

from gis_pipeline.declaration import SHEET_FIELDS
from gis_pipeline.members import Master, Product
from gis_pipeline.model import Collection, FeatureClass, Field, Scan, Service

FRAME = "EPSG:6677"
EAST_M, NORTH_M = -51212.1, -28064.2
"""平井, in the town."""

SERVICE = Service(name="見本町", code="00000", crs=FRAME, fictional=True, attribution="見本町（架空）")

FIELDS = {
    "bango": Field(source="番号", type="code", title="路線番号"),
    "mei": Field(source="名称", type="text", title="名称"),
    "kubun": Field(source="区分", type="class", title="区分"),
    "haba": Field(source="幅員", type="number", title="幅員", unit="m"),
    "kenpei": Field(source="建蔽率", type="percent", title="建蔽率", unit="%"),
    "hi": Field(source="告示日", type="date", title="告示日"),
}
CLASSES = (
    FeatureClass(code="1", title="第一種低層住居専用地域", short="1種低住", colour="#adffd6"),
    FeatureClass(code="10", title="商業地域", short="商業", colour="#ffbdde", pattern="hatch"),
)
TEXTS: list[str | None] = ["町道第101号線 見本通り", None, '𠮷田"橋",\n槗﨑①', "", "<b>&'", "=1+1"]
CODES: list[str | None] = ["0101", "007", None, "00", "9" * 20, "0"]


def collection(geometry: str, **changes: Any) -> Collection:
    """A declared collection with every field type and a class field."""
    declared: dict[str, Any] = {
        "id": f"mihon-{geometry}",
        "title": "見本の地図",
        "geometry": geometry,
        "licence": "CC-BY-4.0",
        "permission": "出典を示せば使えます。",
        "zooms": (10, 16),
        "label": "{bango} {mei}（{short}）",
        "search": ("bango", "mei", "kubun"),
        "fields": FIELDS,
        "classes": CLASSES,
    }
    return Collection(**(declared | changes))


def product(collection: Collection, shapes: list[BaseGeometry | None], fids: list[str] | None = None) -> Product:
    """One product of those shapes (town metres), with attributes that repeat in a cycle."""
    n = len(shapes)
    index = pd.Index(fids or [f"地物-{i:04d}" for i in range(n)], name="fid", dtype="str")
    classes = [CLASSES[i % 2] for i in range(n)]
    columns = {
        "bango": pd.array([CODES[i % 6] for i in range(n)], dtype="string"),
        "mei": pd.array([TEXTS[i % 6] for i in range(n)], dtype="string"),
        "kubun": pd.array([entry.code for entry in classes], dtype="string"),
        "kubun_name": pd.array([entry.title for entry in classes], dtype="string"),
        "haba": pd.array([None if i % 4 == 3 else 2.1 + i / 7 for i in range(n)], dtype="Float64"),
        "kenpei": pd.array([None if i % 5 == 4 else 60 + i for i in range(n)], dtype="Int64"),
        "hi": pd.array([["2009-08-10", "1973-11", None][i % 3] for i in range(n)], dtype="string"),
    }
    geometry = gpd.GeoSeries(np.array(shapes, dtype=object), index=index, crs=FRAME)
    frame = gpd.GeoDataFrame(pd.DataFrame(columns, index=index), geometry=geometry, crs=FRAME)
    return Product(SERVICE, collection, "2026-04-01", frame)


def square(east_m: float, north_m: float, size_m: float) -> shapely.MultiPolygon:
    """A square wound clockwise (the wrong way for RFC 7946), `east_m`/`north_m` from 平井."""
    west_m, south_m = EAST_M + east_m, NORTH_M + north_m
    box = shapely.box(west_m, south_m, west_m + size_m, south_m + size_m, ccw=False)
    return shapely.MultiPolygon([box])


def districts() -> list[BaseGeometry | None]:
    """Neighbours with crooked shared boundaries, one with a hole and an island, and tiny ones of 1 to 12 m."""
    rng = np.random.default_rng(6677)
    columns, rows, step_m = 6, 5, 180.0
    nodes = np.empty((rows + 1, columns + 1, 2))
    for row in range(rows + 1):
        for col in range(columns + 1):
            nodes[row, col] = np.array([EAST_M + col * step_m, NORTH_M + row * step_m]) + rng.uniform(-40, 40, 2)
    shapes: list[BaseGeometry | None] = []
    for row in range(rows):
        for col in range(columns):
            ring = [nodes[row, col], nodes[row + 1, col], nodes[row + 1, col + 1], nodes[row, col + 1]]
            shapes.append(shapely.MultiPolygon([shapely.Polygon(ring)]))
    with_hole = shapely.box(EAST_M - 400, NORTH_M, EAST_M - 100, NORTH_M + 300).difference(
        shapely.box(EAST_M - 300, NORTH_M + 100, EAST_M - 200, NORTH_M + 200)
    )
    island = shapely.box(EAST_M - 260, NORTH_M + 140, EAST_M - 240, NORTH_M + 160)
    shapes.append(shapely.union_all([with_hole, island]))
    shapes += [square(2000 + 37 * i, 500 + 23 * i, 1 + i) for i in range(12)]
    return shapes


def roads() -> list[BaseGeometry | None]:
    """Lines of 2 m to 600 m, one of two parts."""
    rng = np.random.default_rng(101)
    lines: list[BaseGeometry | None] = []
    for i in range(60):
        start = np.array([EAST_M, NORTH_M]) + rng.uniform(-1500, 1500, 2)
        steps = rng.normal(0, 1 + 2 * i, (2 + i % 9, 2)).cumsum(axis=0)
        lines.append(shapely.MultiLineString([start + steps]))
    corner, east, north = (EAST_M, NORTH_M), (EAST_M + 9, NORTH_M), (EAST_M, NORTH_M + 9)
    lines.append(shapely.MultiLineString([[corner, east], [east, north]]))
    return lines


def specks() -> list[BaseGeometry | None]:
    """Lines of 0.8 mm to 0.5 m: less than a tile unit at zoom 12."""
    return [
        shapely.MultiLineString([[(EAST_M + 40 * i, NORTH_M), (EAST_M + 40 * i + length_m, NORTH_M + length_m / 3)]])
        for i, length_m in enumerate([0.0008, 0.02, 0.05, 0.1, 0.3, 0.5])
    ]


def slivers() -> list[BaseGeometry | None]:
    """Squares of 1 mm to 0.5 m and strips of 1 cm by 100 m: less than a tile unit wide at zoom 12."""
    strips = [shapely.box(EAST_M, NORTH_M + i, EAST_M + 100, NORTH_M + i + 0.01 * (i + 1)) for i in range(4)]
    turned = [shapely.MultiPolygon([shapely.affinity.rotate(strip, 30 * i)]) for i, strip in enumerate(strips)]
    return [*(square(300 + i, 0.0, size_m) for i, size_m in enumerate([0.001, 0.01, 0.1, 0.5])), *turned]


def points() -> list[BaseGeometry | None]:
    """Addresses, several at one place."""
    rng = np.random.default_rng(7)
    places = np.array([EAST_M, NORTH_M]) + rng.uniform(-2000, 2000, (300, 2)).round(3)
    places[200:250] = places[:50]
    return [shapely.MultiPoint([place]) for place in places]


def products() -> dict[str, Product]:
    """The cases every feature output is held against, by name."""
    scattered = districts()
    gaps = [scattered[0], None, shapely.MultiPolygon(), scattered[3]]
    return {
        "polygons": product(collection("polygon"), scattered),
        "lines": product(collection("line"), roads()),
        "points": product(collection("point"), points()),
        "register": product(collection("none"), [None] * 7),
        "empty": product(collection("polygon"), []),
        "some without geometry": product(collection("polygon"), gaps),
    }


def sheets(masters: tuple[Master, ...], neatlines: dict[str, shapely.Polygon], **changes: Any) -> Product:
    """A collection of scans over those masters."""
    declared = collection(
        "polygon",
        role="sheets",
        scan=Scan(pixel_m=changes.pop("pixel_m"), quality=changes.pop("quality", 90)),
        fields=SHEET_FIELDS,
        classes=(),
        label="{sheet}",
        search=("sheet",),
        **changes,
    )
    n = len(masters)
    index = pd.Index([master.code for master in masters], name="fid", dtype="str")
    nothing: list[Any] = [None] * n
    columns: dict[str, Any] = {
        name: pd.Series(nothing, dtype={"integer": "Int64", "number": "Float64"}.get(field.type, "string")).array
        for name, field in SHEET_FIELDS.items()
    } | {"sheet": pd.array([master.code for master in masters], dtype="string")}
    shapes = [shapely.MultiPolygon([neatlines[master.code]]) for master in masters]
    frame = gpd.GeoDataFrame(pd.DataFrame(columns, index=index), geometry=shapes, crs=FRAME)
    return Product(SERVICE, declared, "2026-04-01", frame, masters)
