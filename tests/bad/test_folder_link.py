"""Links in the material: what they lead to is not what was delivered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gis_pipeline.errors import DeclarationError
from tests.town import Town, findings


@pytest.mark.parametrize("target", ["/etc/passwd", "youto.geojson", ".."])
def test_a_link_among_the_material_blocks_by_its_name(tmp_path: Path, target: str) -> None:
    town = Town(tmp_path)
    (town.folders.source / "youto/2026-04-01/also.geojson").symlink_to(target)
    [finding] = findings(town.build())
    assert (finding.rule, finding.file) == ("read", "2026-04-01/also.geojson")
    assert (finding.message, finding.advice) == (
        "リンクは使えません。",
        "ファイルそのものをフォルダに置いてください。",
    )


def test_an_edition_that_is_a_link_is_refused(tmp_path: Path) -> None:
    town = Town(tmp_path)
    (town.folders.source / "youto/2026-05-01").symlink_to(tmp_path)
    with pytest.raises(DeclarationError, match=r"youto/2026-05-01: リンクは使えません。フォルダそのものを"):
        town.build()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="skipped: no named pipes here")
def test_what_is_neither_file_nor_folder_blocks(tmp_path: Path) -> None:
    town = Town(tmp_path)
    os.mkfifo(town.folders.source / "youto/2026-04-01/pipe.geojson")
    [finding] = findings(town.build())
    assert (finding.file, finding.message) == ("2026-04-01/pipe.geojson", "ふつうのファイルではありません。")
