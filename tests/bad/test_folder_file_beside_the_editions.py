"""Material that was put beside the edition's folder instead of into it."""

from __future__ import annotations

from pathlib import Path

from tests.town import Town, findings


def test_is_named(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.write("youto/追加分.geojson", "{}")
    town.write("youto/Thumbs.db", "x")
    [finding] = findings(town.build(), "warn")
    assert (finding.rule, finding.file) == ("read", "追加分.geojson")
    assert finding.message == "版のフォルダの外にあるので、読みませんでした。"
    assert "施行日 (YYYY-MM-DD) の名前のフォルダの中に" in finding.advice


def test_a_collection_without_an_edition_blocks(tmp_path: Path) -> None:
    town = Town(tmp_path)
    edition = town.folders.source / "youto/2026-04-01"
    (edition / "youto.geojson").rename(edition.parent / "youto.geojson")
    edition.rmdir()
    outcome = town.build()
    assert [finding.message for finding in findings(outcome)] == ["版のフォルダがありません。"]
    assert [finding.file for finding in findings(outcome, "warn")] == ["youto.geojson"]
