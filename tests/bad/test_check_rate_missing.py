from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_district_without_its_rate_warns() -> None:
    finding = only(examine(districts(FAR={2: None})))
    assert (finding.rule, finding.severity) == ("codes", "warn")
    assert finding.message == "第一種中高層住居専用地域に容積率の値がありません。"
    assert finding.record == 2
    assert finding.field == "yoseki"
