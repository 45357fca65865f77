"""A page that is drawn as if it had been scanned: everything goes straight to its scanned pixel.

Vectors are placed with the exact scanner geometry before they are drawn, so the truth of every control point is a
formula and no pixel is resampled. Pixel coordinates count from the upper-left corner of the upper-left pixel.
The fonts are drawn into pixels only; no font file becomes part of the sample.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tools.sample.frame import SHEET_HEIGHT_M, SHEET_WIDTH_M, Array, Sheet

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]
DPI = 200
PX_PER_MM = DPI / 25.4
MM_PER_M = 1000.0 / 2500.0
FACE_WIDTH_MM, FACE_HEIGHT_MM = SHEET_WIDTH_M * MM_PER_M, SHEET_HEIGHT_M * MM_PER_M
MARGIN_LEFT_MM, MARGIN_TOP_MM, MARGIN_RIGHT_MM, MARGIN_BOTTOM_MM = 34.0, 44.0, 34.0, 56.0
SUBPIXEL_BITS = 4
SANS = "NotoSansCJK-Regular.ttc"
SANS_BOLD = "NotoSansCJK-Bold.ttc"
SERIF_BOLD = "NotoSerifCJK-Bold.ttc"
FONT_FOLDERS = ("/usr/share/fonts/opentype/noto", "/usr/share/fonts/noto-cjk", "/usr/local/share/fonts")


@dataclass(frozen=True)
class Scanner:
    """How one sheet lay on the scanner: turn in degrees (clockwise), stretch of the paper, its waviness in pixels."""

    turn_deg: float
    stretch_across: float
    stretch_down: float
    wave_px: float
    phase: float

    def to_pixels(self, across_mm: Array, down_mm: Array) -> tuple[Array, Array]:
        """Paper millimetres from the north-west corner of the neatline → col_px, row_px."""
        turn = math.radians(self.turn_deg)
        x, y = across_mm * self.stretch_across, down_mm * self.stretch_down
        col = (x * math.cos(turn) - y * math.sin(turn) + self._left_mm) * PX_PER_MM
        row = (x * math.sin(turn) + y * math.cos(turn) + self._top_mm) * PX_PER_MM
        col = col + self.wave_px * np.sin(2 * math.pi * down_mm / 540.0 + self.phase)
        row = row + self.wave_px * np.sin(2 * math.pi * across_mm / 710.0 + 2 * self.phase)
        return col, row

    @property
    def _left_mm(self) -> float:
        """Keeps the turned drawing in the middle of the page."""
        return MARGIN_LEFT_MM + math.sin(math.radians(self.turn_deg)) * FACE_HEIGHT_MM / 2

    @property
    def _top_mm(self) -> float:
        return MARGIN_TOP_MM - math.sin(math.radians(self.turn_deg)) * FACE_WIDTH_MM / 2


def page_size_px() -> tuple[int, int]:
    """Width and height of every scanned page in pixels."""
    width = (FACE_WIDTH_MM + MARGIN_LEFT_MM + MARGIN_RIGHT_MM) * PX_PER_MM
    height = (FACE_HEIGHT_MM + MARGIN_TOP_MM + MARGIN_BOTTOM_MM) * PX_PER_MM
    return round(width), round(height)


def find_font(name: str) -> Path:
    """A font file of Debian's fonts-noto-cjk (OFL); FileNotFoundError says what to install."""
    for folder in FONT_FOLDERS:
        if (Path(folder) / name).is_file():
            return Path(folder) / name
    raise FileNotFoundError(f"図面の文字に使うフォント {name} がありません。fonts-noto-cjk を入れてください。")


@cache
def _font(name: str, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(find_font(name)), size_px)


@dataclass(frozen=True)
class Ink:
    """How a text is written: height of the letters in mm, colour, font; `halo` clears the paper around it;
    `spread` is the extra space between letters in letter widths; `firm` text is written even over other text;
    `plate` clears a whole strip of paper under the text, for names written on a line."""

    size_mm: float
    colour: Colour = (35, 32, 30)
    font: str = SANS
    halo: float = 0.85
    spread: float = 0.0
    firm: bool = False
    plate: bool = False


