"""Scanned sheets whose control points do not fit."""

from __future__ import annotations

from collections.abc import Iterator

from gis_pipeline.members import Context
from gis_pipeline.model import Finding, SheetFit

TITLE = "図面の位置合わせの残差"

MAX_RESIDUAL_FACTOR = 3.0
"""A single residual beyond three standard deviations is likelier a mistake than chance."""


def check(context: Context) -> Iterator[Finding]:
    """Blocks a sheet whose RMSE is over its tolerance; warns of one residual over three times the tolerance."""
    for fit in context.fits:
        if not fit.rmse_m <= fit.tolerance_m:
            yield _finding(
                fit,
                "block",
                f"位置合わせの残差 (RMSE) {fit.rmse_m:.2f} m が許容の {fit.tolerance_m:.2f} m を超えています"
                f" (基準点 {fit.points} 点、最大 {fit.max_residual_m:.2f} m)。",
                "残差の大きい基準点を打ち直すか、method を変えるか、図面の縮みと図郭番号を確かめてください。",
            )
        elif fit.max_residual_m > MAX_RESIDUAL_FACTOR * fit.tolerance_m:
            yield _finding(
                fit,
                "warn",
                f"残差が {fit.max_residual_m:.2f} m の基準点があります (許容の {MAX_RESIDUAL_FACTOR:g} 倍を超過)。",
                "その基準点を打ち間違えていないか確かめてください。",
            )


def _finding(fit: SheetFit, severity: str, message: str, advice: str) -> Finding:
    return Finding.model_validate(
        {"rule": "fit_tolerance", "severity": severity, "message": message, "advice": advice, "file": fit.file,
         "sheet": fit.code, "value": f"{fit.rmse_m:.3f}"}
    )  # fmt: skip
