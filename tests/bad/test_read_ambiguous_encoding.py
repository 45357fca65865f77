"""Two half-width kana are also one Greek or Latin letter in UTF-8: the bytes cannot decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import EncodingError
from gis_pipeline.formats import shapefile
from gis_pipeline.model import Source
from tests.formats.material import read_one, texts, write_shapefile

AMBIGUOUS = "ﾐｶ".encode("cp932")


def test_asks_for_a_declaration(tmp_path: Path) -> None:
    assert len(AMBIGUOUS.decode("utf-8")) == 1
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 20)], [[AMBIGUOUS]])
    with pytest.raises(EncodingError, match=r"^a\.dbf: 文字コードが UTF-8 とも CP932 とも読めて、決められません。"):
        read_one(shapefile, path)


def test_the_declaration_decides(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 20)], [[AMBIGUOUS]])
    assert texts(read_one(shapefile, path, Source(encoding="cp932")), "name") == ["ﾐｶ"]
