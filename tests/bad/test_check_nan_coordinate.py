from __future__ import annotations

import numpy as np
import shapely

from tests.checks.planting import districts, examine, only

PAIRS = [(-51000, -28400), (-50800, -28400), (-50800, -28200), (-51000, -28200), (-51000, -28400)]
BROKEN = shapely.transform(shapely.Polygon(PAIRS), lambda pairs: np.where(pairs == -28200, np.nan, pairs))


def test_a_coordinate_that_is_no_number_blocks() -> None:
    finding = only(examine(districts({5: BROKEN})))
    assert (finding.rule, finding.severity) == ("geometry_missing", "block")
    assert finding.message == "座標に数でない値 (NaN か無限大) があります。"
    assert finding.record == 5
