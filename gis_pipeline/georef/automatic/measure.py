"""Measures lines, crosses and ticks below a pixel, where a first model says that they should be."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gis_pipeline.georef.automatic.ink import Grey
from gis_pipeline.georef.automatic.model import SheetModel
from gis_pipeline.georef.automatic.paper import Observations, Paper
from gis_pipeline.members import Array

STEP_MM = 2.0
ALONG_MM = 1.8
LEAST_DEPTH = 18.0
"""How much darker than its surroundings (of 255) a line must be."""
NEARNESS_DEPTH = 12.0
HALF_VALLEY_MM = 0.35
GROUND_MM = (0.25, 0.75)
"""Where the paper beside a line is looked for."""
TICK_MM = (0.9, 4.4)
"""The stretch of a tick that is measured: it stands 5 mm outside the side."""
ARM_MM = (0.5, 2.3)
ARMS_AGREE_MM = 0.16
_OVERSAMPLED = 1.5


def measure_sides(light: Grey, model: SheetModel, paper: Paper, px_per_mm: float, reach_mm: float) -> Observations:
    """Every 2 mm of each side: the place across it where a line is dark over the whole cell."""
    parts = []
    for group, (axis, value, length) in enumerate(
        (
            (1, 0.0, paper.width_mm),
            (1, paper.height_mm, paper.width_mm),
            (0, 0.0, paper.height_mm),
            (0, paper.width_mm, paper.height_mm),
        )
    ):
        at = np.arange(STEP_MM, length - STEP_MM / 2, STEP_MM)
        fixed = np.full(len(at), value)
        x, y = (fixed, at) if axis == 0 else (at, fixed)
        offset, depth = _strokes(light, model, px_per_mm, x, y, axis, reach_mm, (-ALONG_MM / 2, ALONG_MM / 2))
        parts.append(_observed(model, x, y, axis, value, offset, depth > LEAST_DEPTH, "side", np.full(len(at), group)))
    return Observations.joined(parts)


def measure_ticks(light: Grey, model: SheetModel, paper: Paper, px_per_mm: float, reach_mm: float) -> Observations:
    """The ticks that stand 5 mm outside each side at the grid's lines."""
    xs, ys = paper.grid()
    parts = []
    for axis, places, ends in ((0, xs, (0.0, paper.height_mm)), (1, ys, (0.0, paper.width_mm))):
        for end, side in zip(ends, (-1, 1), strict=True):
            fixed = np.full(len(places), end)
            x, y = (places, fixed) if axis == 0 else (fixed, places)
            span = (-TICK_MM[1], -TICK_MM[0]) if side < 0 else TICK_MM
            offset, depth = _strokes(light, model, px_per_mm, x, y, axis, reach_mm, span)
            # The stroke was measured at its middle, not on the side.
            middle = side * (TICK_MM[0] + TICK_MM[1]) / 2
            x_at, y_at = (x, y + middle) if axis == 0 else (x + middle, y)
            parts.append(
                _observed(model, x_at, y_at, axis, places, offset, depth > LEAST_DEPTH, "tick", np.arange(len(places)))
            )
    return Observations.joined(parts)


def measure_crosses(light: Grey, model: SheetModel, paper: Paper, px_per_mm: float, reach_mm: float) -> Observations:
    """The grid crosses by their four arms: the two arms of a line must agree."""
    xs, ys = paper.grid()
    x, y = (value.ravel() for value in np.meshgrid(xs, ys))
    groups = np.arange(len(x))
    parts = []
    for axis in (0, 1):
        one, one_depth = _strokes(light, model, px_per_mm, x, y, axis, reach_mm, (-ARM_MM[1], -ARM_MM[0]))
        other, other_depth = _strokes(light, model, px_per_mm, x, y, axis, reach_mm, ARM_MM)
        good = np.minimum(one_depth, other_depth) > LEAST_DEPTH
        good &= np.abs(one - other) < ARMS_AGREE_MM
        parts.append(_observed(model, x, y, axis, x if axis == 0 else y, (one + other) / 2, good, "cross", groups))
    both = np.isin(parts[0].group, parts[1].group)
    other_both = np.isin(parts[1].group, parts[0].group)
    return Observations.joined([parts[0].taken(both), parts[1].taken(other_both)])


def _observed(
    model: SheetModel,
    x_mm: Array,
    y_mm: Array,
    axis: int,
    value_mm: Array | float,
    offset_mm: Array,
    good: NDArray[np.bool_],
    kind: str,
    group: NDArray[np.int64],
) -> Observations:
    """Where the model puts (x, y) moved by the measured offset across the line."""
    moved_x = x_mm + (offset_mm if axis == 0 else 0)
    moved_y = y_mm + (offset_mm if axis == 1 else 0)
    col, row = model.to_scan(moved_x, moved_y)
    values = np.broadcast_to(value_mm, x_mm.shape)
    return Observations(
        col[good],
        row[good],
        np.full(int(good.sum()), axis, np.int8),
        np.array(values[good], float),
        np.full(int(good.sum()), kind),
        group[good].astype(np.int32),
    )


