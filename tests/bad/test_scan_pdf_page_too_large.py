"""A PDF page of 5 × 5 m, which would be 6 gigapixels at 400 dpi."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import pdf


def test_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    document = pypdfium2.PdfDocument.new()
    document.new_page(14_173, 14_173)
    document.save(path)
    with pytest.raises(MaterialError, match=r"^a\.pdf: 画像が大きすぎます: 78739×78739 画素"):
        list(pdf.read(path, path.name, 400, tmp_path))
