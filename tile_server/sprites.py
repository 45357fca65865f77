"""The pictures that MapLibre styles name: one repeating square per pattern, drawn here, the same on every machine."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from gis_pipeline.cartography import INK

SIDE_PX = 16
_PERIOD = 8.0
_STEPS = 4
"""Samples per pixel along each axis: the share of them that is inked is the pixel's opacity."""

Inked = Callable[[float, float], bool]


def _hatch(x: float, y: float) -> bool:
    return abs((x + y) % _PERIOD - _PERIOD / 2) < 0.75


def _cross(x: float, y: float) -> bool:
    return _hatch(x, y) or abs((x - y) % _PERIOD - _PERIOD / 2) < 0.75


def _dots(x: float, y: float) -> bool:
    return (x % _PERIOD - _PERIOD / 2) ** 2 + (y % _PERIOD - _PERIOD / 2) ** 2 < 1.3**2


def _dash(x: float, y: float) -> bool:
    row = y % _PERIOD
    return (1 <= row < 2 and x % _PERIOD < 5) or (5 <= row < 6 and (x + _PERIOD / 2) % _PERIOD < 5)


PATTERNS: Mapping[str, Inked] = {"hatch": _hatch, "cross": _cross, "dots": _dots, "dash": _dash}
"""Whether a place is inked, in units of a pixel at ratio 1, y downwards; all repeat after 8."""


def index(ratio: int) -> dict[str, dict[str, Any]]:
    """The sprite's JSON: where each pattern lies in the picture of that pixel ratio."""
    side = SIDE_PX * ratio
    return {
        name: {"x": place * side, "y": 0, "width": side, "height": side, "pixelRatio": ratio}
        for place, name in enumerate(PATTERNS)
    }


@lru_cache(maxsize=2)
def picture(ratio: int) -> bytes:
    """The sprite's PNG (RGBA) at that pixel ratio."""
    red, green, blue = (int(INK[place : place + 2], 16) for place in (1, 3, 5))
    rows = bytearray()
    for row in range(SIDE_PX * ratio):
        rows.append(0)
        for inked in PATTERNS.values():
            for col in range(SIDE_PX * ratio):
                rows += bytes((red, green, blue, _opacity(inked, col, row, ratio)))
    return _png(SIDE_PX * ratio * len(PATTERNS), SIDE_PX * ratio, bytes(rows))


def _opacity(inked: Inked, col: int, row: int, ratio: int) -> int:
    offsets = [(step + 0.5) / _STEPS for step in range(_STEPS)]
    hits = sum(inked((col + dx) / ratio, (row + dy) / ratio) for dx in offsets for dy in offsets)
    return round(255 * hits / _STEPS**2)


def _png(width: int, height: int, rows: bytes) -> bytes:
    """An 8-bit RGBA picture; each row begins with its filter byte 0 (PNG, 9.2)."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    packed = zlib.compress(rows, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
