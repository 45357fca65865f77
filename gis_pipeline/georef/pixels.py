"""The pixels of a scanned page as 8-bit grey or RGB, whatever the file holds, and sampling them.

A page is decoded once from its first row to its last: JPEG and CCITT cannot be entered in the middle, and a file
that is cut off or damaged shows itself only there.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from gis_pipeline.errors import MachineError, MaterialError, Where
from gis_pipeline.georef._gdal_log import listening
from gis_pipeline.members import ScanPage

Pixels = NDArray[np.uint8]
Positions = NDArray[np.float32]

IN_MEMORY_BYTES = 256 * 2**20
"""Larger pages are unpacked into a temporary file that the system may drop from memory."""
STRIP_ROWS = 1024
_MARGIN_PX = 4
_NOT_RGB = frozenset({ColorInterp.hue, ColorInterp.Y, ColorInterp.lightness, ColorInterp.saturation})
_SPACES = frozenset({None, "CMYK", "YCbCr"})
"""Colour spaces that GDAL turns into RGB as a viewer would."""


@dataclass(frozen=True)
class SourcePixels:
    """A decoded page of `width_px` × `height_px`.

    `values` is (rows, cols) grey or (rows, cols, 3) RGB, each standing for `shrink` × `shrink` pixels of the page.
    `mask` (page pixels) is 255 where the page has any, None if everywhere.
    """

    values: Pixels
    mask: Pixels | None
    width_px: int
    height_px: int
    shrink: int = 1

    @property
    def bands(self) -> int:
        """1 (grey) or 3 (RGB)."""
        return 1 if self.values.ndim == 2 else 3

    def reduced(self, shrink: int) -> SourcePixels:
        """The page with `shrink` × `shrink` pixels averaged into one; an incomplete last one repeats its edge."""
        if shrink == 1:
            return self
        rows, cols = -(-self.height_px // shrink), -(-self.width_px // shrink)
        small = np.empty((rows, cols, *self.values.shape[2:]), dtype=np.uint8)
        step = max(1, STRIP_ROWS // shrink)
        for top in range(0, rows, step):
            part = self.values[top * shrink : (top + step) * shrink]
            below = -part.shape[0] % shrink
            right = -part.shape[1] % shrink
            padded = cv2.copyMakeBorder(part, 0, below, 0, right, cv2.BORDER_REPLICATE)
            count = padded.shape[0] // shrink
            small[top : top + count] = cv2.resize(padded, (cols, count), interpolation=cv2.INTER_AREA)
        return replace(self, values=small, shrink=shrink)

    def covers(self, cols: Positions, rows: Positions) -> NDArray[np.bool_]:
        """Where the page has pixels, at page positions (corner convention)."""
        on_page = (cols >= 0) & (cols <= self.width_px) & (rows >= 0) & (rows <= self.height_px)
        if self.mask is not None and on_page.any():
            part, at_cols, at_rows = _window(self.mask, cols, rows)
            on_page &= cv2.remap(part, at_cols, at_rows, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE) >= 128
        return on_page

    def sample(self, cols: Positions, rows: Positions) -> Pixels:
        """Bicubic values at page positions (corner convention); (rows, cols) or (rows, cols, 3)."""
        scale = np.float32(1 / self.shrink)
        part, at_cols, at_rows = _window(self.values, cols * scale, rows * scale)
        return np.asarray(cv2.remap(part, at_cols, at_rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))


def _window(values: Pixels, cols: Positions, rows: Positions) -> tuple[Pixels, Positions, Positions]:
    """The part of `values` that the positions need, and the positions in it as OpenCV counts: pixel CENTRES whole."""
    height, width = values.shape[:2]
    left, right = _range(cols, width)
    top, bottom = _range(rows, height)
    half = np.float32(0.5)
    return values[top:bottom, left:right], cols - (half + np.float32(left)), rows - (half + np.float32(top))


def _range(positions: Positions, size: int) -> tuple[int, int]:
    low = int(np.clip(np.floor(positions.min()) - _MARGIN_PX, 0, size - 1))
    high = int(np.clip(np.ceil(positions.max()) + _MARGIN_PX, low + 1, size))
    return low, high


def source_pixels(page: ScanPage, work: Path) -> SourcePixels:
    """The decoded page; a large one lies in a nameless file below `work` as long as it is used.

    1-bit and palette images follow their colours, CMYK becomes RGB, 16 bits become 8. Raises MaterialError for other
    kinds of pixels and for a file that cannot be decoded to its end, MachineError on a full disk.

    What GDAL only mentions while decoding (a bad CCITT code word, a short strip) is an error here: it leaves out part
    of the drawing.
    """
    with listening() as heard:
        try:
            with page.open() as source:
                decoded = _decoded(source, page, work)
        except RasterioError as error:
            raise _damaged(page, (heard or [str(error)])[0]) from error
    if heard:
        raise _damaged(page, heard[0])
    return decoded


def _decoded(source: DatasetReader, page: ScanPage, work: Path) -> SourcePixels:
    conversion = _Conversion.of(source, page)
    height, width = source.height, source.width
    values = _room((height, width) if conversion.bands == 1 else (height, width, 3), work)
    masked = MaskFlags.per_dataset in source.mask_flag_enums[0]
    mask = _room((height, width), work) if masked else None
    block_rows = source.block_shapes[0][0]
    step = max(block_rows, STRIP_ROWS // block_rows * block_rows)
    for top in range(0, height, step):
        window = Window(0, top, width, min(step, height - top))
        values[top : top + step] = conversion(source.read(conversion.indexes, window=window))
        if mask is not None:
            mask[top : top + step] = source.dataset_mask(window=window)
    return SourcePixels(values, mask, width, height)


def _room(shape: tuple[int, ...], work: Path) -> Pixels:
    """Memory, or a file that is gone when the process ends, its space reserved (a mapped file on a full disk kills)."""
    size = int(np.prod(shape))
    if size <= IN_MEMORY_BYTES:
        return np.empty(shape, dtype=np.uint8)
    try:
        with tempfile.TemporaryFile(dir=work) as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            return np.memmap(file, dtype=np.uint8, mode="w+", shape=shape)
    except OSError as error:
        raise MachineError(
            f"図面を広げる場所がありません（{size / 1e9:.1f} GB 必要です）。空きを作ってください。"
        ) from error


@dataclass(frozen=True)
class _Conversion:
    """From the bands of a file to grey or RGB."""

    indexes: tuple[int, ...]
    bands: int
    table: Pixels | None = None
    bits: int = 8
    cmyk: bool = False

    @classmethod
    def of(cls, source: DatasetReader, page: ScanPage) -> _Conversion:
        """What a file needs; raises MaterialError for pixels that are no picture."""
        dtypes, count = set(source.dtypes), _colour_bands(source)
        cmyk = count == 4
        if dtypes not in ({"uint8"}, {"uint16"}) or count == 0:
            raise MaterialError(
                f"この種類の画像は扱えません（{source.count} バンド、{'・'.join(sorted(dtypes))}）。",
                Where(file=page.file),
                "8 ビットの白黒・グレー・カラー (RGB) で保存し直してください。",
            )
        bits = int(source.tags(1, ns="IMAGE_STRUCTURE").get("NBITS", 16 if dtypes == {"uint16"} else 8))
        indexes = tuple(range(1, count + 1))
        if count == 1 and dtypes == {"uint8"}:
            table = _table(source, bits)
            return cls(indexes, 1 if table is None or table.ndim == 1 else 3, table)
        return cls(indexes, 3 if count > 1 else 1, bits=bits, cmyk=cmyk)

    def __call__(self, raw: NDArray[np.uint8] | NDArray[np.uint16]) -> Pixels:
        """(bands, rows, cols) as read → (rows, cols) or (rows, cols, 3)."""
        if self.table is not None:
            return np.asarray(self.table[raw[0]])
        if self.bits > 8:
            top = (1 << self.bits) - 1
            raw = ((raw.astype(np.uint32) * 255 + top // 2) // top).astype(np.uint8)
        if self.cmyk:
            white = 255 - raw.astype(np.uint16)
            raw = ((white[:3] * white[3] + 127) // 255).astype(np.uint8)
        return np.asarray(raw[0] if self.bands == 1 else np.moveaxis(raw, 0, 2), dtype=np.uint8)


def _colour_bands(source: DatasetReader) -> int:
    """How many bands make the picture: 1 (grey, palette), 3 (RGB), 4 (CMYK); 0 if they are no picture."""
    kinds, count = source.colorinterp, source.count
    if count in (2, 4) and kinds[-1] == ColorInterp.alpha:
        count -= 1
    known = count in (1, 3) or (count == 4 and kinds[0] == ColorInterp.cyan)
    space = source.tags(ns="IMAGE_STRUCTURE").get("SOURCE_COLOR_SPACE")
    return count if known and kinds[0] not in _NOT_RGB and space in _SPACES else 0


def _table(source: DatasetReader, bits: int) -> Pixels | None:
    """Value → grey (256,) or RGB (256, 3), from the palette or the number of bits; None if values are grey already.

    Fully transparent palette colours are white paper.
    """
    try:
        palette = source.colormap(1)
    except ValueError:
        steps = (1 << bits) - 1
        grey = np.round(np.minimum(np.arange(256), steps) * (255 / steps)).astype(np.uint8)
        if source.tags(ns="IMAGE_STRUCTURE").get("MINISWHITE") == "YES":
            return np.asarray(255 - grey, dtype=np.uint8)
        return None if bits == 8 else grey
    table = np.full((256, 3), 255, dtype=np.uint8)
    for value, (red, green, blue, alpha) in palette.items():
        if alpha:
            table[value] = red, green, blue
    used = table[list(palette)]
    is_grey = bool((used == used[:, :1]).all())
    return np.ascontiguousarray(table[:, 0]) if is_grey else table


def _damaged(page: ScanPage, words: str) -> MaterialError:
    return MaterialError(
        f"画像が壊れていて最後まで読めません（{words}）。",
        Where(file=page.file),
        "もう一度コピーするか、スキャンし直してください。",
    )
