"""Descriptions of other rasters under the suffix of an image: MRF and WMS would follow paths and addresses."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import jpeg, png, tiff

MRF = "<MRF_META><Raster><Size x='40' y='30' c='3'/><DataFile>/etc/passwd</DataFile></Raster></MRF_META>"
WMS = "<GDAL_WMS><Service name='TMS'><ServerUrl>http://127.0.0.1:9/${z}/${x}/${y}.png</ServerUrl></Service></GDAL_WMS>"


@pytest.mark.parametrize("member", [tiff, jpeg, png])
@pytest.mark.parametrize("text", [MRF, WMS], ids=["MRF", "WMS"])
def test_is_refused(tmp_path: Path, member: ModuleType, text: str) -> None:
    path = tmp_path / f"a{member.SUFFIXES[0]}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MaterialError, match=rf"^{path.name}: \S+ の画像として読めません"):
        list(member.read(path, path.name, 400, tmp_path))