@dataclass
class Canvas:
    """One page. Lengths are paper millimetres, positions block metres (`*_m`) or paper millimetres from the
    north-west corner of the neatline."""

    sheet: Sheet
    scanner: Scanner
    paper: Colour
    image: Pixels = field(init=False)
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        width, height = page_size_px()
        self.image = np.full((height, width, 3), self.paper, dtype=np.uint8)

    # ------------------------------------------------------------------ places

    def ground(self, points: Array) -> Array:
        """Block metres (n, 2: east, north) → paper millimetres (n, 2: across, down)."""
        return np.column_stack(
            [(points[:, 0] - self.sheet.west_m) * MM_PER_M, (self.sheet.north_m - points[:, 1]) * MM_PER_M]
        )

    def pixels(self, paper_mm: Array) -> Array:
        """Paper millimetres → (n, 2: col, row) in pixels, corner convention."""
        return np.column_stack(self.scanner.to_pixels(paper_mm[:, 0], paper_mm[:, 1]))

    def _fixed(self, paper_mm: Array) -> NDArray[np.int32]:
        """For OpenCV, which counts from pixel centres and takes sixteenths of a pixel."""
        return np.asarray(np.round((self.pixels(paper_mm) - 0.5) * (1 << SUBPIXEL_BITS)), dtype=np.int32)

    # ------------------------------------------------------------------ areas and lines

    def fill(self, shapes: Iterable[shapely.Geometry], colour: Colour, opacity: float = 1.0) -> None:
        """Fills polygons given in block metres (holes stay open); the colour multiplies with the paper."""
        for shape in shapes:
            rings = [self._fixed(self.ground(shapely.get_coordinates(ring))) for ring in _rings(shape)]
            if rings:
                self._blend(rings, colour, opacity)

    def fill_mm(self, corners: list[tuple[float, float]], colour: Colour, opacity: float = 1.0) -> None:
        """Fills a polygon given in paper millimetres."""
        self._blend([self._fixed(np.array(corners, dtype=np.float64))], colour, opacity)

    def _blend(self, rings: list[NDArray[np.int32]], colour: Colour, opacity: float) -> None:
        if opacity >= 1.0:
            cv2.fillPoly(self.image, rings, colour, cv2.LINE_AA, SUBPIXEL_BITS)
            return
        every = np.vstack(rings) >> SUBPIXEL_BITS
        height, width = self.image.shape[:2]
        left, top = np.clip(every.min(axis=0) - 2, 0, (width, height))
        right, bottom = np.clip(every.max(axis=0) + 3, 0, (width, height))
        if right <= left or bottom <= top:
            return
        part = self.image[top:bottom, left:right]
        shifted = [ring - (np.array([left, top], dtype=np.int32) << SUBPIXEL_BITS) for ring in rings]
        mask = np.zeros(part.shape[:2], dtype=np.uint8)
        cv2.fillPoly(mask, shifted, 255, cv2.LINE_AA, SUBPIXEL_BITS)
        ink = cv2.addWeighted(part, 1 - opacity, np.full_like(part, colour), opacity, 0)
        share = mask[..., None].astype(np.uint16)
        part[:] = ((ink * share + part * (255 - share)) // 255).astype(np.uint8)

    def stroke(self, lines: Iterable[Array], colour: Colour, width_px: int = 1) -> None:
        """Lines given as (n, 2) arrays in block metres."""
        self.stroke_mm((self.ground(line) for line in lines), colour, width_px)

    def stroke_mm(self, lines: Iterable[Array], colour: Colour, width_px: int = 1) -> None:
        """Lines given in paper millimetres."""
        ready = [self._fixed(line).reshape(-1, 1, 2) for line in lines if len(line) > 1]
        if ready:
            cv2.polylines(self.image, ready, False, colour, width_px, cv2.LINE_AA, SUBPIXEL_BITS)

    def outline(self, shapes: Iterable[shapely.Geometry], colour: Colour, width_px: int = 1) -> None:
        """The rings of polygons given in block metres."""
        self.stroke((shapely.get_coordinates(ring) for shape in shapes for ring in _rings(shape)), colour, width_px)

    def dash(self, line: shapely.Geometry, pattern_m: tuple[float, ...], colour: Colour, width_px: int = 1) -> None:
        """A line in block metres, drawn in dashes: on, off, on, off … in metres."""
        pieces: list[Array] = []
        for part in shapely.get_parts(line):
            pieces += dashes(shapely.get_coordinates(part), pattern_m)
        self.stroke(pieces, colour, width_px)

    def circle(self, east_m: float, north_m: float, radius_mm: float, colour: Colour, width_px: int = 1) -> None:
        """A ring around a point; `width_px` -1 fills it."""
        centre = self._fixed(self.ground(np.array([[east_m, north_m]])))[0]
        radius = round(radius_mm * PX_PER_MM * (1 << SUBPIXEL_BITS))
        cv2.circle(self.image, (int(centre[0]), int(centre[1])), radius, colour, width_px, cv2.LINE_AA, SUBPIXEL_BITS)

    # ------------------------------------------------------------------ text

    def label(self, east_m: float, north_m: float, text: str, ink: Ink, angle_deg: float = 0.0) -> bool:
        """Writes a text around a point in block metres; False if another text is there already."""
        across_mm, down_mm = self.ground(np.array([[east_m, north_m]]))[0]
        return self.text(float(across_mm), float(down_mm), text, ink, angle_deg)

    def text(
        self, across_mm: float, down_mm: float, text: str, ink: Ink, angle_deg: float = 0.0, anchor: float = 0.5
    ) -> bool:
        """Writes a text at a place on the paper; angle counter-clockwise; `anchor` 0 starts there, 1 ends there."""
        mask = _letters(text, ink)
        reach = (0.5 - anchor) * mask.shape[1] / PX_PER_MM
        across = across_mm + reach * math.cos(math.radians(angle_deg))
        down = down_mm - reach * math.sin(math.radians(angle_deg))
        turned = _turned(mask, angle_deg - self.scanner.turn_deg)
        col, row = self.pixels(np.array([[across, down]]))[0]
        left, top = round(col - turned.shape[1] / 2), round(row - turned.shape[0] / 2)
        place = (left, top, left + turned.shape[1], top + turned.shape[0])
        if not ink.firm and self._occupied(place):
            return False
        self.taken.append(place)
        under = _turned(_strip(mask), angle_deg - self.scanner.turn_deg) if ink.plate else _around(turned)
        self._ink(turned, under, left, top, ink)
        return True

    def _occupied(self, place: tuple[float, float, float, float]) -> bool:
        west, top, east, bottom = place
        return any(west < e and east > w and top < b and bottom > t for w, t, e, b in self.taken)

    def _ink(self, letters: Pixels, under: Pixels, left: int, top: int, ink: Ink) -> None:
        height, width = self.image.shape[:2]
        west, north = max(left, 0), max(top, 0)
        east, south = min(left + letters.shape[1], width), min(top + letters.shape[0], height)
        if east <= west or south <= north:
            return
        rows, cols = slice(north - top, south - top), slice(west - left, east - left)
        part = self.image[north:south, west:east]
        if ink.halo:
            _mix(part, under[rows, cols], self.paper, ink.halo)
        _mix(part, letters[rows, cols], ink.colour, 1.0)


def dashes(points: Array, pattern_m: tuple[float, ...]) -> list[Array]:
    """The pieces of a line that a pattern (on, off, on, off …) leaves."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    pieces, position, index = [], 0.0, 0
    while position < along[-1]:
        length = pattern_m[index % len(pattern_m)]
        if index % 2 == 0:
            end = min(position + length, float(along[-1]))
            inner = along[(along > position) & (along < end)]
            stations = np.concatenate([[position], inner, [end]])
            pieces.append(
                np.column_stack([np.interp(stations, along, points[:, 0]), np.interp(stations, along, points[:, 1])])
            )
        position += length
        index += 1
    return pieces


def _mix(part: Pixels, mask: Pixels, colour: Colour, opacity: float) -> None:
    share = mask[..., None].astype(np.float32) * (opacity / 255.0)
    part[:] = (part * (1 - share) + np.array(colour, dtype=np.float32) * share + 0.5).astype(np.uint8)


def _letters(text: str, ink: Ink) -> Pixels:
    """The text as a mask, with a border for its halo."""
    size = max(8, round(ink.size_mm * PX_PER_MM))
    font = _font(ink.font, size)
    advances = [font.getlength(letter) + ink.spread * size for letter in text]
    border = 5
    image = Image.new("L", (math.ceil(sum(advances)) + 2 * border, round(size * 1.35) + 2 * border), 0)
    draw = ImageDraw.Draw(image)
    across = float(border)
    for letter, advance in zip(text, advances, strict=True):
        draw.text((across, image.height / 2), letter, fill=255, font=font, anchor="lm")
        across += advance
    return np.asarray(image, dtype=np.uint8)


def _around(letters: Pixels) -> Pixels:
    """The letters grown by three pixels, for their halo."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    return np.asarray(cv2.GaussianBlur(cv2.dilate(letters, kernel), (3, 3), 0), dtype=np.uint8)


def _strip(letters: Pixels) -> Pixels:
    """A strip as long as the text and as high as its letters."""
    rows = np.flatnonzero(letters.max(axis=1) > 60)
    strip = np.zeros_like(letters)
    if len(rows):
        strip[max(rows[0] - 2, 0) : rows[-1] + 3] = 255
    return strip


def _turned(mask: Pixels, angle_deg: float) -> Pixels:
    turned = Image.fromarray(mask).rotate(angle_deg, expand=True, resample=Image.Resampling.BICUBIC)
    return np.asarray(turned, dtype=np.uint8)


def _rings(shape: shapely.Geometry) -> list[shapely.Geometry]:
    return [ring for part in shapely.get_parts(shape) for ring in _rings_of(part)]


def _rings_of(part: shapely.Geometry) -> list[shapely.Geometry]:
    return [part.exterior, *part.interiors] if isinstance(part, shapely.Polygon) and not part.is_empty else []
