"""A .prj that names no coordinate system."""

from __future__ import annotations

from pathlib import Path

from gis_pipeline.formats import shapefile
from tests.formats.material import read_one, write_shapefile


def test_is_reported_and_the_file_counts_as_one_without(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 4)], [[b"1"]])
    path.with_suffix(".prj").write_text("9系", encoding="utf-8")
    table = read_one(shapefile, path)
    assert table.crs is None
    assert [finding.message for finding in table.findings][-1] == ".prj が座標系として読めません。"
