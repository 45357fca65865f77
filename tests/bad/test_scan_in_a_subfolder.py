from __future__ import annotations

from pathlib import Path

from tests.georef.test_sheets_of_edition import put, sheets


def test_a_sheet_in_a_subfolder_is_not_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "2026-04-01"
    put(folder, "09KC971.png")
    put(folder, "東側/09KC972.PNG")
    assert [sheet.code for sheet in sheets(folder, tmp_path)] == ["09KC971", "09KC972"]
