"""One linear model from scan pixels to paper millimetres: an affine map and a bicubic B-spline displacement.

Both paper coordinates are linear in the unknowns and independent of one another, so that each is one robust least
squares with a bending penalty (thin-plate energy of the control lattice). Stiffness is chosen by cross-validation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from gis_pipeline.georef.automatic.paper import Observations, Paper
from gis_pipeline.members import Array

KNOT_MM = 50.0
STIFFNESS = tuple(10.0**power for power in (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 5.0))
"""Candidates for the weight of bending against misfit, from soft to stiff (the last is nearly affine)."""
LARGEST_DISPLACEMENT_MM = 5.0
"""What the spline is not expected to pass; it also keeps the affine part out of the spline."""
SIGMA_MM = {"side": 0.06, "tick": 0.04, "cross": 0.04}
"""Measuring errors on paper: neighbouring samples of a side err together and count less."""
BLOCK_MM = 60.0
_FOLDS = 5


@dataclass(frozen=True)
class SheetModel:
    """col_px, row_px → x_mm, y_mm. `lattice` is (first_col, first_row, step_px, cols, rows) of the B-spline."""

    lattice: tuple[float, float, float, int, int]
    centre_px: tuple[float, float]
    coefficients: Array  # (unknowns, 2)

    def to_paper(self, col_px: Array, row_px: Array) -> tuple[Array, Array]:
        """x_mm, y_mm."""
        shape = np.shape(col_px)
        col, row = np.ravel(col_px).astype(float), np.ravel(row_px).astype(float)
        out = np.empty((col.size, 2))
        for start in range(0, col.size, 1 << 15):
            part = slice(start, start + (1 << 15))
            out[part] = _design(self.lattice, self.centre_px, col[part], row[part]) @ self.coefficients
        return out[:, 0].reshape(shape), out[:, 1].reshape(shape)

    def half_turned(self, paper: Paper) -> SheetModel:
        """The same sheet on its head: x and y count from the opposite corner."""
        turned = -self.coefficients
        turned[0] += (paper.width_mm, paper.height_mm)
        return SheetModel(self.lattice, self.centre_px, turned)

    def to_scan(self, x_mm: Array, y_mm: Array) -> tuple[Array, Array]:
        """The inverse: col_px, row_px, by Newton steps with the slope of the affine part."""
        shape = np.shape(x_mm)
        target = np.column_stack([np.ravel(x_mm), np.ravel(y_mm)]).astype(float)
        slope = np.linalg.inv(self.coefficients[1:3].T * (1 / _UNIT))
        at = (target - self.coefficients[0]) @ slope.T + np.array(self.centre_px)
        for _ in range(30):
            found = np.column_stack(self.to_paper(at[:, 0], at[:, 1]))
            step = (target - found) @ slope.T
            at += step
            if np.abs(step).max(initial=0) < 1e-4:
                break
        return at[:, 0].reshape(shape), at[:, 1].reshape(shape)


_UNIT = 1000.0
"""Pixels that the affine coefficients count in."""


def _spline_weights(position: Array, count: int) -> tuple[NDArray[np.int64], Array]:
    """First knot and the four cubic B-spline weights at lattice positions (0 … count − 3)."""
    cell = np.clip(np.floor(position).astype(np.int64), 0, count - 4)
    t = position - cell
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=1) / 6.0
    return cell, weights


def _design(
    lattice: tuple[float, float, float, int, int], centre: tuple[float, float], col: Array, row: Array
) -> Array:
    first_col, first_row, step, cols, rows = lattice
    u = np.clip((col - first_col) / step, 0, cols - 3 - 1e-9)
    v = np.clip((row - first_row) / step, 0, rows - 3 - 1e-9)
    i, wu = _spline_weights(u, cols)
    j, wv = _spline_weights(v, rows)
    design = np.zeros((len(col), 3 + cols * rows))
    design[:, 0] = 1
    design[:, 1] = (col - centre[0]) / _UNIT
    design[:, 2] = (row - centre[1]) / _UNIT
    index = np.arange(len(col))
    for a in range(4):
        for b in range(4):
            design[index, 3 + (j + a) * cols + (i + b)] += wv[:, a] * wu[:, b]
    return design


def _bending(cols: int, rows: int) -> Array:
    """Second differences of the control lattice in both directions and across: the thin-plate energy."""

    def second(n: int) -> Array:
        d = np.zeros((n - 2, n))
        for k in range(n - 2):
            d[k, k : k + 3] = (1, -2, 1)
        return d

    def first(n: int) -> Array:
        d = np.zeros((n - 1, n))
        for k in range(n - 1):
            d[k, k : k + 2] = (-1, 1)
        return d

    xx = np.kron(np.eye(rows), second(cols))
    yy = np.kron(second(rows), np.eye(cols))
    xy = np.kron(first(rows), first(cols))
    energy = xx.T @ xx + yy.T @ yy + 2 * xy.T @ xy
    full = np.zeros((3 + cols * rows,) * 2)
    full[3:, 3:] = energy
    return full


@dataclass(frozen=True)
class Fit:
    """A fitted model with what it says of itself; millimetres on paper.

    `residual_mm` and `weight` (0 rejected … 1) stand for each observation. `crossvalidated_mm` is the root mean square
    of predictions of ticks and crosses that were left out block by block.
    """

    model: SheetModel
    observations: Observations
    residual_mm: Array
    weight: Array
    stiffness: float
    crossvalidated_mm: float

    def half_turned(self, paper: Paper) -> Fit:
        """The same fit of the sheet on its head."""
        seen = self.observations
        size = np.where(seen.axis == 0, paper.width_mm, paper.height_mm)
        turned = replace(seen, value_mm=size - seen.value_mm)
        return replace(self, model=self.model.half_turned(paper), observations=turned, residual_mm=-self.residual_mm)


class _Problem:
    def __init__(self, observations: Observations, px_per_mm: float) -> None:
        self.observations = observations
        step = KNOT_MM * px_per_mm
        low_col, low_row = observations.col_px.min() - step / 2, observations.row_px.min() - step / 2
        cols = int(np.ceil((observations.col_px.max() + step / 2 - low_col) / step)) + 3
        rows = int(np.ceil((observations.row_px.max() + step / 2 - low_row) / step)) + 3
        self.lattice = (float(low_col), float(low_row), step, cols, rows)
        self.centre = (float(observations.col_px.mean()), float(observations.row_px.mean()))
        self.design = _design(self.lattice, self.centre, observations.col_px, observations.row_px)
        self.bending = _bending(cols, rows)
        self.ridge = np.full(3 + cols * rows, 1 / LARGEST_DISPLACEMENT_MM**2)
        self.ridge[:3] = 1e-9
        self.sigma = np.array([SIGMA_MM[str(kind)] for kind in observations.kind])

    def solve(self, stiffness: float, use: NDArray[np.bool_], start: Array | None = None) -> tuple[SheetModel, Array]:
        """The model and the robust weights of all observations."""
        coefficients = np.zeros((self.design.shape[1], 2))
        weights = np.ones(len(self.sigma)) if start is None else start.copy()
        for axis in (0, 1):
            mine = self.observations.axis == axis
            chosen = mine & use
            design, value = self.design[chosen], self.observations.value_mm[chosen]
            robust = weights[chosen]
            solved = np.zeros(self.design.shape[1])
            for _ in range(12):
                w = robust / self.sigma[chosen] ** 2
                normal = design.T @ (design * w[:, None]) + stiffness / 0.05**2 * self.bending
                normal[np.diag_indices_from(normal)] += self.ridge
                solved = cho_solve(cho_factor(normal), design.T @ (w * value))
                residual = value - design @ solved
                scale = max(1.4826 * float(np.median(np.abs(residual[robust > 0.05]))), 0.02)
                fresh = _tukey(residual / (4.7 * scale))
                if np.abs(fresh - robust).max(initial=0) < 0.01:
                    break
                robust = fresh
            coefficients[:, axis] = solved
            rest = (self.observations.value_mm[mine] - self.design[mine] @ solved) / (4.7 * scale)
            weights[mine] = _tukey(rest)
        return SheetModel(self.lattice, self.centre, coefficients), weights


def _tukey(u: Array) -> Array:
    return np.where(np.abs(u) < 1, (1 - u**2) ** 2, 0.0)


def fit(observations: Observations, px_per_mm: float, stiffness: tuple[float, ...] = STIFFNESS) -> Fit:
    """The model whose stiffness predicts left-out blocks best."""
    problem = _Problem(observations, px_per_mm)
    everything = np.ones(len(observations), bool)
    _, prior = problem.solve(stiffness[len(stiffness) // 2], everything)
    blocks = _blocks(observations, px_per_mm)
    tried = [(*_crossvalidated(problem, candidate, blocks, prior), candidate) for candidate in stiffness]
    _, marks_mm, best = min(tried)
    model, weight = problem.solve(best, everything)
    x, y = model.to_paper(observations.col_px, observations.row_px)
    residual = observations.value_mm - np.where(observations.axis == 0, x, y)
    return Fit(model, observations, residual, weight, best, marks_mm)


def _blocks(observations: Observations, px_per_mm: float) -> NDArray[np.int64]:
    """What is left out together: everything within squares of 60 mm, chequered over five folds."""
    step = BLOCK_MM * px_per_mm
    col, row = np.floor(observations.col_px / step), np.floor(observations.row_px / step)
    return np.asarray((col * 7 + row * 13) % _FOLDS, dtype=np.int64)


def _crossvalidated(
    problem: _Problem, stiffness: float, blocks: NDArray[np.int64], prior: Array
) -> tuple[float, float]:
    """Weighted error of all that was left out in turn, and the plain error of its ticks and crosses alone."""
    left, weight = np.zeros(len(blocks)), prior / problem.sigma**2
    for fold in range(_FOLDS):
        out = blocks == fold
        if not out.any() or out.all():
            continue
        model, _ = problem.solve(stiffness, ~out, prior)
        seen = problem.observations.taken(out)
        x, y = model.to_paper(seen.col_px, seen.row_px)
        left[out] = seen.value_mm - np.where(seen.axis == 0, x, y)
    square = np.minimum(left**2, 1.0)
    marks = (problem.observations.kind != "side") & (prior > 0.05)
    alone = float(np.sqrt(square[marks].mean())) if marks.any() else 0.0
    return float(np.sqrt((weight * square).sum() / max(float(weight.sum()), 1e-9))), alone
