from __future__ import annotations

from tests.checks.planting import districts, examine, only, youto

APPROVAL = {
    "kind": "測量法44条", "grantor": "見本県知事", "number": "第1号", "date": "2020-04-01",
    "expires": "2030-01-01", "acts": ["screen", "tiles"],
}  # fmt: skip


def test_an_output_without_its_act_blocks_and_is_named() -> None:
    finding = only(examine(districts(), youto(approvals=[APPROVAL])))
    assert (finding.rule, finding.severity) == ("permissions", "block")
    assert finding.message == "出力「geojson」に要る承認がありません: データの提供 (raw download)。"
