from __future__ import annotations

from pathlib import Path

from tests import town as towns
from tests.town import Town


def test_a_pattern_in_lower_case_names_a_file_in_upper_case(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.write("youto/collection.toml", towns.YOUTO.replace("[source]", '[source]\nfiles = "*.geojson"'))
    folder = town.folders.source / "youto/2026-04-01"
    (folder / "youto.geojson").rename(folder / "YOUTO.GEOJSON")
    assert town.build().candidate is not None
