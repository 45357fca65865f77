"""A .dbf with records marked as deleted: their geometry still lies in the .shp."""

from __future__ import annotations

from pathlib import Path

from gis_pipeline.formats import shapefile
from tests.formats.material import read_one, texts, write_shapefile


def test_they_are_left_out_with_their_geometry_and_named(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 4)], [[b"one"], [b"two"], [b"tri"]])
    dbf = path.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    data[data.index(b"two") - 1] = ord("*")
    dbf.write_bytes(data)
    table = read_one(shapefile, path)
    assert texts(table, "name") == ["one", "tri"]
    assert [shape.x for shape in table.frame.geometry] == [1, 3]
    assert table.findings[0].message.startswith("削除の印が付いたレコードが 1 件あり、読みませんでした (2 番目)。")
