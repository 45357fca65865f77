"""A published tree that has every case the server must tell apart, written by the real writers.

The town is a square of 1,000 m whose south-west corner is (WEST_M, SOUTH_M) in EPSG:6677; the clock of the tests
stands at TODAY. Editions before, in force, and in the future; withdrawn; a draft; viewing only; scans; a register.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import gis_pipeline.outputs
from gis_pipeline import publishing
from gis_pipeline.crs import to_lonlat
from gis_pipeline.declaration import SHEET_FIELDS
from gis_pipeline.members import Master, Product
from gis_pipeline.model import (
    JST,
    Approval,
    Asset,
    BBox,
    Candidate,
    Collection,
    CollectionEntry,
    Contact,
    Edition,
    EditionEntry,
    FeatureClass,
    Field,
    Release,
    Scan,
    Service,
)
from gis_pipeline.plugins import members
from tests.outputs import scans

FRAME = "EPSG:6677"
WEST_M, SOUTH_M, SIZE_M = -52000.0, -30000.0, 1000.0
TODAY = dt.date(2026, 6, 1)
MADE_AT = dt.datetime(2026, 4, 1, 9, tzinfo=JST)
WITHDRAWN_BECAUSE = "告示番号に誤りがありました。"

SERVICE = Service(
    name="小町",
    code="99998",
    crs=FRAME,
    title="小町の地図",
    fictional=True,
    boundary="choiki",
    attribution="小町（架空）",
    contacts=(Contact(theme="都市計画", office="まちづくり課", phone="000-000-0000"),),
)
CLASSES = (
    FeatureClass(code="1", title="第一種低層住居専用地域", short="1種低住", colour="#adffd6"),
    FeatureClass(code="10", title="商業地域", short="商業", colour="#ffbdde", pattern="hatch"),
)
VECTOR = ("geojson", "geopackage", "csv", "pmtiles")


def declaration(name: str, title: str, geometry: str, **more: Any) -> Collection:
    values: dict[str, Any] = {
        "id": name,
        "title": title,
        "description": f"{title}の説明",
        "geometry": geometry,
        "theme": "都市計画",
        "permission": "出典を示せば自由に使えます。",
        "licence": "CC-BY-4.0",
        "authority": "小町",
        "zooms": (12, 15),
        "outputs": VECTOR,
    }
    return Collection.model_validate(values | more)


CHOIKI = declaration(
    "choiki",
    "町域",
    "polygon",
    role="boundary",
    fields={"name": Field(source="name", title="名称")},
    outputs=("geojson",),
)
YOUTO = declaration(
    "youto",
    "用途地域",
    "polygon",
    role="use_district",
    legal_basis="都市計画法8条1項1号",
    label="{short}",
    search=("no", "youto"),
    fields={
        "no": Field(source="no", type="code", title="番号"),
        "youto": Field(source="youto", type="class", codes="i-ur", title="用途地域"),
        "kenpei": Field(source="kenpei", type="percent", title="建蔽率", unit="%"),
        "taka": Field(source="taka", type="number", title="高さの限度", unit="m"),
    },
    classes=CLASSES,
    approvals=(
        Approval(
            kind="測量法44条",
            grantor="小町",
            number="7-1",
            date=dt.date(2025, 4, 1),
            acts=("screen", "tiles", "raw download"),
            notice="この地図は小町長の承認を得て使用した（架空）",
        ),
    ),
)
ROAD = declaration(
    "choudou",
    "町道",
    "line",
    theme="道路",
    role="road",
    search=("route", "name"),
    fields={
        "route": Field(source="route", type="code", title="路線番号"),
        "name": Field(source="name", title="路線名"),
    },
)
ADDRESS = declaration(
    "banchi",
    "番地",
    "point",
    role="address",
    permission="",
    search=("text",),
    outputs=("pmtiles",),
    fields={"text": Field(source="text", title="番地")},
)
REGISTER = declaration(
    "choubo", "台帳", "none", theme="道路", outputs=("csv",), fields={"name": Field(source="name", title="名称")}
)
DRAFT = declaration(
    "an", "計画案", "polygon", status="案", fields={"name": Field(source="name", title="名称")}, outputs=("geojson",)
)
GONE = declaration(
    "bouka", "防火地域", "polygon", fields={"name": Field(source="name", title="名称")}, outputs=("geojson",)
)
FUTURE = declaration(
    "koudo", "高度地区", "polygon", fields={"name": Field(source="name", title="名称")}, outputs=("geojson",)
)
SCANS = declaration(
    "zumen",
    "地形図",
    "polygon",
    role="sheets",
    theme="図面",
    scan=Scan(pixel_m=2.0, quality=80),
    fields=SHEET_FIELDS,
    search=("sheet",),
    zooms=(12, 15),
    outputs=("image_pmtiles", "cog"),
)

Rows = Iterable[tuple[str, shapely.Geometry | None, dict[str, Any]]]


def square(east_m: float, north_m: float, size_m: float) -> shapely.MultiPolygon:
    """Metres from the town's south-west corner."""
    west, south = WEST_M + east_m, SOUTH_M + north_m
    return shapely.MultiPolygon([shapely.box(west, south, west + size_m, south + size_m)])


