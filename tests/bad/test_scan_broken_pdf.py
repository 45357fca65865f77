"""A PDF of which only the first lines arrived."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import pdf


def test_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n")
    with pytest.raises(MaterialError, match=r"^a\.pdf: PDF として読めません"):
        list(pdf.read(path, path.name, 400, tmp_path))
