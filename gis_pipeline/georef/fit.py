"""Fits of control points: affine, projective, polynomial of degree 2, thin-plate spline.

Each maps page pixels (col, row at pixel corners) to town metres; the inverse is found by Newton's method, so both
directions are one and the same map. Everything is computed in coordinates centred on the control points and scaled to
about ±1: eastings of 10⁵ squared would otherwise eat the digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import least_squares

from gis_pipeline.errors import PlacementError
from gis_pipeline.members import Array
from gis_pipeline.model import FitMethod

MINIMUM_POINTS: dict[FitMethod, int] = {"affine": 3, "projective": 4, "polynomial2": 6, "thin_plate_spline": 4}
"""The fewest points each method can do with. A thin-plate spline needs one more than its affine part, because
its residuals are those of each point left out."""

TITLES: dict[FitMethod, str] = {
    "affine": "アフィン変換",
    "projective": "射影変換",
    "polynomial2": "2 次多項式",
    "thin_plate_spline": "薄板スプライン",
}

MAX_POINTS = 2_000
LEAST_SPREAD = 0.01
"""Points whose cloud is thinner than this share of its length lie on one line."""
LEAST_RANK = 1e-5
INVERSE_PX = 1e-7
"""How exactly the inverse is solved, in pixels."""
_CHUNK = 1 << 15


class _Shape(Protocol):
    """A map of the normalised plane (u right, v down) to the normalised town plane (x east, y north)."""

    def at(self, u: Array, v: Array) -> tuple[Array, Array]:
        """x, y."""

    def slopes(self, u: Array, v: Array) -> tuple[Array, Array, Array, Array]:
        """dx/du, dx/dv, dy/du, dy/dv."""


@dataclass(frozen=True)
class _Polynomial:
    """Columns x and y of `terms`: coefficients of 1, u, v (affine) and u², uv, v² (degree 2)."""

    terms: Array

    def at(self, u: Array, v: Array) -> tuple[Array, Array]:
        basis = _basis(u, v, len(self.terms))
        return basis @ self.terms[:, 0], basis @ self.terms[:, 1]

    def slopes(self, u: Array, v: Array) -> tuple[Array, Array, Array, Array]:
        t = np.zeros((6, 2))
        t[: len(self.terms)] = self.terms
        du = t[1] + 2 * np.multiply.outer(u, t[3]) + np.multiply.outer(v, t[4])
        dv = t[2] + np.multiply.outer(u, t[4]) + 2 * np.multiply.outer(v, t[5])
        return du[..., 0], dv[..., 0], du[..., 1], dv[..., 1]


@dataclass(frozen=True)
class _Projective:
    """x = (h₀u + h₁v + h₂)/w, y = (h₃u + h₄v + h₅)/w, w = h₆u + h₇v + 1."""

    h: Array

    def at(self, u: Array, v: Array) -> tuple[Array, Array]:
        h = self.h
        w = h[6] * u + h[7] * v + 1
        w = np.where(w > 0.05, w, np.nan)  # behind the horizon is nowhere
        return (h[0] * u + h[1] * v + h[2]) / w, (h[3] * u + h[4] * v + h[5]) / w

    def slopes(self, u: Array, v: Array) -> tuple[Array, Array, Array, Array]:
        h = self.h
        w = h[6] * u + h[7] * v + 1
        x, y = self.at(u, v)
        return (h[0] - h[6] * x) / w, (h[1] - h[7] * x) / w, (h[3] - h[6] * y) / w, (h[4] - h[7] * y) / w


@dataclass(frozen=True)
class _ThinPlate:
    """Affine part plus Σ weight · r² ln r over the knots (Duchon 1977; Bookstein 1989)."""

    affine: Array
    knots: Array
    weights: Array

    def at(self, u: Array, v: Array) -> tuple[Array, Array]:
        basis = _basis(u, v, 3)
        bent = np.empty((u.size, 2))
        for part in _chunks(u.size):
            bent[part] = _kernel(_squared(u[part], v[part], self.knots)) @ self.weights
        return basis @ self.affine[:, 0] + bent[:, 0], basis @ self.affine[:, 1] + bent[:, 1]

    def slopes(self, u: Array, v: Array) -> tuple[Array, Array, Array, Array]:
        out = np.empty((4, u.size))
        for part in _chunks(u.size):
            du = u[part, None] - self.knots[:, 0]
            dv = v[part, None] - self.knots[:, 1]
            squared = du**2 + dv**2
            rise = np.log(np.where(squared > 0, squared, 1.0)) + 1
            along, across = (du * rise) @ self.weights, (dv * rise) @ self.weights
            out[:, part] = along[:, 0], across[:, 0], along[:, 1], across[:, 1]
        a = self.affine
        return out[0] + a[1, 0], out[1] + a[2, 0], out[2] + a[1, 1], out[3] + a[2, 1]


@dataclass(frozen=True)
class _Scaling:
    """value = centre + size · normalised, for both coordinates of a plane."""

    first: float
    second: float
    size: float

    def down(self, first: Array, second: Array) -> tuple[Array, Array]:
        return (first - self.first) / self.size, (second - self.second) / self.size

    def up(self, first: Array, second: Array) -> tuple[Array, Array]:
        return first * self.size + self.first, second * self.size + self.second


@dataclass(frozen=True)
class FittedGeoreference:
    """A fit, both ways, with what it leaves over.

    `residuals_m` are distances in town metres, one per control point in the order given. A thin-plate spline passes
    through its points exactly; its residuals are therefore those of each point against the spline through the
    OTHER points (leave-one-out), which is what the sheet's error between points looks like.
    """

    method: str
    residuals_m: Array
    _shape: _Shape
    _start: _Polynomial
    _page: _Scaling
    _town: _Scaling

    @property
    def rmse_m(self) -> float:
        """√(mean of squared residuals) in metres, as QGIS and the accuracy rules count it; 0 without points."""
        return float(np.sqrt(np.mean(self.residuals_m**2))) if self.residuals_m.size else 0.0

    @property
    def max_residual_m(self) -> float:
        """The largest residual in metres; 0 without points."""
        return float(self.residuals_m.max(initial=0.0))

    @property
    def straight(self) -> bool:
        """Whether straight lines stay straight."""
        return isinstance(self._shape, _Projective) or (
            isinstance(self._shape, _Polynomial) and len(self._shape.terms) == 3
        )

    def to_town(self, col_px: Array, row_px: Array) -> tuple[Array, Array]:
        """Page pixels (corner convention) → easting_m, northing_m; any equal shapes."""
        cols, rows = np.asarray(col_px, dtype=np.float64), np.asarray(row_px, dtype=np.float64)
        x, y = self._town.up(*self._shape.at(*self._page.down(cols.ravel(), rows.ravel())))
        return x.reshape(cols.shape), y.reshape(cols.shape)

    def to_pixel(self, easting_m: Array, northing_m: Array) -> tuple[Array, Array]:
        """easting_m, northing_m → page pixels, exact to 10⁻⁶ px; NaN where the fit has no inverse (far outside)."""
        eastings, northings = np.asarray(easting_m, dtype=np.float64), np.asarray(northing_m, dtype=np.float64)
        u, v = self._solve(*self._town.down(eastings.ravel(), northings.ravel()))
        cols, rows = self._page.up(u, v)
        return cols.reshape(eastings.shape), rows.reshape(eastings.shape)

    def pixel_area_m2(self, col_px: Array, row_px: Array) -> Array:
        """Signed area on the ground of one pixel at each place: negative for a sheet as it should be (rows run
        down, northings up), positive for a mirrored one."""
        cols, rows = np.asarray(col_px, dtype=np.float64), np.asarray(row_px, dtype=np.float64)
        xu, xv, yu, yv = self._shape.slopes(*self._page.down(cols.ravel(), rows.ravel()))
        return np.asarray((xu * yv - xv * yu) * (self._town.size / self._page.size) ** 2).reshape(cols.shape)

    def _solve(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Newton from the affine inverse; what does not converge is NaN."""
        a = self._start.terms
        matrix = np.linalg.inv(a[1:].T)
        u, v = matrix @ np.vstack((x - a[0, 0], y - a[0, 1]))
        tolerance = INVERSE_PX / self._page.size
        open_ = np.arange(u.size)
        with np.errstate(all="ignore"):
            for _ in range(60):
                du, dv = self._newton(u[open_], v[open_], x[open_], y[open_])
                step = np.hypot(du, dv)
                damping = np.minimum(1.0, 0.5 / np.maximum(step, 1e-300))
                u[open_] += du * damping
                v[open_] += dv * damping
                open_ = open_[step > tolerance]
                if not open_.size:
                    break
        u[open_], v[open_] = np.nan, np.nan
        return u, v

    def _newton(self, u: Array, v: Array, x: Array, y: Array) -> tuple[Array, Array]:
        at_x, at_y = self._shape.at(u, v)
        xu, xv, yu, yv = self._shape.slopes(u, v)
        area = xu * yv - xv * yu
        return (yv * (x - at_x) - xv * (y - at_y)) / area, (xu * (y - at_y) - yu * (x - at_x)) / area


