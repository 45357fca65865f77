"""Windows gives nobody a file that Excel or a GIS has open: the machine is not at fault, and the file is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline import planning, publishing
from tests.town import Town, findings


def test_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town(tmp_path)
    held = town.folders.source / "youto/2026-04-01/youto.geojson"
    really = publishing.sha256_of

    def refused(path: Path) -> str:
        if path == held:
            raise PermissionError(13, "used by another process")
        return really(path)

    monkeypatch.setattr(planning, "sha256_of", refused)
    [finding] = findings(town.build())
    assert (finding.file, finding.message) == ("2026-04-01/youto.geojson", "ファイルを開けません。")
    assert finding.advice == "ほかのソフトで開いていれば閉じ、読み取りの権限を確かめてください。"
