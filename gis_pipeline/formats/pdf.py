"""PDF pages: a page that is one scanned image yields that image's own pixels, any other is rendered.

Rendering a scan at its nominal resolution resamples it (4961 for 4960 pixels), so the pixels are taken out where
that is provably the same picture: the page holds one image that fills it, and a rendered miniature agrees.
"""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import DatasetWriter
from rasterio.windows import Window

from gis_pipeline.errors import MaterialError, Where
from gis_pipeline.formats import _raster
from gis_pipeline.members import ScanPage

KIND: Literal["scan"] = "scan"
TITLE = "PDF"
SUFFIXES: tuple[str, ...] = (".pdf",)

Pixels = NDArray[np.uint8]

POINTS_PER_INCH = 72.0
STRIP_PIXELS = 16_000_000
"""A page is rendered in strips of about this many pixels, so that its size does not decide the memory."""
MINIATURE_PX = 96
ALIKE = 0.9
"""Least correlation of the miniature with the image taken out; a turned or masked page stays far below."""


def read(path: Path, name: str, dpi: int, work: Path) -> Iterator[ScanPage]:
    """Every page, unpacked as a TIFF in `work`. Raises MaterialError (password, broken, page too large)."""
    _raster.check_not_empty(path, name)
    document = _document(path, name)
    work.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]  # two editions may hold files of one name
    try:
        for number in range(1, len(document) + 1):
            yield _page(document, number, name, dpi, work, key)
    finally:
        document.close()


def _document(path: Path, name: str) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            raise MaterialError(
                "パスワードの付いた PDF は読めません。", Where(file=name), "パスワードを外して保存し直してください。"
            ) from error
        raise MaterialError(
            f"PDF として読めません（{error}）。", Where(file=name), "ファイルが壊れていないか確かめてください。"
        ) from error


def _page(document: pypdfium2.PdfDocument, number: int, name: str, dpi: int, work: Path, key: str) -> ScanPage:
    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError as error:
        raise MaterialError(
            f"{number} ページ目が壊れていて読めません（{error}）。", Where(file=name), "作り直してください。"
        ) from error
    target = work / f"{key}-{number}.tif"
    width_pt, height_pt = page.get_size()
    if not (width_pt > 0 and height_pt > 0):
        raise MaterialError(f"{number} ページ目の大きさが 0 です。", Where(file=name), "作り直してください。")
    image = _only_image(page)
    pixels = None if image is None else _own_pixels(page, image, name)
    if image is not None and pixels is not None:
        _write(target, pixels)
        dpi_found = round(pixels.shape[1] / (width_pt / POINTS_PER_INCH), 2)
        bitonal = image.get_metadata().bits_per_pixel == 1
        shape = pixels.shape
    else:
        shape = _render(page, dpi, target, name)
        dpi_found, bitonal = float(dpi), False
    page.close()
    return ScanPage(name, number, shape[1], shape[0], bitonal, dpi_found, _raster.opener(target, "GTiff", name))


# ------------------------------------------------------------------ a page that is one image


def _only_image(page: pypdfium2.PdfPage) -> pypdfium2.PdfImage | None:
    """The image if nothing else is to be seen on the page and it fills the page; the unseen text that scanners
    add for searching does not count."""
    if pdfium.FPDFPage_GetAnnotCount(page) > 0:
        return None
    seen = [item for item in page.get_objects() if not (_is_unseen_text(item) or item.type == pdfium.FPDF_PAGEOBJ_FORM)]
    if len(seen) != 1 or not isinstance(seen[0], pypdfium2.PdfImage) or seen[0].level > 0:
        return None
    box = np.array(page.get_bbox())
    slack = 0.005 * float(np.ptp(box))
    fills = np.abs(np.array(seen[0].get_bounds()) - box).max() <= slack
    return seen[0] if fills else None


def _is_unseen_text(item: pypdfium2.PdfObject) -> bool:
    if item.type != pdfium.FPDF_PAGEOBJ_TEXT:
        return False
    return bool(pdfium.FPDFTextObj_GetTextRenderMode(item) == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE)


def _own_pixels(page: pypdfium2.PdfPage, image: pypdfium2.PdfImage, name: str) -> Pixels | None:
    """The image's pixels turned as the page shows them; None where they do not look like the rendered page."""
    width_px, height_px = image.get_px_size()
    _raster.check_size(width_px, height_px, name)
    try:
        bitmap = image.get_bitmap()
    except pypdfium2.PdfiumError:
        return None
    pixels = _turned(_as_array(bitmap), image.get_matrix(), page.get_rotation())
    if pixels is None or not _looks_like(page, pixels):
        return None
    return pixels


