"""A CSV with two columns of one name."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import csv
from tests.formats.material import read_one


def test_names_both(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("路線番号,幅員,幅員\n001,4,6\n", encoding="utf-8")
    with pytest.raises(
        MaterialError, match=r"^a\.csv・属性「幅員」: 列の名前「幅員」が二度あります \(2 番目と 3 番目\)。"
    ):
        read_one(csv, path)


def test_a_column_without_a_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("路線番号,,幅員\n001,4,6\n", encoding="utf-8")
    with pytest.raises(MaterialError, match=r"^a\.csv: 2 番目の列に名前がありません。"):
        read_one(csv, path)
