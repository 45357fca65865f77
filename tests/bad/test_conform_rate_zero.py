from __future__ import annotations

from tests.checks.planting import conformed, districts, only, youto


def test_a_rate_of_zero_is_missing_with_a_warning() -> None:
    finding = only(conformed([districts(FAR={1: 0})], youto())[1])
    assert (finding.rule, finding.severity) == ("conform", "warn")
    assert finding.message == "列「FAR」の値「0」: 0 は率ではないため、値なしとしました。"
    assert finding.record == 1
    assert finding.field == "yoseki"
