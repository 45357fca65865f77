from __future__ import annotations

import pandas as pd

from tests.checks.planting import context, districts, examine, only, youto

FRAME_BEFORE = context([districts()], youto())[0].features.frame
BEFORE = pd.concat([FRAME_BEFORE, FRAME_BEFORE])


def test_a_layer_that_lost_half_of_its_features_warns() -> None:
    finding = only(examine(before=BEFORE))
    assert (finding.rule, finding.severity) == ("not_empty", "warn")
    assert finding.message == "地物が前の版の半分以下に減りました (12 件 → 6 件)。"
