"""A CSV row with an unquoted comma in a value: every later column shifts."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import csv
from tests.formats.material import read_one


def test_names_the_record(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("番号,名称,幅員\n1,見本通り,4\n2,大通り,(西),6\n", encoding="utf-8")
    with pytest.raises(
        MaterialError, match=r"^a\.csv・2 番目の地物: 列の数が合いません \(見出しは 3 列、この行は 4 列\)。"
    ):
        read_one(csv, path)


def test_an_open_quote_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('番号,名称\n1,"見本通り\n', encoding="utf-8")
    with pytest.raises(MaterialError, match=r"^a\.csv・1 番目の地物: CSV として読めません"):
        read_one(csv, path)
