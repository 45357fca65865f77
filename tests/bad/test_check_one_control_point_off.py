from __future__ import annotations

from gis_pipeline.model import SheetFit
from tests.checks.planting import examine, only

FIT = SheetFit(
    code="09KC971", file="09KC971.tif", method="affine", points=40, rmse_m=1.2, max_residual_m=6.0,
    pixel_size_m=0.5, tolerance_m=1.75,
)  # fmt: skip


def test_one_control_point_far_off_warns() -> None:
    finding = only(examine(fits=(FIT,)))
    assert (finding.rule, finding.severity) == ("fit_tolerance", "warn")
    assert finding.message == "残差が 6.00 m の基準点があります (許容の 3 倍を超過)。"
    assert finding.sheet == "09KC971"
