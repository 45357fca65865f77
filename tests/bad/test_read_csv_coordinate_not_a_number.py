"""A CSV with a coordinate that is no plain number."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import csv
from gis_pipeline.model import Source
from tests.formats.material import read_one


@pytest.mark.parametrize("text", ["139度16分", "nan", "inf", "1_000", "0x10", '"1,000.5"', "139.2E", "不明"])
def test_names_record_field_and_value(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"番地,lon,lat\n1,139.2,35.7\n2,{text},35.7\n", encoding="utf-8")
    shown = text.strip('"')
    with pytest.raises(
        MaterialError, match=rf"^a\.csv・2 番目の地物・属性「lon」: 座標が数ではありません: 「{shown}」。"
    ):
        read_one(csv, path, Source(easting="lon", northing="lat"))


def test_half_a_place_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("番地,lon,lat\n1,139.2,\n", encoding="utf-8")
    with pytest.raises(MaterialError, match=r"^a\.csv・1 番目の地物・属性「lat」: 座標が数ではありません: 空の値。"):
        read_one(csv, path, Source(easting="lon", northing="lat"))
