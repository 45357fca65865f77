"""Whether a placing may be trusted: tests that do not come from the fit itself, and how large its error can be.

A residual cannot see that a fit is one grid line off; the margin, the printed code, scale and coordinates can.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gis_pipeline.georef.automatic.frame import SIZE_TOLERANCE
from gis_pipeline.georef.automatic.ink import Grey
from gis_pipeline.georef.automatic.margin import MarginText, codes, coordinates, folded, rectified, scales
from gis_pipeline.georef.automatic.model import Fit, SheetModel
from gis_pipeline.georef.automatic.paper import Paper

LEAST_CLAIM_MM = 0.05
LEAST_BLIND_CLAIM_MM = 0.10
"""Where no cross was seen inside the sheet."""
CROSSVALIDATED_TIMES = 2.5
UNSEEN_SHARE = {True: 0.75, False: 1.3}
"""Of the bending that was seen, how much may be unseen between the marks: with crosses inside the sheet or without."""
LEAST_SIDE = 0.5
LEAST_MARKS = 0.5
MARGIN_MM = (1.0, 4.0)
MOST_INKED = 0.35
COORDINATE_REACH_MM = 30.0
COORDINATE_KM = 0.0015


@dataclass(frozen=True)
class Expectation:
    """What a sheet must say: its code, scale 1:`scale`, and its corners' coordinates in kilometres (east, north).

    `corners_km` are those of the north-west, north-east, south-west and south-east corner, as printed (Y, X).
    """

    code: str
    scale: int
    corners_km: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Test:
    """One test of a placing: what was looked at, and a sentence if it failed."""

    name: str
    passed: bool
    reason: str = ""


@dataclass(frozen=True)
class Verdict:
    """All tests of a placing, and its claimed error: the root mean square that 19 of 20 sheets stay within."""

    tests: tuple[Test, ...]
    claim_mm: float

    @property
    def accepted(self) -> bool:
        """Whether nothing speaks against it."""
        return all(test.passed for test in self.tests)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not accepted, in Japanese."""
        return tuple(test.reason for test in self.tests if not test.passed)


def judge(
    light: Grey, fit: Fit, paper: Paper, size: float, texts: tuple[MarginText, ...], expected: Expectation
) -> Verdict:
    """Every test of one placing."""
    claim = claim_mm(fit, paper)
    tests = (
        _sides(fit, paper),
        _marks(fit, paper),
        _margin(light, fit.model, paper),
        _code(texts, expected.code),
        _scale(texts, expected.scale),
        *_printed(texts, paper, expected),
        _size(size, texts, paper, expected),
    )
    return Verdict(tests, claim)


def claim_mm(fit: Fit, paper: Paper) -> float:
    """The largest of what left-out marks say, of what may have bent unseen between the marks, and of 0.05 mm."""
    crossed = bool((fit.observations.kind == "cross").any())
    return max(
        CROSSVALIDATED_TIMES * fit.crossvalidated_mm,
        UNSEEN_SHARE[crossed] * bending_mm(fit.model, paper),
        LEAST_CLAIM_MM if crossed else LEAST_BLIND_CLAIM_MM,
    )


def bending_mm(model: SheetModel, paper: Paper) -> float:
    """How far the sheet is from an affine picture of its paper: root mean square over the map, in millimetres."""
    x, y = (
        part.ravel() for part in np.meshgrid(np.linspace(0, paper.width_mm, 33), np.linspace(0, paper.height_mm, 25))
    )
    cols, rows = model.to_scan(x, y)
    basis = np.column_stack([np.ones_like(cols), cols, rows])
    left = [value - basis @ np.linalg.lstsq(basis, value, rcond=None)[0] for value in (x, y)]
    return float(np.sqrt((left[0] ** 2 + left[1] ** 2).mean()))


def _sides(fit: Fit, paper: Paper) -> Test:
    """Each side must have been seen over half its length and lie where the fit says."""
    seen = fit.observations
    for name, axis, value, length in (
        ("上", 1, 0.0, paper.width_mm),
        ("下", 1, paper.height_mm, paper.width_mm),
        ("左", 0, 0.0, paper.height_mm),
        ("右", 0, paper.width_mm, paper.height_mm),
    ):
        mine = (seen.kind == "side") & (seen.axis == axis) & (seen.value_mm == value)
        share = float(fit.weight[mine].sum()) * 2.0 / length
        if share < LEAST_SIDE:
            return Test("sides", False, f"{name}の図郭線が {share:.0%} しか見えません。")
    return Test("sides", True)


