"""A side file that is a link to somewhere else on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import shapefile
from gis_pipeline.model import Source
from tests.formats.material import read_one, write_shapefile


@pytest.mark.parametrize("suffix", [".dbf", ".shx", ".cpg", ".prj"])
def test_is_refused_by_the_name_of_the_side_file(tmp_path: Path, suffix: str) -> None:
    folder = tmp_path / "edition"
    folder.mkdir()
    path = write_shapefile(folder / "a.shp", [(b"name", "C", 4)], [[b"1"]], cpg="UTF-8")
    outside = tmp_path / "outside"
    outside.write_bytes(path.with_suffix(suffix).read_bytes() if path.with_suffix(suffix).exists() else b"x")
    path.with_suffix(suffix).unlink(missing_ok=True)
    path.with_suffix(suffix).symlink_to(outside)
    with pytest.raises(MaterialError, match=rf"^a\{suffix}: 資料のフォルダの外を指すリンクです。"):
        read_one(shapefile, path)


def test_a_folder_on_the_way_that_leads_out_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    write_shapefile(outside / "a.shp", [(b"name", "C", 4)], [[b"1"]])
    folder = tmp_path / "edition"
    folder.mkdir()
    (folder / "sub").symlink_to(outside)
    with pytest.raises(MaterialError, match=r"^sub/a\.shp: 資料のフォルダの外を指すリンクです。"):
        list(shapefile.read(folder / "sub" / "a.shp", "sub/a.shp", Source()))


def test_a_link_inside_the_edition_is_followed(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 4)], [[b"1"]])
    real = tmp_path / "table.dbf"
    path.with_suffix(".dbf").rename(real)
    path.with_suffix(".dbf").symlink_to(real)
    assert len(read_one(shapefile, path).frame) == 1
