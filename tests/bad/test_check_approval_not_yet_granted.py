from __future__ import annotations

from tests.checks.planting import districts, examine, only, youto

APPROVAL = {
    "kind": "測量法44条", "grantor": "見本県知事", "number": "第1号", "date": "2026-04-02",
    "expires": "2030-01-01", "acts": ["screen", "raw download"],
}  # fmt: skip


def test_an_approval_of_tomorrow_blocks() -> None:
    finding = only(examine(districts(), youto(approvals=[APPROVAL])))
    assert (finding.rule, finding.severity) == ("permissions", "block")
    assert finding.message == "測量法44条の承認 (見本県知事 第1号)の日付 2026-04-02 がまだ来ていません。"
