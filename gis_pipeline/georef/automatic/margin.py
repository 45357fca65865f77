"""What is printed around a map (欄外): code, scale, title, dates, corner coordinates, read by OCR without a network.

What is read is a proposal with a confidence. Characters that OCR confuses (0 and O, 1 and I …) count as the same when
a reading is held against what is declared: no two sheet codes differ by them alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import cv2
import numpy as np

from gis_pipeline.errors import MachineError
from gis_pipeline.georef.automatic.ink import Grey
from gis_pipeline.georef.automatic.model import SheetModel
from gis_pipeline.georef.automatic.paper import Paper

COARSE_PX_PER_MM = 4.0
FINE_PX_PER_MM = 8.0
WIDEST_MM = 110.0
WINDOW_MM, OVERLAP_MM = 320.0, 80.0
SURE = 0.80
_ALIKE = str.maketrans("OQDILZSGBＯ", "0001125680"[:9] + "0")
_CODE = re.compile(r"(?<![0-9A-Z])[01]\d[A-T][A-H](?:\d\d(?:[1-4]|[0-4][A-E]|\d\d|[A-T]{2})?)?(?![0-9A-Z])")
_SCALE = re.compile(r"1[:/∶;.]([1-9]\d{2,5})(?!\d)")
_SCALE_WORD = re.compile(r"縮尺\D{0,3}1?\D{0,2}([1-9]\d{2,5})(?!\d)")
_DATE = re.compile(r"(令和|平成|昭和|大正|明治)?\s*(元|\d{1,4})\s*年\s*(\d{1,2})\s*月[^\s、。]{0,8}")
_NUMBER = re.compile(r"(\d{1,3}\.\d{3})")


@dataclass(frozen=True)
class MarginText:
    """One line of text: its middle on paper, its height, and how sure the reading is (0 … 1)."""

    text: str
    confidence: float
    x_mm: float
    y_mm: float
    height_mm: float


class Engine(Protocol):
    """A reader of text in grey pictures."""

    def __call__(self, image: Any, **options: Any) -> Any:
        """Boxes, texts and scores."""


@lru_cache(maxsize=1)
def engine() -> Engine:
    """PP-OCR weights that ship in the package `rapidocr`; loaded once a process, one thread."""
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise MachineError(
            "欄外の文字を読む部品がありません。「pip install machizu[scan]」で加えてください。"
        ) from error
    options = {
        "Global.log_level": "critical",
        "Global.use_cls": False,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        "Det.limit_type": "max",
        "Det.limit_side_len": 4000,
    }
    made: Engine = RapidOCR(params=options)
    return made


def read_margin(light: Grey, model: SheetModel, paper: Paper) -> tuple[MarginText, ...]:
    """The texts outside the neatline, upright as `model` has it: large ones everywhere, small ones at the corners."""
    west, north, east, south = _page_edges(light, model, paper)
    width, height = paper.width_mm, paper.height_mm
    coarse = [(west, north, east, -1.0), (west, height + 1.0, east, south)]
    coarse += [(width + 1.0, 0.0, east, height), (west, 0.0, -1.0, height)]
    texts = [text for box in coarse for part in _windows(box) for text in _read(light, model, part, COARSE_PX_PER_MM)]
    for x in (0.0, width):
        for y in (0.0, height):
            box = (max(west, x - 32), x - 0.8) if x == 0 else (x + 0.8, min(east, x + 32))
            tall = (max(north, y - 12), y - 0.8) if y == 0 else (y + 0.8, min(south, y + 12))
            texts += _read(light, model, (box[0], tall[0], box[1], tall[1]), FINE_PX_PER_MM)
    return tuple(texts)


def _windows(box_mm: tuple[float, float, float, float]) -> Iterator[tuple[float, float, float, float]]:
    """A strip in overlapping pieces: the reader loses a short text in a long picture."""
    west, north, east, south = box_mm
    for left in np.arange(west, max(east - OVERLAP_MM, west + 1), WINDOW_MM - OVERLAP_MM):
        for top in np.arange(north, max(south - OVERLAP_MM, north + 1), WINDOW_MM - OVERLAP_MM):
            yield float(left), float(top), min(east, float(left) + WINDOW_MM), min(south, float(top) + WINDOW_MM)


def _page_edges(light: Grey, model: SheetModel, paper: Paper) -> tuple[float, float, float, float]:
    rows, cols = light.shape
    x, y = model.to_paper(np.array([0.0, cols, cols, 0.0]), np.array([0.0, 0.0, rows, rows]))
    return (
        max(float(x.min()), -WIDEST_MM),
        max(float(y.min()), -WIDEST_MM),
        min(float(x.max()), paper.width_mm + WIDEST_MM),
        min(float(y.max()), paper.height_mm + WIDEST_MM),
    )


def _read(
    light: Grey, model: SheetModel, box_mm: tuple[float, float, float, float], px_per_mm: float
) -> Iterator[MarginText]:
    west, north, east, south = box_mm
    if east - west < 5 or south - north < 3:
        return
    picture = rectified(light, model, box_mm, px_per_mm)
    if int(picture.min()) > 160:
        return
    found = engine()(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), use_cls=False)
    if found.boxes is None:
        return
    for corners, text, confidence in zip(found.boxes, found.txts, found.scores, strict=True):
        x, y = corners.mean(axis=0) / px_per_mm
        tall = float(np.hypot(*(corners[3] - corners[0]))) / px_per_mm
        yield MarginText(unicodedata.normalize("NFKC", text), float(confidence), west + x, north + y, tall)


def rectified(light: Grey, model: SheetModel, box_mm: tuple[float, float, float, float], px_per_mm: float) -> Grey:
    """A part of the sheet as it was drawn: straight, upright, at `px_per_mm`."""
    west, north, east, south = box_mm
    step = 10.0
    xs, ys = np.arange(west, east + step, step), np.arange(north, south + step, step)
    grid_x, grid_y = np.meshgrid(xs, ys)
    cols, rows = model.to_scan(grid_x, grid_y)
    shape = (int((east - west) * px_per_mm), int((south - north) * px_per_mm))
    at_x = (np.arange(shape[0], dtype=np.float32) + 0.5) / np.float32(px_per_mm * step)
    at_y = (np.arange(shape[1], dtype=np.float32) + 0.5) / np.float32(px_per_mm * step)
    across, down = np.meshgrid(at_x, at_y)
    maps = [cv2.remap((part - 0.5).astype(np.float32), across, down, cv2.INTER_LINEAR) for part in (cols, rows)]
    slope = abs(float(cols[0, 1] - cols[0, 0]) + 1j * float(rows[0, 1] - rows[0, 0])) / (step * px_per_mm)
    source = light if slope < 1.5 else cv2.blur(light, (int(slope + 0.5),) * 2)
    return np.asarray(
        cv2.remap(source, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=255)
    )


# ------------------------------------------------------------------ what the texts say


def folded(text: str) -> str:
    """Upper case without spaces, dashes and differences that OCR does not see."""
    plain = re.sub(r"[\s\-‐-―ー_.,]", "", unicodedata.normalize("NFKC", text).upper())
    return plain.translate(_ALIKE)


def codes(texts: tuple[MarginText, ...]) -> list[MarginText]:
    """Texts that are sheet codes of the 国土基本図, the tallest first."""
    found = [text for text in texts if _CODE.search(_shaped(text.text)) and text.confidence >= SURE]
    return sorted(found, key=lambda text: -text.height_mm)


def _shaped(text: str) -> str:
    return re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text).upper())


def scales(texts: tuple[MarginText, ...]) -> list[tuple[int, MarginText]]:
    """Denominators of printed scales, the tallest first; the scale of a base map ("2,500分の1…") is not one."""
    found = []
    for text in texts:
        plain = re.sub(r"[\s,]", "", text.text)
        match = _SCALE.search(plain) or _SCALE_WORD.search(plain)
        if match is not None and "分の1" not in plain and text.confidence >= 0.6:
            found.append((int(match[1]), text))
    return sorted(found, key=lambda one: -one[1].height_mm)


def dates(texts: tuple[MarginText, ...]) -> list[str]:
    """Dates with their words (測量, 作成, 修正 …) as printed."""
    return [match[0] for text in texts for match in _DATE.finditer(text.text) if text.confidence >= SURE]


def coordinates(texts: tuple[MarginText, ...], corner_mm: tuple[float, float], reach_mm: float) -> list[float]:
    """Kilometres printed near a corner, without their signs (too small to be read surely)."""
    near = [text for text in texts if np.hypot(text.x_mm - corner_mm[0], text.y_mm - corner_mm[1]) <= reach_mm]
    return [float(match[1]) for text in near for match in _NUMBER.finditer(text.text.replace(",", "."))]


def readable(texts: tuple[MarginText, ...]) -> float:
    """How much text was read surely: a sheet on its head gives little."""
    return float(sum(len(text.text) * text.confidence for text in texts if text.confidence >= SURE))
