"""TIFF scans: RGB, grey, palette and CCITT G4, in strips or tiles, one page or several; also GeoTIFF."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from gis_pipeline.formats import _raster
from gis_pipeline.members import ScanPage

KIND: Literal["scan"] = "scan"
TITLE = "TIFF 画像"
SUFFIXES: tuple[str, ...] = (".tif", ".tiff")


def read(path: Path, name: str, dpi: int, work: Path) -> Iterator[ScanPage]:
    """Every page of the file, thumbnails left out; `dpi` and `work` are not needed. Raises MaterialError."""
    _raster.check_not_empty(path, name)
    with _raster.opened(path, "GTiff", name) as source:
        pages = [dataset for dataset in source.subdatasets if dataset.startswith("GTIFF_DIR:")]
    if len(pages) < 2:
        yield _raster.image_page(path, name, "GTiff")
        return
    for number, dataset in enumerate(pages, start=1):
        yield _raster.image_page(path, name, "GTiff", page=number, dataset=dataset)
