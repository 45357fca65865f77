from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_spreadsheet_serial_number_blocks() -> None:
    finding = only(examine(districts(FNDate={4: 40035})))
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == "列「FNDate」の値「40035」: 表計算ソフトの通し番号のようです。"
    assert finding.record == 4
    assert finding.field == "saishu"
