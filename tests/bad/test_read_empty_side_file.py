"""A side file of zero bytes, as a full disk leaves it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import shapefile
from tests.formats.material import read_one, write_shapefile


@pytest.mark.parametrize("suffix", [".dbf", ".shx"])
def test_is_refused_by_name(tmp_path: Path, suffix: str) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 4)], [[b"1"]])
    path.with_suffix(suffix).write_bytes(b"")
    with pytest.raises(MaterialError, match=rf"^a\{suffix}: 空のファイルです \(0 バイト\)。"):
        read_one(shapefile, path)