def fit(method: FitMethod, col_px: Array, row_px: Array, easting_m: Array, northing_m: Array) -> FittedGeoreference:
    """Fits control points given as four arrays of equal length, pixels at corners, town metres.

    Raises PlacementError for too few points (says method, needed and given) or a layout that decides nothing.
    """
    count, needed = len(col_px), MINIMUM_POINTS[method]
    if count < needed:
        raise PlacementError(
            f"{TITLES[method]}には基準点が {needed} 点以上必要ですが、{count} 点しかありません。",
            advice="基準点を増やすか、[scan] の method を変えてください。",
        )
    if count > MAX_POINTS:
        raise PlacementError(f"基準点が {count} 点あります（上限 {MAX_POINTS} 点）。", advice="減らしてください。")
    page, town = _scaling(col_px, row_px), _scaling(easting_m, northing_m)
    u, v = page.down(np.asarray(col_px, dtype=np.float64), np.asarray(row_px, dtype=np.float64))
    x, y = town.down(np.asarray(easting_m, dtype=np.float64), np.asarray(northing_m, dtype=np.float64))
    for plane, first, second in (("画像", u, v), ("地上", x, y)):
        _require_spread(plane, first, second)
    start = _polynomial(u, v, x, y, 3)
    shape, left = _SHAPES[method](u, v, x, y)
    if left is None:
        at_x, at_y = shape.at(u, v)
        left = np.hypot(at_x - x, at_y - y)
    return FittedGeoreference(method, left * town.size, shape, start, page, town)


