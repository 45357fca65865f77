"""One sheet placed without a click: from its lightness and its expected rectangle to a fitted model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gis_pipeline.georef.automatic.frame import Frame, find_frames
from gis_pipeline.georef.automatic.ink import WORKING_PX_PER_MM, Grey, thin_ink
from gis_pipeline.georef.automatic.margin import MarginText, read_margin, readable
from gis_pipeline.georef.automatic.measure import measure_crosses, measure_sides, measure_ticks
from gis_pipeline.georef.automatic.model import STIFFNESS, Fit, fit
from gis_pipeline.georef.automatic.paper import Observations, Paper
from gis_pipeline.georef.automatic.verdict import Expectation, Verdict, judge

LEAST_SHARE = 0.35
LEAST_TEXT = 25.0


@dataclass(frozen=True)
class Found:
    """A placing: the neatline it started from, the fitted model, the texts around it and what speaks for it."""

    frame: Frame
    fit: Fit
    texts: tuple[MarginText, ...]
    verdict: Verdict


def find(light: Grey, paper: Paper, px_per_mm: float, expected: Expectation) -> Found | None:
    """The best placing of a sheet on its scan, judged; None if nothing like its neatline is there.

    `light` is (rows, cols) as `ink.lightness` gives it; `px_per_mm` the scan's resolution as its file says.
    """
    ink = thin_ink(light, px_per_mm)
    for frame in find_frames(ink, paper, px_per_mm / WORKING_PX_PER_MM):
        if min(_present(frame, paper)) > LEAST_SHARE:
            fitted = refined(light, paper, px_per_mm, frame)
            if fitted is not None:
                return _upright(light, paper, frame, fitted, expected)
    return None


def _upright(light: Grey, paper: Paper, frame: Frame, fitted: Fit, expected: Expectation) -> Found:
    """The placing or its half turn: a neatline looks the same on its head, its texts do not."""
    found = _judged(light, paper, frame, fitted, expected)
    if found.verdict.accepted or readable(found.texts) > LEAST_TEXT:
        return found
    turned = _judged(light, paper, frame, fitted.half_turned(paper), expected)
    return turned if readable(turned.texts) > readable(found.texts) else found


def _judged(light: Grey, paper: Paper, frame: Frame, fitted: Fit, expected: Expectation) -> Found:
    texts = read_margin(light, fitted.model, paper)
    return Found(frame, fitted, texts, judge(light, fitted, paper, frame.size, texts, expected))


def _present(frame: Frame, paper: Paper) -> list[float]:
    """Which share of each side was traced."""
    shares = []
    for number in range(4):
        axis, value = paper.side(number, frame.quarter)
        length = paper.width_mm if axis == 1 else paper.height_mm
        there = (frame.sides.axis == axis) & (frame.sides.value_mm == value)
        shares.append(float(there.sum()) * 2.0 / length)
    return shares


def refined(light: Grey, paper: Paper, px_per_mm: float, frame: Frame) -> Fit | None:
    """The model of a frame: measured twice, the second time near the first; None if it is no sheet."""
    scan_px_per_mm = px_per_mm * frame.size
    current = fit(frame.sides, scan_px_per_mm, (1.0,))
    if not _plausible(current, scan_px_per_mm):
        return None
    for reach, stiffness in ((1.2, (1.0,)), (0.5, STIFFNESS)):
        sides = measure_sides(light, current.model, paper, scan_px_per_mm, reach)
        ticks = measure_ticks(light, current.model, paper, scan_px_per_mm, 1.5 if reach > 1 else 0.5)
        crosses = measure_crosses(light, current.model, paper, scan_px_per_mm, 1.8 if reach > 1 else 0.6)
        everything = Observations.joined([sides, ticks, crosses])
        if any((sides.axis == axis).sum() < 40 for axis in (0, 1)):
            return None
        current = fit(everything, scan_px_per_mm, stiffness)
        if not _plausible(current, scan_px_per_mm):
            return None
    return current


def _plausible(found: Fit, px_per_mm: float) -> bool:
    """A sheet is scanned at about its resolution and not sheared."""
    x_mm, y_mm = found.model.coefficients[1:3].T / 1000 * px_per_mm
    lengths = np.hypot(*x_mm), np.hypot(*y_mm)
    sheared = abs(float(np.dot(x_mm, y_mm)) / max(lengths[0] * lengths[1], 1e-12))
    return all(0.97 < length < 1.03 for length in lengths) and sheared < 0.02
