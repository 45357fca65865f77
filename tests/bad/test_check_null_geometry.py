from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_record_without_shape_blocks() -> None:
    finding = only(examine(districts({4: None})))
    assert (finding.rule, finding.severity) == ("geometry_missing", "block")
    assert finding.message == "地物に図形がありません。"
    assert finding.record == 4