def exact_affine(coefficients: tuple[float, float, float, float, float, float], method: str) -> FittedGeoreference:
    """The georeference of affine coefficients a, b, c, d, e, f (corner convention), e.g. of a world file."""
    a, b, c, d, e, f = coefficients
    shape = _Polynomial(np.array([[0.0, 0.0], [a, d], [b, e]]))
    return FittedGeoreference(method, np.empty(0), shape, shape, _Scaling(0.0, 0.0, 1.0), _Scaling(c, f, 1.0))


# ------------------------------------------------------------------ the four shapes


def _affine(u: Array, v: Array, x: Array, y: Array) -> tuple[_Shape, None]:
    return _polynomial(u, v, x, y, 3), None


def _polynomial2(u: Array, v: Array, x: Array, y: Array) -> tuple[_Shape, None]:
    return _polynomial(u, v, x, y, 6), None


def _polynomial(u: Array, v: Array, x: Array, y: Array, terms: int) -> _Polynomial:
    basis = _basis(u, v, terms)
    solution, _, _, singular = np.linalg.lstsq(basis, np.column_stack((x, y)), rcond=None)
    _require_rank(float(singular[-1] / singular[0]))
    return _Polynomial(np.asarray(solution, dtype=np.float64))


def _projective(u: Array, v: Array, x: Array, y: Array) -> tuple[_Shape, None]:
    """Linear start (h₉ = 1 is safe: the origin is the centre of the points), then least squares of the
    distance on the ground, which is what the residuals count."""
    zero, one = np.zeros_like(u), np.ones_like(u)
    design = np.vstack(
        (
            np.column_stack((u, v, one, zero, zero, zero, -u * x, -v * x)),
            np.column_stack((zero, zero, zero, u, v, one, -u * y, -v * y)),
        )
    )
    start, _, _, singular = np.linalg.lstsq(design, np.concatenate((x, y)), rcond=None)
    _require_rank(float(singular[-1] / singular[0]))

    def left(h: Array) -> Array:
        w = h[6] * u + h[7] * v + 1
        return np.concatenate(((h[0] * u + h[1] * v + h[2]) / w - x, (h[3] * u + h[4] * v + h[5]) / w - y))

    best = least_squares(left, start, method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15).x
    if np.any(best[6] * u + best[7] * v + 1 <= 0.05):
        raise PlacementError(
            "射影変換が基準点の並びに合いません（画像が裏返るほど傾きます）。",
            advice="基準点の座標を確かめるか、[scan] の method を affine にしてください。",
        )
    return _Projective(best), None


