"""An entry for page 3 of a PDF of two pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gis_pipeline.errors import DeclarationError
from gis_pipeline.formats import pdf
from gis_pipeline.georef.sheets_of_edition import placed_sheets
from gis_pipeline.model import EditionDeclaration, SheetDeclaration
from tests.georef.scene import FRAME, collection


def test_is_refused(tmp_path: Path) -> None:
    blank = Image.new("L", (400, 300), 255)
    blank.save(tmp_path / "a.pdf", save_all=True, append_images=[blank])
    edition = EditionDeclaration(sheets=(SheetDeclaration(file="a.pdf", page=3, code="09KC971"),))
    with pytest.raises(DeclarationError, match=r"a\.pdf は 2 ページまでしかありません（図郭 09KC971 の page = 3）。"):
        list(placed_sheets(tmp_path, collection(), edition, [pdf], frame=FRAME, grids=None, work=tmp_path / "w"))
