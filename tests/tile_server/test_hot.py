"""A tile that was asked for before is answered as if it were asked for the first time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tile_server.client import client_of
from tests.tile_server.test_tiles import some

CODINGS = ("gzip", "gzip, br", "identity", "gzip;q=0", "", "x" * 300)
PLACES = ("youto@2026-04-01/{}/{}/{}.mvt", "youto/{}/{}/{}.mvt", "youto@2026-04-01/15/0/0.mvt")


@pytest.mark.parametrize("place", PLACES)
def test_the_second_answer_equals_the_first(tree: Path, place: str) -> None:
    path = "/tiles/" + place.format(*some(tree))
    with client_of(tree) as client:
        for coding in CODINGS:
            headers = {"accept-encoding": coding}
            first, second = (client.get(path, headers=headers) for _ in range(2))
            assert (second.status_code, second.content, second.headers) == (
                first.status_code,
                first.content,
                first.headers,
            )


def test_what_is_ready_does_not_answer_another_question(tree: Path) -> None:
    zoom, col, row = some(tree)
    path = f"/tiles/youto@2026-04-01/{zoom}/{col}/{row}.mvt"
    with client_of(tree) as client:
        etag = client.get(path).headers["etag"]
        assert client.get(path, headers={"if-none-match": etag}).status_code == 304
        assert client.head(path).content == b""
        assert client.get(path + "?key=1").status_code == 400
        assert client.post(path).status_code == 405
        assert client.get(path + "x").status_code == 404


def test_no_more_paths_are_remembered_than_is_said(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tile_server.hot.MOST_PATHS", 2)
    with client_of(tree) as client:
        for _ in range(2):
            for col in range(5):
                assert client.get(f"/tiles/youto@2026-04-01/15/{col}/0.mvt").status_code == 204
