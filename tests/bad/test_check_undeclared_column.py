from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_column_that_is_not_declared_is_not_published_and_said() -> None:
    finding = only(examine(districts(add={"SHOYUSHA": ["a"] * 6})), "info")
    assert (finding.rule, finding.severity) == ("undeclared_fields", "info")
    assert finding.message == "宣言にない列は公開しません: SHOYUSHA。"
