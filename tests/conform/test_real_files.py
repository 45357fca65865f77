"""Conforming real deliveries, compared with what a plain second reading of the same files says."""

from __future__ import annotations

import collections
import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from gis_pipeline.codelists import CODE_LISTS
from gis_pipeline.conform.features import conform
from gis_pipeline.crs import plan
from gis_pipeline.members import Features, SourceTable
from gis_pipeline.model import Collection, Finding

pytestmark = pytest.mark.real

CLASSES = [
    {"code": code, "title": one.name, "short": one.stamp, "colour": one.colour or "#ffffff"}
    for code, one in CODE_LISTS["i-ur"].items()
]


def take_in(path: Path, frame: str, fields: dict[str, Any], **changes: Any) -> tuple[Features, list[Finding]]:
    layer = changes.pop("layer", None)
    options = {"encoding": "cp932"} if path.suffix == ".shp" else {"WRITE_GFS": "NO"} if path.suffix == ".gml" else {}
    data = gpd.read_file(path, layer=layer, **options)
    data.index = pd.RangeIndex(1, len(data) + 1)
    declared = {"id": "real", "title": "実物", "geometry": "polygon", "role": "use_district", "classes": CLASSES}
    collection = Collection.model_validate(declared | {"fields": fields} | changes)
    table = SourceTable(path.name, layer, data, data.crs.to_string())
    way = plan(table.crs or "", frame, tolerance_m=1.75, accept_accuracy_m=1.0)
    return conform([table], collection, lambda one: way.geometries(one.frame.geometry))


def test_settsu_codes_names_and_era_dates_agree_with_the_plain_json(shared: Path) -> None:
    path = shared / "data/settsu_toshikeikaku/27224_youto.geojson"
    fields = {
        "youto": {"source": ["YoutoID", "用途地域"], "type": "class", "codes": "i-ur", "title": "用途地域"},
        "yoseki": {"source": "容積率", "type": "percent", "title": "容積率"},
        "kenpei": {"source": "建ぺい率", "type": "percent", "title": "建蔽率"},
        "kokuji": {"source": "最終告示日", "type": "date", "title": "最終告示日"},
        "bango": {"source": "告示番号L", "title": "告示番号"},
    }
    features, found = take_in(path, "EPSG:6674", fields)
    assert found == []
    plain = [one["properties"] for one in json.loads(path.read_text(encoding="utf-8"))["features"]]
    frame = features.frame
    assert frame["youto"].tolist() == [str(row["YoutoID"]) for row in plain]
    assert frame["youto_name"].tolist() == [row["用途地域"] for row in plain]
    assert frame["yoseki"].tolist() == [row["容積率"] for row in plain]
    assert frame["bango"].tolist() == [unicodedata.normalize("NFKC", row["告示番号L"]) for row in plain]
    for row, iso in zip(plain, frame["kokuji"], strict=True):
        year, month, day = map(int, re.findall(r"\d+", row["最終告示日"]))
        assert iso == f"{1988 + year}-{month:02}-{day:02}"


def test_settsu_read_under_another_code_list_blocks(shared: Path) -> None:
    path = shared / "data/settsu_toshikeikaku/27224_youto.geojson"
    fields = {"youto": {"source": ["YoutoID", "用途地域"], "type": "class", "codes": "ksj-a29", "title": "用途地域"}}
    classes = [{"code": code, "title": one.name, "colour": "#ffffff"} for code, one in CODE_LISTS["ksj-a29"].items()]
    _, found = take_in(path, "EPSG:6674", fields, classes=classes)
    blocked = [one for one in found if one.severity == "block"]
    assert blocked
    assert any('codes = "i-ur"' in one.advice for one in blocked)


def test_chino_old_names_become_ten_districts_and_none_is_lost(shared: Path) -> None:
    path = shared / "data/chino_plateau_devperm/judgement_layers/use_districts/use_districts.shp"
    fields = {"youto": {"source": "youto", "type": "class", "codes": "i-ur", "title": "用途地域"}}
    features, found = take_in(path, "EPSG:6676", fields, feature_id=["ogc_fid"])
    assert [one for one in found if one.severity != "info"] == []
    counts = collections.Counter(features.frame["youto_name"])
    assert counts == {
        "第一種住居地域": 196, "準工業地域": 109, "第一種中高層住居専用地域": 77, "第一種低層住居専用地域": 57,
        "近隣商業地域": 31, "工業地域": 14, "商業地域": 11, "準住居地域": 10, "第二種住居地域": 7,
        "第二種中高層住居専用地域": 6,
    }  # fmt: skip
    assert features.frame.index.is_unique


@pytest.mark.parametrize(
    "name",
    [
        "numazu-shi/udx/urf/523857_urf_6668_op.gml",
        "kawasaki-shi/udx/urf/533915_urf_6668_yoto_op.gml",
    ],
)
def test_plateau_ratios_become_percent(shared: Path, name: str) -> None:
    path = shared / "data/plateau_urf" / name
    fields = {
        "youto": {"source": "function", "type": "class", "codes": "i-ur", "title": "用途地域"},
        "yoseki": {"source": "floorAreaRate", "type": "percent", "title": "容積率"},
        "kokuji": {"source": "validFrom", "type": "date", "title": "最終告示日"},
        "bango": {"source": "notificationNumber", "title": "告示番号"},
    }
    features, found = take_in(path, "EPSG:6676", fields, layer="UseDistrict", feature_id=["gml_id"])
    assert [one for one in found if one.severity != "info"] == []
    text = path.read_text(encoding="utf-8")
    districts = re.findall(r"<urf:UseDistrict .*?</urf:UseDistrict>", text, re.S)
    ratios = [re.search(r"<urf:floorAreaRate[^>]*>([\d.]+)<", one) for one in districts]
    assert features.frame["yoseki"].tolist() == [round(float(ratio[1]) * 100) for ratio in ratios if ratio]
    days = [re.search(r"<urf:validFrom>([\d-]+)<", one) for one in districts]
    assert features.frame["kokuji"].tolist() == [day[1] for day in days if day]
    ids = [re.match(r'<urf:UseDistrict gml:id="([^"]+)"', one) for one in districts]
    assert features.frame.index.tolist() == [one[1] for one in ids if one]
