"""FlatGeobuf whose end was lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import flatgeobuf
from tests.formats.material import read_one, write_every_format


@pytest.mark.parametrize("lost", [1, 100, 300, 600])
def test_is_refused(tmp_path: Path, lost: int) -> None:
    path, _ = write_every_format(tmp_path, tmp_path)["flatgeobuf"]
    path.write_bytes(path.read_bytes()[:-lost])
    with pytest.raises(MaterialError, match=r"^e\.fgb.*: "):
        read_one(flatgeobuf, path)


def test_loss_at_a_boundary_between_features_is_noticed_by_the_count(tmp_path: Path) -> None:
    path, _ = write_every_format(tmp_path, tmp_path)["flatgeobuf"]
    data = path.read_bytes()
    last = data.rindex(b"\x00\x00\x00", 0, data.rindex("ｶﾅ".encode()) - 40)
    for end in range(last - 60, last + 60):
        path.write_bytes(data[:end])
        with pytest.raises(MaterialError):
            read_one(flatgeobuf, path)
