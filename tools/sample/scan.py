"""The four sheets as they come from a scanner: drawn, aged, written with their control points."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import rasterio
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning

from tools.sample.canvas import DPI, FACE_HEIGHT_MM, FACE_WIDTH_MM, MM_PER_M, Canvas, Pixels, Scanner
from tools.sample.collar import cut_to_neatline, draw_collar
from tools.sample.frame import (
    CORNER_EASTING_M,
    CORNER_NORTHING_M,
    CRS,
    SHEETS,
    Sheet,
)
from tools.sample.lettering import write_face
from tools.sample.mapface import draw_face

EDITION = "plan2500/2026-04-01"
PAPER = (249, 246, 237)
QUALITY = 50
SCANNERS = {
    "09KC971": Scanner(0.42, 1.0006, 0.9997, 0.45, 0.3),
    "09KC972": Scanner(-0.31, 1.0002, 1.0004, 0.40, 1.7),
    "09KC973": Scanner(0.74, 0.9998, 1.0003, 0.50, 2.9),
    "09KC974": Scanner(-0.58, 1.0005, 1.0001, 0.35, 4.4),
}
AS_JPEG = ("09KC974",)
"""Delivered as plain JPEG by another contractor, with control points in the older layout."""


def write_sheets(root: Path) -> None:
    """All scans and control points below `root` (data/source)."""
    folder = root / EDITION
    folder.mkdir(parents=True, exist_ok=True)
    for sheet in SHEETS:
        image = draw_sheet(sheet)
        if sheet.code in AS_JPEG:
            _write_jpeg(image, folder / f"{sheet.code}.jpg")
        else:
            _write_tiff(image, folder / f"{sheet.code}.tif")
    write_points(root)


def write_points(root: Path) -> None:
    """The control points of every sheet; needs no font."""
    folder = root / EDITION
    folder.mkdir(parents=True, exist_ok=True)
    for sheet in SHEETS:
        name = f"{sheet.code}.jpg.points" if sheet.code in AS_JPEG else f"{sheet.code}.tif.points"
        text = "\n".join(_points_lines(sheet, old=sheet.code in AS_JPEG)) + "\n"
        (folder / name).write_bytes(text.encode("utf-8"))


def draw_sheet(sheet: Sheet) -> Pixels:
    """One page of RGB pixels."""
    canvas = Canvas(sheet, SCANNERS[sheet.code], PAPER)
    draw_face(canvas)
    write_face(canvas)
    cut_to_neatline(canvas)
    draw_collar(canvas)
    return _aged(canvas.image, sheet)


def control_places() -> Iterator[tuple[float, float]]:
    """Paper millimetres of the control points: the four corners of the neatline and nine grid crosses."""
    yield from ((0.0, 0.0), (FACE_WIDTH_MM, 0.0), (FACE_WIDTH_MM, FACE_HEIGHT_MM), (0.0, FACE_HEIGHT_MM))
    yield from ((across, down) for down in (100.0, 300.0, 500.0) for across in (100.0, 400.0, 700.0))


def _points_lines(sheet: Sheet, *, old: bool) -> Iterator[str]:
    """QGIS's control point file; its y counts downwards as negative numbers."""
    scanner = SCANNERS[sheet.code]
    if old:
        yield "mapX,mapY,pixelX,pixelY,enable"
    else:
        yield f"#CRS: {CRS}"
        yield "mapX,mapY,sourceX,sourceY,enable,dX,dY,residual"
    for across, down in control_places():
        easting = CORNER_EASTING_M + sheet.west_m + across / MM_PER_M
        northing = CORNER_NORTHING_M + sheet.north_m - down / MM_PER_M
        col, row = scanner.to_pixels(np.array([across]), np.array([down]))
        tail = "1" if old else "1,0,0,0"
        yield f"{easting:.3f},{northing:.3f},{col[0]:.3f},{-row[0]:.3f},{tail}"


def _aged(image: Pixels, sheet: Sheet) -> Pixels:
    """Soft optics, uneven light, a fold and a little noise; geometry is not touched."""
    soft = cv2.GaussianBlur(image, (0, 0), 0.55)
    height, width = soft.shape[:2]
    luck = np.random.default_rng([2026, int(sheet.code[-1])])
    coarse = luck.standard_normal((9, 12)).astype(np.float32)
    light = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) * 1.1
    fold = np.exp(-(((np.arange(width) - width * 0.5) / 5.0) ** 2)).astype(np.float32) * 4.0
    aged = np.empty_like(image)
    for top in range(0, height, 512):
        rows = slice(top, min(top + 512, height))
        grain = luck.standard_normal((rows.stop - rows.start, width)).astype(np.float32) * 1.0
        shade = (light[rows] + grain - fold)[..., None]
        aged[rows] = np.clip(soft[rows] + shade + 0.5, 0, 255).astype(np.uint8)
    return aged


def _write_tiff(image: Pixels, path: Path) -> None:
    """JPEG-in-TIFF, RGB stored as YCbCr, as office scanners write it; no georeference."""
    height, width = image.shape[:2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path, "w", driver="GTiff", width=width, height=height, count=3, dtype="uint8", compress="JPEG",
            photometric="YCBCR", jpeg_quality=QUALITY, tiled=True, blockxsize=512, blockysize=512,
        ) as page:  # fmt: skip
            page.write(np.moveaxis(image, 2, 0))
            page.update_tags(TIFFTAG_XRESOLUTION=DPI, TIFFTAG_YRESOLUTION=DPI, TIFFTAG_RESOLUTIONUNIT=2)


def _write_jpeg(image: Pixels, path: Path) -> None:
    Image.fromarray(image).save(path, quality=QUALITY, dpi=(DPI, DPI), subsampling=2, optimize=True)
