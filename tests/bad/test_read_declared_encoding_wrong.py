"""The declaration says CP932, the bytes say UTF-8: as CP932 they would decode to 譌･譛ｬ without an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import EncodingError
from gis_pipeline.formats import shapefile
from gis_pipeline.model import Source
from tests.formats.material import read_one, write_shapefile


def test_is_refused_and_not_published_as_mojibake(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 20)], [["日本".encode()]])
    with pytest.raises(EncodingError, match=r"^a\.dbf: 宣言の encoding は cp932 ですが、中身は UTF-8 です。"):
        read_one(shapefile, path, Source(encoding="Shift_JIS"))
