from __future__ import annotations

from tests.checks.planting import districts, examine, only, youto


def test_an_owner_column_blocks() -> None:
    finding = only(
        examine(districts(add={"OWNER": ["x"] * 6}), youto(fields={"mochi": {"source": "OWNER", "title": "備考"}}))
    )
    assert (finding.rule, finding.severity) == ("personal_data", "block")
    assert finding.message == "「OWNER」は個人情報の列のようです。"
    assert finding.field == "mochi"
