from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline import publishing
from gis_pipeline.errors import MachineError
from tests import published


def test_a_damaged_catalogue_is_told_with_the_way_back(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2026-04-01": "a"}})
    (tmp_path / "catalog.json").write_text("{")
    with pytest.raises(
        MachineError, match=r"の中身が壊れていて読めません。控えから.*releases/ の最も新しいファイル"
    ) as caught:
        publishing.verify(tmp_path)
    assert "validation error" not in str(caught.value)
    (tmp_path / "catalog.json").write_bytes((tmp_path / "releases/000001.json").read_bytes())
    assert publishing.verify(tmp_path) == ()
