from __future__ import annotations

from tests.checks.planting import FRAME, districts, examine, only, youto


def test_a_where_value_that_nothing_has_is_said() -> None:
    finding = only(
        examine(
            districts(), youto(source={"crs": FRAME, "where": {"field": "YoutoCode", "values": ["1", "１１", "12"]}})
        )
    )
    assert (finding.rule, finding.severity) == ("conform", "warn")
    assert finding.message == "絞り込みの値 「12」 の地物がありません。"
    assert finding.field == "YoutoCode"