def _marks(fit: Fit, paper: Paper) -> Test:
    """Half of the ticks or of the crosses: without them nothing inside the sheet was seen."""
    xs, ys = paper.grid()
    weight = fit.weight > 0.3
    ticks = int((weight & (fit.observations.kind == "tick")).sum())
    crosses = int((weight & (fit.observations.kind == "cross")).sum()) // 2
    expected_ticks, expected_crosses = 2 * (len(xs) + len(ys)), len(xs) * len(ys)
    good = ticks >= LEAST_MARKS * expected_ticks or crosses >= LEAST_MARKS * expected_crosses
    return Test(
        "marks", good, f"方眼の十字 {crosses} か所、目盛り {ticks} か所しか見つからず、図の内側を確かめられません。"
    )


def _margin(light: Grey, model: SheetModel, paper: Paper) -> Test:
    """Outside all four sides there is page, and mostly paper: a line inside the map has drawing on both sides."""
    near, far = MARGIN_MM
    for name, box, along in (
        ("上", (0.0, -far, paper.width_mm, -near), 0),
        ("下", (0.0, paper.height_mm + near, paper.width_mm, paper.height_mm + far), 0),
        ("左", (-far, 0.0, -near, paper.height_mm), 1),
        ("右", (paper.width_mm + near, 0.0, paper.width_mm + far, paper.height_mm), 1),
    ):
        cols, rows = model.to_scan(np.array([box[0], box[2]]), np.array([box[1], box[3]]))
        height, width = light.shape
        if cols.min() < 0 or rows.min() < 0 or cols.max() > width or rows.max() > height:
            reason = f"{name}の余白が画像の外です。端の切れたスキャンか、図郭線の取り違えです。"
            return Test("margin", False, reason)
        strip = rectified(light, model, box, 3.0)
        paper_white = float(np.percentile(strip, 90))
        inked = float((strip < paper_white - 60).any(axis=along).mean())
        if inked > MOST_INKED:
            reason = f"{name}の図郭線の外側に図が続いています（{inked:.0%}）。図郭線の取り違えかもしれません。"
            return Test("margin", False, reason)
    return Test("margin", True)


def _code(texts: tuple[MarginText, ...], code: str) -> Test:
    wanted = folded(code)
    if any(wanted in folded(text.text) for text in texts if text.confidence > 0.5):
        others = {folded(text.text) for text in codes(texts)[:1]}
        if all(wanted in other for other in others):
            return Test("code", True)
    read = "、".join(dict.fromkeys(text.text for text in codes(texts)[:3]))
    if read:
        return Test("code", False, f"図面に印刷された図郭番号は {read} ですが、宣言は {code} です。")
    return Test("code", False, f"印刷された図郭番号が読めません（宣言は {code}）。")


def _scale(texts: tuple[MarginText, ...], scale: int) -> Test:
    read = scales(texts)
    if not read:
        return Test("scale", False, f"印刷された縮尺が読めません（宣言は 1:{scale}）。")
    printed = read[0][0]
    return Test("scale", printed == scale, f"図面に印刷された縮尺は 1:{printed} ですが、宣言は 1:{scale} です。")


def _printed(texts: tuple[MarginText, ...], paper: Paper, expected: Expectation) -> tuple[Test, ...]:
    """Coordinates printed at the corners; none is no evidence, several that differ are."""
    agreed, differed = _agreement(texts, paper, expected)
    good = differed <= 1 or differed * 2 <= agreed
    return (Test("coordinates", good, f"四隅に印刷された座標 {differed} 個が、宣言した図郭と合いません。"),)


def _agreement(texts: tuple[MarginText, ...], paper: Paper, expected: Expectation) -> tuple[int, int]:
    """How many printed corner coordinates agree and how many do not."""
    width, height = paper.width_mm, paper.height_mm
    agreed = differed = 0
    for corner, (east, north) in zip(
        ((0.0, 0.0), (width, 0.0), (0.0, height), (width, height)), expected.corners_km, strict=True
    ):
        for value in coordinates(texts, corner, COORDINATE_REACH_MM):
            close = min(abs(value - abs(east)), abs(value - abs(north))) < COORDINATE_KM
            agreed, differed = agreed + close, differed + (not close)
    return agreed, differed


def _size(size: float, texts: tuple[MarginText, ...], paper: Paper, expected: Expectation) -> Test:
    """Another size than the resolution says is a photocopy: believed only with coordinates at the corners."""
    if abs(size - 1) <= SIZE_TOLERANCE:
        return Test("size", True)
    agreed, _ = _agreement(texts, paper, expected)
    return Test("size", agreed >= 4, f"図の大きさが {size:.1%} です。複写による伸縮か、図郭線の取り違えです。")