def line(*points: tuple[float, float]) -> shapely.MultiLineString:
    return shapely.MultiLineString([[(WEST_M + east, SOUTH_M + north) for east, north in points]])


def lonlat(east_m: float, north_m: float) -> tuple[float, float]:
    """Degrees of a place given in metres from the town's south-west corner."""
    lon, lat = to_lonlat(FRAME).points(np.array([WEST_M + east_m]), np.array([SOUTH_M + north_m]))
    return float(lon[0]), float(lat[0])


def youto_rows(kenpei: int) -> Rows:
    """A 10 × 10 grid of districts of 100 m; the first one changes with the edition."""
    for n in range(100):
        code = CLASSES[n % 2]
        yield (
            f"d{n}",
            square(100.0 * (n % 10), 100.0 * (n // 10), 100.0),
            {
                "no": f"{n:03d}",
                "youto": code.code,
                "youto_name": code.title,
                "kenpei": kenpei if n == 0 else 60,
                "taka": None if n % 3 else 10.5,
            },
        )


def product(collection: Collection, edition_id: str, rows: Rows, masters: tuple[Master, ...] = ()) -> Product:
    listed = list(rows)
    index = pd.Index([fid for fid, _, _ in listed], name="fid", dtype="str")
    kinds = {"integer": "Int64", "percent": "Int64", "number": "Float64"}
    columns: dict[str, Any] = {}
    for name, field in collection.fields.items():
        values: list[Any] = [row.get(name) for *_, row in listed]
        columns[name] = pd.Series(values, dtype=kinds.get(field.type, "string"), index=index)
        if field.type == "class":
            titles: list[Any] = [row.get(f"{name}_name") for *_, row in listed]
            columns[f"{name}_name"] = pd.Series(titles, dtype="string", index=index)
    shapes = gpd.GeoSeries([shape for _, shape, _ in listed], index=index, crs=FRAME)
    frame = gpd.GeoDataFrame(pd.DataFrame(columns, index=index), geometry=shapes, crs=FRAME)
    return Product(SERVICE, collection, edition_id, frame, masters)


def write_edition(folder: Path, made: Product) -> Edition:
    """Every output the collection names, and those that are always written, then edition.json."""
    writers = members(gis_pipeline.outputs)
    assets: list[Asset] = []
    for name in (*made.collection.outputs, "store", "search"):
        writer = writers[name]
        for path in writer.write(made, folder):
            assets.append(
                Asset(
                    name=path.relative_to(folder).as_posix(),
                    output=name,
                    media_type=writer.MEDIA_TYPE,
                    act=writer.ACT,
                    size=path.stat().st_size,
                    sha256=publishing.sha256_of(path),
                )
            )
    bounds = made.frame.total_bounds
    key = f"{made.collection.id}{made.edition_id}{len(made.frame)}".encode()
    edition = Edition(
        id=made.edition_id,
        collection=made.collection.id,
        key=hashlib.sha256(key).hexdigest(),
        built_at=MADE_AT,
        geometry=made.collection.geometry,
        count=len(made.frame),
        bbox=None if np.isnan(bounds).any() else _box(bounds),
        frame=FRAME,
        map_level=made.collection.map_level,
        accuracy_m=made.collection.tolerance_m,
        zooms=made.collection.zooms,
        sources=(),
        transformations=(),
        approvals=(),
        assets=tuple(assets),
    )
    publishing.write_document(folder / "edition.json", edition)
    return edition


def _box(bounds: Any) -> BBox:
    west, south, east, north = (float(value) for value in bounds)
    return to_lonlat(FRAME).bbox(west, south, east, north)


def products(work: Path) -> list[Product]:
    """Every edition of every collection."""
    masters, neatlines = scans.masters(work, pixel_m=2.0, sheet_px=(500, 400), bands=3)
    sheet_rows = [
        (f"s{n}", shapely.MultiPolygon([neatlines[master.code]]), {"sheet": master.code, "title": "見本", "points": 4})
        for n, master in enumerate(masters)
    ]
    one = [("a1", square(0, 0, 500), {"name": "一つ"})]
    roads = [
        ("101/1", line((0, 150), (900, 150)), {"route": "0101", "name": "町道第101号線 見本通り"}),
        ("102 乙", line((150, 0), (150, 900)), {"route": "0102", "name": "L<b>\"&'"}),
    ]
    points = [("p1", shapely.MultiPoint([(WEST_M + 250, SOUTH_M + 250)]), {"text": "平井二丁目3番地"})]
    return [
        product(CHOIKI, "2020-04-01", [("town", square(0, 0, SIZE_M), {"name": "小町"})]),
        product(YOUTO, "2024-04-01", youto_rows(30)),
        product(YOUTO, "2025-04-01", youto_rows(40)),
        product(YOUTO, "2026-04-01", youto_rows(50)),
        product(YOUTO, "2027-04-01", youto_rows(80)),
        product(ROAD, "2026-04-01", roads),
        product(ADDRESS, "2026-04-01", points),
        product(REGISTER, "2026-04-01", [("r1", None, {"name": "紙だけの記録"})]),
        product(DRAFT, "2026-04-01", one),
        product(GONE, "2026-04-01", one),
        product(FUTURE, "2026-06-02", one),
        product(SCANS, "2026-04-01", sheet_rows, masters),
    ]


def candidate(root: Path, work: Path) -> Candidate:
    """A finished candidate of all of them."""
    staging = publishing.begin_candidate(root)
    editions: dict[str, list[EditionEntry]] = {}
    declarations: dict[str, Collection] = {}
    for made in products(work):
        folder = staging.edition_folder(made.collection.id, made.edition_id)
        edition = write_edition(folder, made)
        path = staging.path_of(made.collection.id, made.edition_id)
        editions.setdefault(made.collection.id, []).append(
            EditionEntry(id=edition.id, key=edition.key, state="live", path=path)
        )
        declarations[made.collection.id] = made.collection
    entries = tuple(
        CollectionEntry(declaration=declarations[name], editions=tuple(editions[name])) for name in editions
    )
    release = Release(number=1, made_at=MADE_AT, service=SERVICE, collections=entries)
    made_candidate = Candidate(
        number=staging.number,
        base_release=0,
        built_at=MADE_AT,
        release=release,
        differences=(),
        blocking=0,
        warnings=0,
    )
    staging.finish(made_candidate)
    return made_candidate


def published_tree(root: Path, work: Path) -> Path:
    """The tree with everything live but what was withdrawn: bouka, and youto's edition of 2024."""
    publishing.publish(root, candidate(root, work), approved_by="試験-1", approved_on=dt.date(2026, 4, 1))
    for name, edition_id in (("bouka", "2026-04-01"), ("youto", "2024-04-01")):
        withdraw(root, name, edition_id)
    return root


@cache
def shared_tree(base: Path) -> Path:
    """One tree a test process, below pytest's own temporary folder; tests that change it make their own."""
    folder = base / "town-for-the-server"
    (folder / "work").mkdir(parents=True)
    return published_tree(folder / "published", folder / "work")


def withdraw(root: Path, name: str, edition_id: str) -> None:
    publishing.withdraw(root, name, edition_id, reason=WITHDRAWN_BECAUSE, approved_by="試験-2")