def _as_array(bitmap: pypdfium2.PdfBitmap) -> Pixels:
    """Grey (rows, cols) or RGB (rows, cols, 3), copied out of PDFium's memory."""
    raw = bitmap.to_numpy()
    if raw.ndim == 2 or raw.shape[2] == 1:
        return np.ascontiguousarray(raw.reshape(raw.shape[:2]))
    code = cv2.COLOR_BGR2RGB if raw.shape[2] == 3 else cv2.COLOR_BGRA2RGB
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(raw), code), dtype=np.uint8)


def _turned(pixels: Pixels, matrix: pypdfium2.PdfMatrix, rotation_deg: int) -> Pixels | None:
    """Follows the image's matrix (quarter turns and mirrors only) and the page's /Rotate, clockwise in degrees.

    The matrix takes the unit square, image row 0 at y = 1, to the page, y upwards.
    """
    a, b, c, d = matrix.a, matrix.b, matrix.c, matrix.d
    size = max(abs(a), abs(b), abs(c), abs(d))
    if max(abs(b), abs(c)) < 1e-3 * size:
        upright = pixels[:: 1 if d > 0 else -1, :: 1 if a > 0 else -1]
    elif max(abs(a), abs(d)) < 1e-3 * size:
        # columns run along the page's y, rows along its x
        across = pixels.swapaxes(0, 1)
        upright = across[:: -1 if b > 0 else 1, :: 1 if c < 0 else -1]
    else:
        return None
    return np.ascontiguousarray(np.rot90(upright, k=-(rotation_deg // 90) % 4))


def _looks_like(page: pypdfium2.PdfPage, pixels: Pixels) -> bool:
    """Compares miniatures: catches masks, inverted colours, clips and turns that the matrix does not tell."""
    width_pt, height_pt = page.get_size()
    rows, cols = pixels.shape[:2]
    if abs(math.log((cols / rows) / (width_pt / height_pt))) > 0.05:
        return False
    scale = 10 * MINIATURE_PX / max(width_pt, height_pt)
    rendered = page.render(scale=scale)
    shown = _miniature(_as_array(rendered))
    own = _miniature(pixels)
    if max(shown.std(), own.std()) < 1.0:  # a blank page
        return bool(abs(shown.mean() - own.mean()) < 8)
    if min(shown.std(), own.std()) < 0.2:
        return False
    return bool(np.corrcoef(shown.ravel(), own.ravel())[0, 1] >= ALIKE and abs(shown.mean() - own.mean()) < 24)


def _miniature(pixels: Pixels) -> NDArray[np.float64]:
    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (MINIATURE_PX, MINIATURE_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float64)


# ------------------------------------------------------------------ any other page


def _render(page: pypdfium2.PdfPage, dpi: int, target: Path, name: str) -> tuple[int, int]:
    """Renders the page in strips into `target`; returns (rows, cols)."""
    scale = dpi / POINTS_PER_INCH * (1 - 1e-9)  # rounded up below and in PDFium: 875 must not become 876
    width_pt, height_pt = page.get_size()
    cols, rows = math.ceil(width_pt * scale), math.ceil(height_pt * scale)
    _raster.check_size(cols, rows, name)
    step = max(256, STRIP_PIXELS // cols // 256 * 256)
    with _tiff(target, rows, cols, 3) as out:
        for top in range(0, rows, step):
            bottom = min(top + step, rows)
            # PDFium rounds each cropped edge up to whole pixels: half a pixel less says exactly which
            crop = (0.0, _edge(rows - bottom, scale), 0.0, _edge(top, scale))
            strip = page.render(scale=scale, crop=crop)
            pixels = _as_array(strip)
            if pixels.ndim == 2:
                pixels = np.repeat(pixels[:, :, None], 3, axis=2)
            out.write(np.moveaxis(pixels, 2, 0), window=Window(0, top, cols, bottom - top))
    return rows, cols


def _edge(pixels: int, scale: float) -> float:
    return (pixels - 0.5) / scale if pixels else 0.0


def _write(target: Path, pixels: Pixels) -> None:
    rows, cols = pixels.shape[:2]
    bands = 1 if pixels.ndim == 2 else 3
    step = 2048
    with _tiff(target, rows, cols, bands) as out:
        for top in range(0, rows, step):
            strip = pixels[top : top + step]
            window = Window(0, top, cols, len(strip))
            out.write(strip[None] if bands == 1 else np.moveaxis(strip, 2, 0), window=window)


@contextmanager
def _tiff(target: Path, rows: int, cols: int, bands: int) -> Iterator[DatasetWriter]:
    with rasterio.Env(**_raster.GDAL_OPTIONS), warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            target, "w", driver="GTiff", width=cols, height=rows, count=bands, dtype="uint8",
            photometric="rgb" if bands == 3 else "minisblack", interleave="pixel", compress="zstd", zstd_level=1,
            blockysize=256, BIGTIFF="IF_SAFER",
        ) as out:  # fmt: skip
            yield out
