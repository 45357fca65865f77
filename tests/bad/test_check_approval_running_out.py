from __future__ import annotations

from tests.checks.planting import districts, examine, only, youto

APPROVAL = {
    "kind": "測量法44条", "grantor": "見本県知事", "number": "第1号", "date": "2020-04-01",
    "expires": "2026-05-01", "acts": ["screen", "raw download"],
}  # fmt: skip


def test_an_approval_that_runs_out_in_thirty_days_warns() -> None:
    finding = only(examine(districts(), youto(approvals=[APPROVAL])))
    assert (finding.rule, finding.severity) == ("permissions", "warn")
    assert finding.message == "測量法44条の承認 (見本県知事 第1号)の期限 2026-05-01 まで 30 日です (30 日前の警告)。"
