from __future__ import annotations

from pathlib import Path

from tests.town import Town, findings


def test_a_file_that_nothing_was_read_from_is_named(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.write("youto/2026-04-01/納品　令和8年/地区計画.dwg", "AC1032")
    [finding] = findings(town.build(), "warn")
    assert (finding.rule, finding.file) == ("read", "納品　令和8年/地区計画.dwg")
    assert finding.message == "このファイルは読みませんでした。"
    assert "ZIP は展開します" in finding.advice


def test_a_side_file_without_its_main_file_is_named(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.write("youto/2026-04-01/bouka.dbf", "x")
    assert [finding.file for finding in findings(town.build(), "warn")] == ["bouka.dbf"]


def test_side_files_are_known_by_their_main_file(tmp_path: Path) -> None:
    town = Town(tmp_path)
    for name in ("youto.qmd", "YOUTO.PRJ", "youto.geojson.aux.xml", "edition.toml"):
        town.write(f"youto/2026-04-01/{name}", "")
    assert findings(town.build(), "warn") == []
