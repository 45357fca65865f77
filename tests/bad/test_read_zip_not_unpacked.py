"""A delivery left in its ZIP."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tests.town import Town, findings


def test_is_named_with_what_to_do(tmp_path: Path) -> None:
    town = Town(tmp_path)
    folder = town.folders.source / "youto/2026-04-01"
    with zipfile.ZipFile(folder / "納品.zip", "w") as archive:
        archive.write(folder / "youto.geojson", "youto.geojson")
    (folder / "youto.geojson").unlink()
    [finding] = findings(town.build())
    assert finding.message == '読める資料がありません（files = "*"）。置いてあるもの: 納品.zip。'
    assert finding.advice.startswith("次の種類のファイルを置いてください（ZIP は展開します）: .csv")
