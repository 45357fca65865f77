from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_two_features_under_one_number_block() -> None:
    finding = only(examine(districts(KANRI_NO={6: "００２"})))
    assert (finding.rule, finding.severity) == ("duplicate_ids", "block")
    assert finding.message == "地物の番号「002」が youto.shp の 2 番目の地物と同じです。"
    assert finding.record == 6
    assert finding.field == "feature_id"
