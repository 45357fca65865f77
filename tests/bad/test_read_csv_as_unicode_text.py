"""A CSV that Excel saved as 「Unicode テキスト」: UTF-16."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import EncodingError
from gis_pipeline.formats import csv
from tests.formats.material import read_one


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_is_told_with_how_to_save_it(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("\ufeff番号,名称\n01,平井\n".encode(codec))
    with pytest.raises(EncodingError, match=r"^a\.csv: UTF-16 で保存されています .*「CSV UTF-8 \(コンマ区切り\)」"):
        read_one(csv, path)
