"""A PDF whose page tree is empty, or goes round in a circle."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import pdf

CIRCLE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[2 0 R]/Count 1000000>>endobj\ntrailer<</Root 1 0 R/Size 3>>\n%%EOF"
)


def test_no_page_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    pypdfium2.PdfDocument.new().save(path)
    with pytest.raises(MaterialError, match=r"^a\.pdf: "):
        list(pdf.read(path, path.name, 400, tmp_path))


def test_a_circle_of_pages_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(CIRCLE)
    with pytest.raises(MaterialError, match=r"^a\.pdf: 1 ページ目が壊れていて読めません"):
        list(pdf.read(path, path.name, 400, tmp_path))