def _thin_plate(u: Array, v: Array, x: Array, y: Array) -> tuple[_Shape, Array]:
    """Solves the spline; the residual of point i against the spline through the others is weight_i / (M⁻¹)_ii
    (Rippa 1999), so no second fit is needed."""
    count = len(u)
    knots = np.column_stack((u, v))
    matrix = np.zeros((count + 3, count + 3))
    matrix[:count, :count] = _kernel(_squared(u, v, knots))
    matrix[:count, count:] = _basis(u, v, 3)
    matrix[count:, :count] = matrix[:count, count:].T
    values = np.zeros((count + 3, 2))
    values[:count] = np.column_stack((x, y))
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError as error:
        raise _undecided() from error
    solution: Array = np.asarray(np.linalg.solve(matrix, values), dtype=np.float64)
    pivot = np.diag(inverse)[:count]
    if not np.all(np.abs(pivot) > 1e-9):
        # without this point the others lie on one line
        raise _undecided()
    left = np.hypot(*(solution[:count] / pivot[:, None]).T)
    return _ThinPlate(solution[count:], knots, solution[:count]), left


_Solver = Callable[[Array, Array, Array, Array], tuple[_Shape, Array | None]]
_SHAPES: dict[FitMethod, _Solver] = {
    "affine": _affine,
    "projective": _projective,
    "polynomial2": _polynomial2,
    "thin_plate_spline": _thin_plate,
}


# ------------------------------------------------------------------ helpers


def _basis(u: Array, v: Array, terms: int) -> Array:
    return np.column_stack((np.ones_like(u), u, v, u * u, u * v, v * v)[:terms])


def _squared(u: Array, v: Array, knots: Array) -> Array:
    return np.asarray((u[:, None] - knots[:, 0]) ** 2 + (v[:, None] - knots[:, 1]) ** 2)


def _kernel(squared: Array) -> Array:
    """r² ln r from r²; 0 at 0."""
    return np.asarray(0.5 * squared * np.log(np.where(squared > 0, squared, 1.0)))


def _chunks(count: int) -> list[slice]:
    return [slice(start, start + _CHUNK) for start in range(0, count, _CHUNK)]


def _scaling(first: Array, second: Array) -> _Scaling:
    centre = float(np.mean(first)), float(np.mean(second))
    size = float(max(np.ptp(first), np.ptp(second))) / 2
    return _Scaling(*centre, size if size > 0 else 1.0)


def _require_spread(plane: str, first: Array, second: Array) -> None:
    """Raises PlacementError where all points lie on one line (or in one place)."""
    singular = np.linalg.svd(np.column_stack((first - first.mean(), second - second.mean())), compute_uv=False)
    if singular[0] == 0 or singular[1] < LEAST_SPREAD * singular[0]:
        raise PlacementError(
            f"基準点が{plane}の上でほぼ一直線に並んでいるので、位置が決まりません。",
            advice="図面の四隅の近くなど、離れた場所にも基準点を取ってください。",
        )


def _require_rank(ratio: float) -> None:
    if not ratio > LEAST_RANK:
        raise _undecided()


def _undecided() -> PlacementError:
    return PlacementError(
        "基準点の配置では変換が一つに決まりません。",
        advice="基準点を図面全体に散らして増やすか、[scan] の method を affine にしてください。",
    )
