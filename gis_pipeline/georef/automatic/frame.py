"""Finds the neatline (図郭線) of a sheet on its scan, roughly: four lines of the right size, traced as curves."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gis_pipeline.georef.automatic.ink import WORKING_PX_PER_MM
from gis_pipeline.georef.automatic.paper import Observations, Paper
from gis_pipeline.members import Array

Ink = NDArray[np.float32]
Lines = NDArray[np.int64]
MAX_ANGLE_DEG = 4.0
ANGLE_STEP_DEG = 0.05
BLOCK_PX = 16
PEAKS = 28
SIZE_TOLERANCE = 0.014
ASPECT_TOLERANCE = 0.014
COPY_RANGE = (0.88, 1.12)


@dataclass(frozen=True)
class Frame:
    """A neatline found: traced sides as observations, its score and its size against the expected one."""

    sides: Observations
    score: float
    shares: tuple[float, float, float, float]
    size: float
    angle_deg: float
    quarter: int


def _strokes(ink: Ink) -> Ink:
    """(rows, blocks): how much of each 6 mm of a row is inked, one pixel up or down allowed."""
    thick = _spread(ink, 3)
    rows, cols = thick.shape
    blocks = cols // BLOCK_PX
    return np.asarray(thick[:, : blocks * BLOCK_PX].reshape(rows, blocks, BLOCK_PX).mean(axis=2), np.float32)


def _spread(ink: Ink, rows: int) -> Ink:
    """Each place as dark as the darkest of so many rows around it."""
    return np.asarray(cv2.dilate(ink, np.ones((rows, 1), np.uint8)), np.float32)


def _angle(ink: Ink) -> float:
    """Degrees by which lines that should be horizontal fall to the right."""
    strokes = np.where(_strokes(ink) > 0.5, 1.0, 0.0).astype(np.float32)
    rows, blocks = strokes.shape
    offsets = (np.arange(blocks) - (blocks - 1) / 2) * BLOCK_PX
    best, best_angle = -1.0, 0.0
    for angle in np.arange(-MAX_ANGLE_DEG, MAX_ANGLE_DEG + 1e-9, ANGLE_STEP_DEG):
        shifts = np.round(offsets * np.tan(np.radians(angle))).astype(int)
        profile = np.zeros(rows, np.float32)
        for block in range(blocks):
            profile += np.roll(strokes[:, block], -shifts[block])
        top = np.sort(profile)[-12:]
        score = float((top**3).sum())
        if score > best:
            best, best_angle = score, float(angle)
    return best_angle


def _peaks(strokes: NDArray[np.float32]) -> NDArray[np.int64]:
    profile = _spread(strokes, 5).mean(axis=1)
    smooth = cv2.GaussianBlur(profile.reshape(-1, 1), (1, 7), 1.5).ravel()
    order, taken = [], np.zeros(len(smooth), bool)
    for row in np.argsort(-smooth):
        if taken[row]:
            continue
        order.append(int(row))
        taken[max(0, row - 4) : row + 5] = True
        if len(order) == PEAKS:
            break
    return np.array(sorted(order))


def find_frames(ink: Ink, paper: Paper, px_per_working_px: float, best: int = 4) -> list[Frame]:
    """The likeliest neatlines, best first. A sheet and its half turn look the same: `quarter` is 0 or 1 here."""
    angle = _angle(ink)
    rows, cols = ink.shape
    turn = np.asarray(cv2.getRotationMatrix2D((cols / 2, rows / 2), angle, 1.0), np.float64)
    level = np.asarray(cv2.warpAffine(ink, turn, (cols, rows), flags=cv2.INTER_LINEAR, borderValue=0), np.float32)
    across, down = _strokes(level), _strokes(np.ascontiguousarray(level.T))
    peaks = _peaks(across), _peaks(down)
    wide = [_spread(strokes, 5) for strokes in (across, down)]
    candidates = [
        (*candidate, quarter)
        for quarter in (0, 1)
        for candidate in _rectangles(wide, peaks, paper.turned_size(quarter))[:best]
    ]
    frames = []
    for score, shares, size, lines, quarter in sorted(candidates, key=lambda one: -one[0])[:best]:
        sides = _trace(level, turn, lines, paper, quarter, px_per_working_px)
        frames.append(Frame(sides, score, shares, size, angle, quarter))
    return frames


Rectangle = tuple[float, tuple[float, float, float, float], float, tuple[int, int, int, int]]


def _rectangles(strokes: list[Ink], peaks: tuple[Lines, Lines], size_mm: tuple[float, float]) -> list[Rectangle]:
    """Score, inked share of top, bottom, left, right, size and the lines of each rectangle of about the right size."""
    across, down = strokes
    width, height = (value * WORKING_PX_PER_MM for value in size_mm)
    tall = _pairs(peaks[0], height)
    broad = _pairs(peaks[1], width)
    found = []
    for top, bottom, tallness in tall:
        for left, right, broadness in broad:
            if abs(broadness / tallness - 1) > ASPECT_TOLERANCE:
                continue
            shares = (
                _share(across[top], left, right),
                _share(across[bottom], left, right),
                _share(down[left], top, bottom),
                _share(down[right], top, bottom),
            )
            size = (tallness + broadness) / 2
            score = sum(shares) / 4 + 0.25 * min(shares)
            score -= 0.35 * float(np.clip((abs(size - 1) - SIZE_TOLERANCE) / 0.01, 0, 1))
            score -= 6.0 * abs(broadness / tallness - 1)
            found.append((score, shares, size, (top, bottom, left, right)))
    return sorted(found, key=lambda one: -one[0])


def _pairs(peaks: Lines, expected: float) -> list[tuple[int, int, float]]:
    return [
        (int(one), int(other), float(other - one) / expected)
        for one in peaks
        for other in peaks
        if COPY_RANGE[0] <= (other - one) / expected <= COPY_RANGE[1]
    ]


def _share(strokes: NDArray[np.float32], start: int, stop: int) -> float:
    part = strokes[start // BLOCK_PX + 1 : stop // BLOCK_PX]
    return float(np.clip(part / 0.6, 0, 1).mean()) if len(part) else 0.0


def _trace(
    level: Ink, turn: Array, lines: tuple[int, int, int, int], paper: Paper, quarter: int, px_per_working_px: float
) -> Observations:
    """Each side as a curve: the darkest smooth path within 4 mm of the straight line, every 2 mm."""
    top, bottom, left, right = lines
    back = cv2.invertAffineTransform(turn)
    upright = np.ascontiguousarray(level.T)
    parts = []
    for number, (image, at, start, stop) in enumerate(
        (
            (level, top, left, right),
            (level, bottom, left, right),
            (upright, left, top, bottom),
            (upright, right, top, bottom),
        )
    ):
        along, across, shown = _path(image, at, start, stop)
        col, row = (along[shown], across[shown]) if number < 2 else (across[shown], along[shown])
        # Working pixels count centres; the page counts corners.
        points = np.column_stack([col, row, np.ones(len(col))]) @ back.T
        axis, value = paper.side(number, quarter)
        parts.append(
            Observations(
                np.asarray(points[:, 0] + 0.5, np.float64) * px_per_working_px,
                np.asarray(points[:, 1] + 0.5, np.float64) * px_per_working_px,
                np.full(len(col), axis, np.int8),
                np.full(len(col), value),
                np.full(len(col), "side"),
                np.full(len(col), number, np.int32),
            )
        )
    return Observations.joined([part for part in parts if len(part)])


def _path(image: Ink, at: int, start: int, stop: int) -> tuple[Array, Array, NDArray[np.bool_]]:
    """(along, across, whether ink is there) by dynamic programming over cells of 5 px."""
    cell, reach = 5, 10
    low, high = max(0, at - reach), min(image.shape[0], at + reach + 1)
    count = max(2, (stop - start) // cell)
    band = image[low:high, start : start + count * cell].reshape(high - low, count, cell).mean(axis=2)
    cost = 1 - band
    total = np.full_like(cost, np.inf)
    came = np.zeros(cost.shape, np.int8)
    total[:, 0] = cost[:, 0]
    for step in range(1, count):
        options = np.stack(
            [
                total[:, step - 1],
                np.r_[np.inf, total[:-1, step - 1]] + 0.15,
                np.r_[total[1:, step - 1], np.inf] + 0.15,
            ]
        )
        came[:, step] = options.argmin(axis=0)
        total[:, step] = options.min(axis=0) + cost[:, step]
    across = np.empty(count, int)
    across[-1] = int(total[:, -1].argmin())
    for step in range(count - 1, 0, -1):
        move = came[across[step], step]
        across[step - 1] = across[step] + (0 if move == 0 else -1 if move == 1 else 1)
    shown = np.asarray(band[across, np.arange(count)] > 0.3)
    along = start + (np.arange(count, dtype=np.float64) + 0.5) * cell - 0.5
    return along, across + float(low), shown
