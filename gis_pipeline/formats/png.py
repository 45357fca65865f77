"""PNG scans, with a world file beside them or without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from gis_pipeline.formats import _raster
from gis_pipeline.members import ScanPage

KIND: Literal["scan"] = "scan"
TITLE = "PNG 画像"
SUFFIXES: tuple[str, ...] = (".png",)


def read(path: Path, name: str, dpi: int, work: Path) -> Iterator[ScanPage]:
    """The one page of the file; `dpi` and `work` are not needed. Raises MaterialError."""
    _raster.check_not_empty(path, name)
    yield _raster.image_page(path, name, "PNG")