def _strokes(
    light: Grey,
    model: SheetModel,
    px_per_mm: float,
    x_mm: Array,
    y_mm: Array,
    axis: int,
    reach_mm: float,
    span_mm: tuple[float, float],
) -> tuple[Array, Array]:
    """Offset (mm, along the axis) of the dark line through each (x, y) and how dark it is (0 … 255).

    `axis` is the coordinate that is measured; `span_mm` is the stretch along the line, from its place.
    """
    step = 1 / (px_per_mm * _OVERSAMPLED)
    across = np.arange(-reach_mm - 0.6, reach_mm + 0.6 + step / 2, step)
    along = np.arange(span_mm[0], span_mm[1] + 1e-9, 1 / px_per_mm)
    slopes = _slopes(model, x_mm, y_mm)
    col0, row0 = model.to_scan(x_mm, y_mm)
    a, b = (across[None, None, :], along[None, :, None])
    dx, dy = (a, b) if axis == 0 else (b, a)
    cols = col0[:, None, None] + slopes[0][:, None, None] * dx + slopes[1][:, None, None] * dy
    rows = row0[:, None, None] + slopes[2][:, None, None] * dx + slopes[3][:, None, None] * dy
    cells = _sampled(light, cols, rows)
    profile = np.percentile(cells, 70, axis=1)
    return _valley(profile, across, reach_mm)


def _slopes(model: SheetModel, x_mm: Array, y_mm: Array) -> tuple[Array, Array, Array, Array]:
    """d col/dx, d col/dy, d row/dx, d row/dy in pixels a millimetre."""
    h = 1.0
    right = model.to_scan(x_mm + h, y_mm)
    left = model.to_scan(x_mm - h, y_mm)
    down = model.to_scan(x_mm, y_mm + h)
    up = model.to_scan(x_mm, y_mm - h)
    return (
        (right[0] - left[0]) / (2 * h),
        (down[0] - up[0]) / (2 * h),
        (right[1] - left[1]) / (2 * h),
        (down[1] - up[1]) / (2 * h),
    )


def _sampled(light: Grey, cols: Array, rows: Array) -> NDArray[np.float32]:
    """Bilinear lightness at page positions (corner convention); the page's outside is white."""
    shape = cols.shape
    flat_cols = (cols.reshape(shape[0], -1) - 0.5).astype(np.float32)
    flat_rows = (rows.reshape(shape[0], -1) - 0.5).astype(np.float32)
    out = np.empty(flat_cols.shape, np.float32)
    for index in range(len(flat_cols)):
        left, top = int(flat_cols[index].min()) - 2, int(flat_rows[index].min()) - 2
        right, bottom = int(flat_cols[index].max()) + 3, int(flat_rows[index].max()) + 3
        left, top = max(0, min(left, light.shape[1] - 2)), max(0, min(top, light.shape[0] - 2))
        part = light[top : max(bottom, top + 2), left : max(right, left + 2)]
        sampled = cv2.remap(
            part,
            (flat_cols[index] - left).reshape(1, -1),
            (flat_rows[index] - top).reshape(1, -1),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=255,
        )
        out[index] = sampled.ravel()
    return out.reshape(shape)


def _valley(profile: NDArray[np.float32], across: Array, reach_mm: float) -> tuple[Array, Array]:
    """The centre of the darkest narrow valley within reach of the middle, and its depth, of each profile."""
    step = float(across[1] - across[0])
    ground = np.minimum(_lightest(profile, step, -1), _lightest(profile, step, 1))
    depth = np.where(np.abs(across) <= reach_mm, ground - cv2.blur(profile, (3, 1)), -1.0)
    nearness = np.abs(across) / max(reach_mm, 0.1)  # A nearer line is likelier than a slightly darker one.
    middle = np.argmax(depth - NEARNESS_DEPTH * nearness, axis=1)
    index = np.arange(len(profile))
    deepest = depth[index, middle]
    floor = ground[index, middle] - 0.35 * deepest
    half = max(2, round(HALF_VALLEY_MM / step))
    offsets = np.zeros(len(profile))
    for number, centre in enumerate(middle):
        low, high = max(0, centre - half), min(len(across), centre + half + 1)
        weight = _connected(np.clip(floor[number] - profile[number, low:high], 0, None), centre - low)
        total = float(weight.sum())
        offsets[number] = float((weight * across[low:high]).sum()) / total if total > 0 else np.nan
    return np.nan_to_num(offsets), np.where(np.isfinite(offsets), deepest, -1.0)


def _lightest(profile: NDArray[np.float32], step_mm: float, direction: int) -> NDArray[np.float32]:
    """The lightest place between 0.25 and 0.75 mm on one side of each place of a profile."""
    near, far = (max(1, round(distance / step_mm)) for distance in GROUND_MM)
    padded = np.pad(profile, ((0, 0), (far, far)), mode="edge")
    width = profile.shape[1]
    shifted = [padded[:, far + direction * k : far + direction * k + width] for k in range(near, far + 1)]
    return np.asarray(np.max(shifted, axis=0))


def _connected(weight: NDArray[np.float32], centre: int) -> NDArray[np.float32]:
    """Only the valley at `centre`: what light cuts off from it is another line."""
    gaps = np.flatnonzero(weight <= 0)
    before, after = gaps[gaps < centre], gaps[gaps > centre]
    kept = np.zeros_like(weight)
    low, high = (int(before[-1]) + 1 if before.size else 0), (int(after[0]) if after.size else len(weight))
    kept[low:high] = weight[low:high]
    return kept
