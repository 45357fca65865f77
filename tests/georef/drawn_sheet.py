"""A sheet drawn for tests: 800 × 600 mm at 1:2500, neatline, ticks, crosses and texts, on a bent and turned scan."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gis_pipeline.georef.automatic.ink import Grey
from gis_pipeline.georef.automatic.placing import SheetRectangle
from gis_pipeline.members import Array
from gis_pipeline.sheets import sheet_bounds

DPI = 150
PX_PER_MM = DPI / 25.4
LEFT_MM, TOP_MM, RIGHT_MM, BOTTOM_MM = 40.0, 45.0, 60.0, 45.0
WIDTH_MM, HEIGHT_MM = 800.0, 600.0
ANGLE_RAD = np.radians(1.1)


def rectangle(code: str = "09KC971", scale: int = 2500) -> SheetRectangle:
    """The rectangle of a sheet code."""
    bounds = sheet_bounds(code)
    return SheetRectangle(code, scale, bounds.west_m, bounds.south_m, bounds.east_m, bounds.north_m)


@dataclass(frozen=True)
class DrawnSheet:
    """A scan with the exact map from its pixels (corner convention) to paper millimetres."""

    light: Grey

    def to_paper(self, col_px: Array, row_px: Array) -> tuple[Array, Array]:
        """The truth that the scan was drawn by."""
        rows, cols = self.light.shape
        right, down = (col_px - cols / 2) / PX_PER_MM, (row_px - rows / 2) / PX_PER_MM
        x = 1.001 * (np.cos(ANGLE_RAD) * right + np.sin(ANGLE_RAD) * down)
        y = 0.9995 * (-np.sin(ANGLE_RAD) * right + np.cos(ANGLE_RAD) * down)
        bent_x, bent_y = 0.25 * np.sin(y / 150), 0.25 * np.cos(x / 180)
        return x + WIDTH_MM / 2 + bent_x + 10, y + HEIGHT_MM / 2 + bent_y


def drawn_sheet() -> DrawnSheet:
    """The sheet 09KC971 scanned at 150 dpi."""
    flat = _flat()
    size = round((WIDTH_MM + 150) * PX_PER_MM), round((HEIGHT_MM + 130) * PX_PER_MM)
    cols, rows = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
    sheet = DrawnSheet(np.zeros(size[::-1], np.uint8))
    x, y = sheet.to_paper(cols, rows)
    at_cols = ((x + LEFT_MM) * PX_PER_MM - 0.5).astype(np.float32)
    at_rows = ((y + TOP_MM) * PX_PER_MM - 0.5).astype(np.float32)
    scan = cv2.remap(flat, at_cols, at_rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=40)
    noise = np.random.default_rng(5).normal(0, 4, scan.shape)
    return DrawnSheet(np.clip(cv2.GaussianBlur(scan, (0, 0), 0.6) + noise, 0, 255).astype(np.uint8))


def _flat() -> Grey:
    """The sheet as drawn: white paper, four times finer than the scan for exact lines, averaged down."""
    fine = 2
    px = PX_PER_MM * fine
    size = round((LEFT_MM + WIDTH_MM + RIGHT_MM) * px), round((TOP_MM + HEIGHT_MM + BOTTOM_MM) * px)
    image = Image.new("L", size, 246)
    pen = ImageDraw.Draw(image)

    def at(x: float, y: float) -> tuple[float, float]:
        return (x + LEFT_MM) * px - 0.5, (y + TOP_MM) * px - 0.5

    def line(x0: float, y0: float, x1: float, y1: float, width_mm: float) -> None:
        half = width_mm / 2
        low, high = at(min(x0, x1) - half, min(y0, y1) - half), at(max(x0, x1) + half, max(y0, y1) + half)
        pen.rectangle((*low, *high), fill=20)

    for y in (0.0, HEIGHT_MM):
        line(0, y, WIDTH_MM, y, 0.25)
    for x in (0.0, WIDTH_MM):
        line(x, 0, x, HEIGHT_MM, 0.25)
    for x in np.arange(100.0, WIDTH_MM, 100):
        line(x, -5, x, 0, 0.2)
        line(x, HEIGHT_MM, x, HEIGHT_MM + 5, 0.2)
        for y in np.arange(100.0, HEIGHT_MM, 100):
            line(x - 2.5, y, x + 2.5, y, 0.2)
            line(x, y - 2.5, x, y + 2.5, 0.2)
    for y in np.arange(100.0, HEIGHT_MM, 100):
        line(-5, y, 0, y, 0.2)
        line(WIDTH_MM, y, WIDTH_MM + 5, y, 0.2)
    chance = np.random.default_rng(3)
    for _ in range(60):
        way = np.cumsum(chance.normal(0, 18, (8, 2)), axis=0) + chance.uniform(
            (80, 80), (WIDTH_MM - 80, HEIGHT_MM - 80)
        )
        inside = np.clip(way, 4, (WIDTH_MM - 4, HEIGHT_MM - 4))
        pen.line([at(*one) for one in inside.tolist()], fill=60, width=round(0.3 * px))
    for text, x, y, height in (("09KC971", 720.0, -25.0, 9.0), ("1:2500", 400.0, HEIGHT_MM + 24, 7.0)):
        pen.text(at(x, y), text, fill=10, font=ImageFont.load_default(round(height * px)), anchor="mm")
    return cv2.resize(np.asarray(image), (size[0] // fine, size[1] // fine), interpolation=cv2.INTER_AREA)
