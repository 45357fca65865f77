"""While pictures are being drawn everybody else is answered."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.tile_server.client import client_of
from tests.tile_server.test_tiles import some, stored
from tile_server import images

QUICK = ("/health/live", "/api", "/api/collections/youto/items?limit=5", "/identify?lon=139.2&lat=35.7")


def test_others_are_answered_while_pictures_are_drawn(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing, finish = threading.Event(), threading.Event()

    def endless(*_: object, **__: object) -> None:
        drawing.set()
        assert finish.wait(30)

    monkeypatch.setattr(images, "scanned", endless)
    zoom, col, row = max(stored(tree / "collections/zumen/2026-04-01/image.pmtiles"))
    at = some(tree)
    with client_of(tree) as client:
        statuses: list[int] = []
        picture = f"/tiles/zumen@2026-04-01/{zoom}/{col}/{row}.png"
        waiting = [threading.Thread(target=lambda: statuses.append(client.get(picture).status_code)) for _ in range(12)]
        for thread in waiting:
            thread.start()
        assert drawing.wait(10)
        try:
            for path in (*QUICK, "/tiles/youto/{}/{}/{}.mvt".format(*at)):
                assert client.get(path).status_code == 200
            assert not statuses
        finally:
            finish.set()
            for thread in waiting:
                thread.join(20)
        assert statuses == [200] * 12
