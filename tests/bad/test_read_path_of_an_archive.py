"""A file name that GDAL's Python layer would take for a member of an archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import flatgeobuf
from tests.formats.material import read_one, write_every_format


def test_is_refused(tmp_path: Path) -> None:
    path = write_every_format(tmp_path, tmp_path)["flatgeobuf"][0].rename(tmp_path / "a.zip!b.fgb")
    with pytest.raises(MaterialError, match=r"^a\.zip!b\.fgb: ファイルやフォルダの名前に使えない文字があります"):
        read_one(flatgeobuf, path)
