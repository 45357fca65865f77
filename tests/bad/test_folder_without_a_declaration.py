"""A folder of material beside the others, and nobody has declared it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gis_pipeline.errors import DeclarationError
from tests.town import Town


def test_is_told_and_not_passed_over(tmp_path: Path) -> None:
    town = Town(tmp_path)
    (town.folders.source / "youto/collection.toml").unlink()
    with pytest.raises(DeclarationError, match=r"youto: 地図の説明書 collection\.toml がありません。見本から写して"):
        town.build()


def test_an_empty_service_is_told(tmp_path: Path) -> None:
    town = Town(tmp_path)
    for name in ("youto", "choudo", "choiki"):
        shutil.rmtree(town.folders.source / name)
    with pytest.raises(DeclarationError, match=r"地図が一つもありません。地図ごとのフォルダを作り"):
        town.build()


def test_parameter_files_and_deliveries_need_none(tmp_path: Path) -> None:
    town = Town(tmp_path)
    for name in ("grids", "deliveries"):
        (town.folders.source / name).mkdir()
    assert town.build(check_only=True).report.blocking == 0
