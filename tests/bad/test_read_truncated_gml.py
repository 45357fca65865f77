"""GML whose end was lost: GDAL reads what is left of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import gml
from tests.formats.material import read_one, write_every_format


def test_names_the_line(tmp_path: Path) -> None:
    path, _ = write_every_format(tmp_path, tmp_path)["gml"]
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(MaterialError, match=r"^d\.gml: XML として読めません \(\d+ 行目: "):
        read_one(gml, path)
