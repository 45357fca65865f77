from __future__ import annotations

from tests.checks.planting import districts, examine, only, youto


def test_a_relation_that_could_not_be_looked_at_is_said() -> None:
    finding = only(examine(districts(), youto(relations=[{"inside": "kuiki"}])))
    assert (finding.rule, finding.severity) == ("relations_inside", "warn")
    assert finding.message == "relations の相手「kuiki」がないため、内側にあるか確かめられませんでした。"
    assert finding.field == "relations"
