"""More features than one file may hold; the limit is lowered here, so that the file can stay small."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import ModuleType

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import _dbf, _files, _gdal, _table, csv, flatgeobuf, geojson, geopackage, gml, shapefile
from tests.formats.material import read_one, write_every_format

LOWERED = dataclasses.replace(_files.LIMITS, features=1)


@pytest.mark.parametrize("member", [csv, flatgeobuf, geojson, geopackage, gml, shapefile])
def test_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, member: ModuleType) -> None:
    path, source = write_every_format(tmp_path, tmp_path)[member.__name__.rsplit(".", 1)[-1]]
    for module in (_dbf, _files, _gdal, _table, member):
        if hasattr(module, "LIMITS"):
            monkeypatch.setattr(module, "LIMITS", LOWERED)
    with pytest.raises(MaterialError, match=r"が多すぎます \(\d+。上限 1\)。 区域ごとに分けてください。"):
        read_one(member, path, source)
