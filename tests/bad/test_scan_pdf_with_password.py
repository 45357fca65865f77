"""A PDF that asks for a password (user key of another password, standard security handler 2)."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gis_pipeline.errors import MaterialError
from gis_pipeline.formats import pdf
from tests.georef.scene import picture


def test_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    Image.fromarray(picture(30, 40)).save(path)
    lock = "/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 " + f"/O <{'41' * 32}> /U <{'42' * 32}> >> "
    ids = f"/ID [<{'43' * 16}> <{'43' * 16}>] "
    data = path.read_bytes()
    at = data.rindex(b"trailer")
    path.write_bytes(data[:at] + data[at:].replace(b"<<", b"<< " + (lock + ids).encode(), 1))
    with pytest.raises(
        MaterialError, match=r"^a\.pdf: パスワードの付いた PDF は読めません。 パスワードを外して保存し直してください。"
    ):
        list(pdf.read(path, path.name, 400, tmp_path))
