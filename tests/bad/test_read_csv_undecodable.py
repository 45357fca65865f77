"""A CSV that is neither UTF-8 nor CP932, such as Excel's "Unicode text" (UTF-16)."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import EncodingError, MaterialError
from gis_pipeline.formats import csv
from tests.formats.material import read_one


def test_names_the_record(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("番号,名称\r\n1,町道\r\n".encode("cp932") + b"2,\x81\xff\r\n")
    with pytest.raises(EncodingError, match=r"^a\.csv・2 番目の地物: cp932 として読めない文字があります"):
        read_one(csv, path)


def test_utf16_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("番号,名称\r\n1,町道\r\n".encode("utf-16"))
    with pytest.raises(MaterialError):
        read_one(csv, path)
