"""The declaration names an encoding that does not exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import DeclarationError
from gis_pipeline.formats import shapefile
from gis_pipeline.model import Source
from tests.formats.material import read_one, write_shapefile


def test_is_a_fault_of_the_declaration(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 20)], [[b"a"]])
    with pytest.raises(DeclarationError, match=r"^a\.shp: \[source\] の encoding「cp923」は使えません。"):
        read_one(shapefile, path, Source(encoding="cp923"))
