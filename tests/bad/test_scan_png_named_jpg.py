"""A PNG whose suffix says JPEG."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import jpeg
from tests.georef.scene import picture


def test_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(picture(30, 40)).save(path, format="PNG")
    with pytest.raises(MaterialError, match=r"^a\.jpg: JPEG の画像として読めません.*拡張子が中身と合っているか"):
        list(jpeg.read(path, path.name, 400, tmp_path))
