"""A JPEG of no bytes, as an interrupted copy leaves it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import jpeg


def test_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.touch()
    with pytest.raises(MaterialError, match=r"^a\.jpg: 空のファイルです（0 バイト）。 もう一度コピーしてください。"):
        list(jpeg.read(path, path.name, 400, tmp_path))
