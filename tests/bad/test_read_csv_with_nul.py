"""A NUL in the middle of a value: other readers cut the value there."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import csv
from tests.formats.material import read_one


def test_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"name,route\nHirai\x00 secret,0101\n")
    with pytest.raises(MaterialError, match=r"^a\.csv: NUL 文字があります。"):
        read_one(csv, path)
