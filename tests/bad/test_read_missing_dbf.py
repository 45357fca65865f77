"""A .shp without its .dbf or .shx: GDAL reads the first without attributes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import shapefile
from tests.formats.material import read_one, write_shapefile


@pytest.mark.parametrize("suffix", [".dbf", ".shx"])
def test_is_refused_by_name(tmp_path: Path, suffix: str) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 4)], [[b"1"]])
    path.with_suffix(suffix).unlink()
    with pytest.raises(
        MaterialError, match=rf"^a\.shp: a\{suffix} がありません。 Shapefile は \.shp \.shx \.dbf をそろえて"
    ):
        read_one(shapefile, path)
