from __future__ import annotations

from gis_pipeline.model import SheetFit
from tests.checks.planting import examine, only

FIT = SheetFit(
    code="09KC971", file="09KC971.tif", method="affine", points=6, rmse_m=2.4, max_residual_m=4.0,
    pixel_size_m=0.5, tolerance_m=1.75,
)  # fmt: skip


def test_a_sheet_that_does_not_fit_blocks() -> None:
    finding = only(examine(fits=(FIT,)))
    assert (finding.rule, finding.severity) == ("fit_tolerance", "block")
    assert (
        finding.message == "位置合わせの残差 (RMSE) 2.40 m が許容の 1.75 m を超えています (基準点 6 点、最大 4.00 m)。"
    )
    assert finding.sheet == "09KC971"
