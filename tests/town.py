"""A tiny town as a source tree: three collections, quick to build. What the tests of the whole way stand on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gis_pipeline.build import Folders, Outcome, build
from gis_pipeline.model import Finding, Release, today_in_japan
from gis_pipeline.publishing import load_candidate, locked, publish

WEST_M, SOUTH_M = -52000.0, -30000.0
"""The south-west corner of 09KC973 in EPSG:6677; the town is a square of 1,000 m from there."""

SERVICE = """
name = "小町"
code = "99998"
crs = "EPSG:6677"
fictional = true
boundary = "choiki"
attribution = "小町（架空）"
"""
CHOIKI = """
title = "町域"
role = "boundary"
geometry = "polygon"
permission = "自由に使えます。"
outputs = ["geojson"]
[source]
crs = "EPSG:6677"
[fields]
name = { source = "name", title = "名称" }
"""
YOUTO = """
title = "用途地域"
role = "use_district"
geometry = "polygon"
permission = "自由に使えます。"
attribution = "小町 用途地域"
authority = "小町"
legal_basis = "都市計画法8条1項1号"
outputs = ["geojson", "geopackage", "pmtiles"]
zooms = [12, 15]
label = "{short}"
feature_id = ["no"]
search = ["no"]
[source]
crs = "EPSG:6677"
[fields]
no = { source = "no", type = "code", title = "番号" }
youto = { source = "youto", type = "class", codes = "i-ur", title = "用途地域" }
kenpei = { source = "kenpei", type = "percent", title = "建蔽率", unit = "%" }
yoseki = { source = "yoseki", type = "percent", title = "容積率", unit = "%" }
[[classes]]
code = "1"
title = "第一種低層住居専用地域"
short = "1種低住"
colour = "#adffd6"
[[classes]]
code = "10"
title = "商業地域"
short = "商業"
colour = "#ffbdde"
"""
ROADS = """
title = "町道"
role = "road"
geometry = "line"
permission = "自由に使えます。"
outputs = ["geojson"]
feature_id = ["route"]
[source]
crs = "EPSG:6677"
[fields]
route = { source = "route", type = "code", title = "路線番号" }
name = { source = "name", title = "路線名" }
"""


def square(west: float, south: float, size: float) -> dict[str, Any]:
    """A square polygon, metres from the town's south-west corner."""
    x, y = WEST_M + west, SOUTH_M + south
    ring = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def line(*points: tuple[float, float]) -> dict[str, Any]:
    """A line through points given in metres from the town's south-west corner."""
    return {"type": "LineString", "coordinates": [[WEST_M + x, SOUTH_M + y] for x, y in points]}


def feature(geometry: dict[str, Any] | None, **properties: object) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


DISTRICTS = [
    feature(square(100, 100, 300), no="01", youto="第１種低層住居専用地域", kenpei="50%", yoseki=100),
    feature(square(400, 100, 300), no="02", youto="商業地域", kenpei=80, yoseki="４００％"),
]
ROUTES = [
    feature(line((50, 50), (900, 60)), route="0101", name="見本通り"),
    feature(line((100, 60), (110, 900)), route="0102", name="𠮷野線"),
]


def write_features(path: Path, features: list[dict[str, Any]]) -> None:
    """A GeoJSON file in EPSG:6677, as consultants deliver it: with a `crs` member."""
    path.parent.mkdir(parents=True, exist_ok=True)
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::6677"}}
    document = {"type": "FeatureCollection", "crs": crs, "features": features}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


class Town:
    """A source tree below `root` with everything a build needs beside it."""

    def __init__(self, root: Path) -> None:
        self.folders = Folders(root / "source", root / "published", root / "work")
        self.write("service.toml", SERVICE)
        self.collection("choiki", CHOIKI, [feature(square(0, 0, 1000), name="小町")])
        self.collection("youto", YOUTO, DISTRICTS)
        self.collection("choudo", ROADS, ROUTES)

    def write(self, name: str, text: str) -> Path:
        path = self.folders.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def collection(
        self, name: str, declaration: str, features: list[dict[str, Any]], edition: str = "2026-04-01"
    ) -> None:
        """Declares a collection and puts one edition's material beside it."""
        self.write(f"{name}/collection.toml", declaration)
        write_features(self.folders.source / name / edition / f"{name}.geojson", features)

    def build(self, *names: str, editions: tuple[str, ...] = (), check_only: bool = False) -> Outcome:
        return build(self.folders, names, editions=editions, check_only=check_only)

    def publish(self) -> Release:
        """Builds and publishes; fails if something blocks."""
        outcome = self.build()
        assert outcome.candidate is not None, [f.message for s in outcome.report.sections for f in s.findings]
        root = self.folders.published
        with locked(root):
            made = load_candidate(root, outcome.candidate.number)
            return publish(root, made, approved_by="試験-1", approved_on=today_in_japan())

    def live(self) -> dict[str, bytes]:
        """Every live byte: the catalogue, the releases and the editions."""
        root = self.folders.published
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and path.relative_to(root).parts[0] in ("catalog.json", "releases", "collections")
        }


def findings(outcome: Outcome, severity: str = "block") -> list[Finding]:
    """The findings of one severity, of every edition built."""
    return [found for section in outcome.report.sections for found in section.findings if found.severity == severity]


def messages(outcome: Outcome, severity: str = "block") -> list[str]:
    """The findings of one severity, as sentences."""
    return [f"{finding.message} {finding.advice}" for finding in findings(outcome, severity)]
