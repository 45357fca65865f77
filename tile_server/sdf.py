"""Japanese glyphs as MapLibre wants them: signed distance fields of 256 characters a file, out of the viewer's font.

24 pixels to the em, 3 pixels of margin, distances of 8 pixels over 256 steps with the outline at 192 (cutoff 0.25):
the figures that MapLibre's shader expects. `top` counts from the font's ascender, as in the files of node-fontnik.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from io import BytesIO

import cv2
import numpy as np
import numpy.typing as npt
from fontTools.ttLib import TTFont
from PIL import ImageFont

from gis_pipeline.cartography import FONT
from gis_pipeline.errors import UnknownItem

FONTSTACK = FONT[0]
FONT_FILE = "NotoSansJP-Medium.ttf"
EM_PX, MARGIN_PX, RADIUS_PX, CUTOFF = 24, 3, 8, 0.25
_FINE = 4
"""The outline is drawn so many times larger before distances are measured."""


@lru_cache(maxsize=64)
def glyph_range(first: int) -> bytes:
    """The glyphs of the characters `first` to `first` + 255 as MapLibre's protocol buffer.

    Characters that the font does not have are left out. Raises UnknownItem where the viewer is not built.
    """
    font, known = _font()
    stack = _text(1, FONTSTACK) + _text(2, f"{first}-{first + 255}")
    for code in range(first, first + 256):
        if code in known:
            stack += _field(3, _glyph(font, chr(code)))
    return _field(1, stack)


@lru_cache(maxsize=1)
def _font() -> tuple[ImageFont.FreeTypeFont, frozenset[int]]:
    """The font at the fine size, and the characters it has."""
    member = files("web_viewer") / "dist" / "fonts" / FONT_FILE
    if not member.is_file():
        raise UnknownItem("字形はまだ用意されていません（ビューアを作ると入ります）。")
    content = member.read_bytes()
    font = ImageFont.truetype(BytesIO(content), EM_PX * _FINE, layout_engine=ImageFont.Layout.BASIC)
    with TTFont(BytesIO(content), lazy=True) as tables:
        return font, frozenset(tables.getBestCmap())


def _glyph(font: ImageFont.FreeTypeFont, character: str) -> bytes:
    """One glyph message: the distances (absent where there is no ink), the box without its margin, and the advance."""
    mask, (offset_x, offset_y) = font.getmask2(character, mode="L", anchor="ls")
    width, height = mask.size
    advance = _whole(7, round(font.getlength(character) / _FINE))
    ink = np.asarray(mask, dtype=np.uint8).reshape(height, width)
    if not ink.any():
        return _whole(1, ord(character)) + _whole(3, 0) + _whole(4, 0) + _whole(5, 0) + _whole(6, 0) + advance
    left, top = offset_x // _FINE, -(offset_y // _FINE)
    right, bottom = -(-(offset_x + width) // _FINE), -(-(offset_y + height) // _FINE)
    columns, rows = right - left, bottom + top
    drawn = np.zeros((_FINE * (rows + 2 * MARGIN_PX), _FINE * (columns + 2 * MARGIN_PX)), dtype=bool)
    first_row = offset_y + _FINE * (top + MARGIN_PX)
    first_col = offset_x - _FINE * (left - MARGIN_PX)
    drawn[first_row : first_row + height, first_col : first_col + width] = ink >= 128
    ascender = round(font.getmetrics()[0] / _FINE)
    box = _whole(3, columns) + _whole(4, rows) + _whole(5, _zigzag(left)) + _whole(6, _zigzag(top - ascender))
    return _whole(1, ord(character)) + _field(2, _distances(drawn)) + box + advance


def _distances(drawn: npt.NDArray[np.bool_]) -> bytes:
    """Signed distances at the pixels' centres as bytes: 192 on the outline, more inside, 32 steps a pixel."""
    ink = drawn.astype(np.uint8)
    outside, inside = (cv2.distanceTransform(part, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for part in (1 - ink, ink))
    signed = (outside - inside) / _FINE
    half = _FINE // 2
    rows, cols = drawn.shape[0] // _FINE, drawn.shape[1] // _FINE
    # A pixel's centre is the corner of four fine ones.
    blocks = signed.reshape(rows, _FINE, cols, _FINE)[:, half - 1 : half + 1, :, half - 1 : half + 1]
    steps = 255 - 255 * (blocks.mean(axis=(1, 3)) / RADIUS_PX + CUTOFF)
    packed: bytes = np.clip(np.rint(steps), 0, 255).astype(np.uint8).tobytes()
    return packed


# ------------------------------------------------------------------ protocol buffer (glyphs.proto of node-fontnik)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _zigzag(value: int) -> int:
    return value * 2 if value >= 0 else -value * 2 - 1


def _whole(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode("utf-8"))
