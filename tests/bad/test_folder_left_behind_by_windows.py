from __future__ import annotations

from pathlib import Path

import pytest

from tests.town import Town, findings

NAMES = ["Thumbs.db", "desktop.ini", ".DS_Store", "~$youto.xlsx", ".~lock.youto.csv#", "__MACOSX/._youto.geojson"]


@pytest.mark.parametrize("name", NAMES)
def test_what_a_desktop_leaves_behind_makes_no_correction(tmp_path: Path, name: str) -> None:
    town = Town(tmp_path)
    town.publish()
    town.write(f"youto/2026-04-01/{name}", "x")
    outcome = town.build()
    assert outcome.candidate is None
    assert findings(outcome, "warn") == []
