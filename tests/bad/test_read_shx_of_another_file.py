"""A .shx, .shp and .dbf that were copied from different deliveries."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import shapefile
from tests.formats.material import read_one, write_shapefile


def test_other_number_of_records_is_refused(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 4)], [[b"1"], [b"2"]])
    other = write_shapefile(tmp_path / "b.shp", [(b"name", "C", 4)], [[b"1"], [b"2"], [b"3"]])
    path.with_suffix(".dbf").write_bytes(other.with_suffix(".dbf").read_bytes())
    with pytest.raises(MaterialError, match=r"^a\.shx: \.shx は 2 件、\.dbf は 3 件で、数が合いません。"):
        read_one(shapefile, path)


def test_positions_outside_the_shp_are_refused(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 4)], [[b"1"], [b"2"]])
    shx = path.with_suffix(".shx")
    data = bytearray(shx.read_bytes())
    data[108:112] = (9999).to_bytes(4, "big")
    shx.write_bytes(data)
    with pytest.raises(MaterialError, match=r"^a\.shx・2 番目の地物: \.shx の示す位置が \.shp の中にありません。"):
        read_one(shapefile, path)


def test_positions_between_records_are_refused(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 4)], [[b"1"], [b"2"]])
    shx = path.with_suffix(".shx")
    data = bytearray(shx.read_bytes())
    data[108:112] = (100 // 2).to_bytes(4, "big")
    shx.write_bytes(data)
    with pytest.raises(MaterialError, match=r"^a\.shp・2 番目の地物: \.shp と \.shx が食い違っています。"):
        read_one(shapefile, path)
