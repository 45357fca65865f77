"""Text as outlines of the packaged font (Noto Sans JP, SIL OFL 1.1). No system font is ever looked at.

A character the font has not is drawn as 〓, the printers' mark for a type that is missing, never as a box that could
be taken for a character; `missing` lets tests and checks find it before anybody sees it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Any

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

from gis_pipeline.errors import MachineError

EM = 1000
MIDDLE_EM = 380
"""Half of the ideographic em box above the baseline, in thousandths of the size."""
_GETA = "〓"
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Outline:
    """A path in thousandths of the size, y downwards, from the baseline's start; and how far it advances."""

    path: str
    advance: float


class _Font:
    def __init__(self, content: bytes) -> None:
        self._font = TTFont(BytesIO(content), lazy=True)
        self._scale = EM / self._font["head"].unitsPerEm
        self.names: dict[int, str] = self._font.getBestCmap()
        self._glyphs: Any = self._font.getGlyphSet()

    def draw(self, text: str) -> Outline:
        x, scale = 0.0, self._scale
        pen = SVGPathPen(self._glyphs, ntos=lambda value: f"{value:.0f}")
        for character in text:
            glyph = self._glyphs[self.names.get(ord(character)) or self.names[ord(_GETA)]]
            glyph.draw(TransformPen(pen, (scale, 0, 0, -scale, x, 0)))
            x += glyph.width * scale
        return Outline(pen.getCommands(), x)


@cache
def _font() -> _Font:
    path = files("web_viewer") / "dist" / "fonts" / "NotoSansJP-Medium.ttf"
    if not path.is_file():
        raise MachineError("文字を描く書体がありません。make viewer を実行してください。")
    return _Font(path.read_bytes())


@lru_cache(maxsize=8192)
def outline(text: str) -> Outline:
    """The outline of a text on one line; raises MachineError if the package was built without its font."""
    with _LOCK:  # fontTools reads tables when they are first needed, and two threads would read one at once
        return _font().draw(text)


def missing(text: str) -> frozenset[str]:
    """The characters of a text that the font has not."""
    with _LOCK:
        names = _font().names
    return frozenset(character for character in text if ord(character) not in names)
