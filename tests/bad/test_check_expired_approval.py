from __future__ import annotations

from tests.checks.planting import districts, examine, only, youto

APPROVAL = {
    "kind": "測量法44条", "grantor": "見本県知事", "number": "第1号", "date": "2020-04-01",
    "expires": "2026-03-31", "acts": ["screen", "raw download"],
}  # fmt: skip


def test_an_expired_approval_blocks() -> None:
    finding = only(examine(districts(), youto(approvals=[APPROVAL])))
    assert (finding.rule, finding.severity) == ("permissions", "block")
    assert finding.message == "測量法44条の承認 (見本県知事 第1号)は 2026-03-31 で期限が切れています。"
