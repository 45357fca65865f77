from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import DeclarationError
from tests.town import Town


@pytest.mark.parametrize("name", ["1999-01-01", "youto@1999-01-01", "nai@2026-04-01"])
def test_an_edition_that_does_not_exist_cannot_be_corrected(tmp_path: Path, name: str) -> None:
    with pytest.raises(
        DeclarationError, match=f"「{name}」という版のフォルダはありません。あるもの: choiki@2026-04-01"
    ):
        Town(tmp_path).build(editions=(name,))
