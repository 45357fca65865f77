"""Prebuilt tiles: the bytes of the archive as an independent reader finds them, and what may be kept how long."""

from __future__ import annotations

import datetime as dt
import gzip
import random
from pathlib import Path

import pytest
from pmtiles.reader import MmapSource, all_tiles
from starlette.testclient import TestClient

from tests.tile_server.client import client_of
from tests.tile_server.tree import TODAY, WITHDRAWN_BECAUSE, candidate, published_tree, withdraw
from tile_server.archives import Archive

YOUTO = "collections/youto/2026-04-01/tiles.pmtiles"


def stored(path: Path) -> dict[tuple[int, int, int], bytes]:
    """Every tile of an archive by (zoom, col, row), by the reference implementation's walk."""
    with path.open("rb") as stream:
        return dict(all_tiles(MmapSource(stream)))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("name", [YOUTO, "collections/zumen/2026-04-01/image.pmtiles"])
def test_the_archive_is_read_as_the_reference_reader_reads_it(tree: Path, name: str) -> None:
    archive, expected = Archive(tree / name), stored(tree / name)
    assert len(expected) > 5
    for (zoom, col, row), content in expected.items():
        assert archive.tile(zoom, col, row) == content
    rng = random.Random(1)
    for _ in range(2000):
        zoom = rng.randint(archive.min_zoom, archive.max_zoom)
        col, row = rng.randrange(1 << zoom), rng.randrange(1 << zoom)
        assert archive.tile(zoom, col, row) == expected.get((zoom, col, row))


def test_vector_tiles_go_out_as_stored_or_plain_as_the_client_wants(tree: Path, client: TestClient) -> None:
    for (zoom, col, row), content in stored(tree / YOUTO).items():
        path = f"/tiles/youto@2026-04-01/{zoom}/{col}/{row}.mvt"
        packed = client.get(path, headers={"accept-encoding": "gzip"})
        plain = client.get(path, headers={"accept-encoding": "identity"})
        refused = client.get(path, headers={"accept-encoding": "gzip;q=0, br"})
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["content-length"] == str(len(content))
        assert packed.content == plain.content == refused.content == gzip.decompress(content)
        assert "content-encoding" not in plain.headers
        assert plain.headers["etag"] != packed.headers["etag"]
        assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"


def test_image_tiles_go_out_as_stored(tree: Path, client: TestClient) -> None:
    for (zoom, col, row), content in stored(tree / "collections/zumen/2026-04-01/image.pmtiles").items():
        answer = client.get(f"/tiles/zumen@2026-04-01/{zoom}/{col}/{row}.webp")
        assert answer.content == content
        assert answer.headers["content-type"] == "image/webp"


def some(tree: Path) -> tuple[int, int, int]:
    return next(at for at in stored(tree / YOUTO) if at[0] == 15)


def test_an_edition_is_kept_for_a_day_at_most_and_the_latest_briefly(tree: Path, client: TestClient) -> None:
    zoom, col, row = some(tree)
    named = client.get(f"/tiles/youto@2026-04-01/{zoom}/{col}/{row}.mvt")
    latest = client.get(f"/tiles/youto/{zoom}/{col}/{row}.mvt")
    assert named.headers["cache-control"] == "public, max-age=86400, immutable"
    assert latest.headers["cache-control"] == "public, max-age=60"
    assert named.content == latest.content


def test_head_and_if_none_match(tree: Path, client: TestClient) -> None:
    zoom, col, row = some(tree)
    path = f"/tiles/youto@2026-04-01/{zoom}/{col}/{row}.mvt"
    got, head = client.get(path), client.head(path)
    assert (head.status_code, head.content, dict(head.headers)) == (200, b"", dict(got.headers))
    again = client.get(path, headers={"if-none-match": f'"x", {got.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert "content-length" not in again.headers


def test_an_empty_place_is_204_and_outside_is_404(tree: Path, client: TestClient) -> None:
    assert client.get("/tiles/youto/15/0/0.mvt").status_code == 204
    outside = ("15/32768/0", "15/0/32768", f"15/0/{1 << 40}", "25/0/0", "99/0/0", "11/0/0", "16/0/0", "-1/0/0")
    for place in outside:
        answer = client.get(f"/tiles/youto@2026-04-01/{place}.mvt")
        assert answer.status_code in (400, 404), place
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tiles/youto@2030-01-01/15/0/0.mvt", 404),
        ("/tiles/nothing/15/0/0.mvt", 404),
        ("/tiles/choiki/15/0/0.mvt", 404),
        ("/tiles/youto/15/0/0.webp", 404),
        ("/tiles/youto/15/0/0.gif", 404),
        ("/tiles/youto@2024-04-01/15/0/0.mvt", 410),
        ("/tiles/bouka/15/0/0.mvt", 410),
        ("/tiles/youto/15/0/0.mvt?datetime=2026-01-01/2026-02-01", 400),
        ("/tiles/youto/15/0/0.mvt?datetime=soon", 400),
        ("/tiles/youto/15/0/0.mvt?key=1", 400),
        ("/tiles/youto@2026-04-01/15/0/0.mvt?datetime=2026-04-01", 400),
        ("/tiles/youto/15/0/0.mvt?datetime=2019-01-01", 404),
    ],
)
def test_what_there_is_no_tile_for_is_a_problem(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    if status == 410:
        assert WITHDRAWN_BECAUSE in answer.json()["reason"]


def test_datetime_chooses_the_edition(tree: Path, client: TestClient) -> None:
    zoom, col, row = some(tree)
    for day, edition in (("2025-05-01", "2025-04-01"), ("2026-03-31T15:00:00Z", "2026-04-01")):
        by_day = client.get(f"/tiles/youto/{zoom}/{col}/{row}.mvt", params={"datetime": day})
        by_name = client.get(f"/tiles/youto@{edition}/{zoom}/{col}/{row}.mvt")
        assert by_day.content == by_name.content
        assert by_day.headers["etag"].partition("-")[0] == by_name.headers["etag"].partition("-")[0]


def test_a_future_edition_comes_into_force_at_midnight_by_itself(tree: Path) -> None:
    clock = [dt.date(2027, 3, 31)]
    zoom, col, row = some(tree)
    with client_of(tree, lambda: clock[0]) as client:
        before = client.get(f"/tiles/youto/{zoom}/{col}/{row}.mvt").headers["etag"]
        assert client.get("/api/collections/youto").json()["edition"]["id"] == "2026-04-01"
        page = client.get("/api/collections/youto").headers["etag"]
        clock[0] = dt.date(2027, 4, 1)
        assert client.get("/api/collections/youto").json()["edition"]["id"] == "2027-04-01"
        assert client.get("/api/collections/youto").headers["etag"] != page
        after = client.get(f"/tiles/youto/{zoom}/{col}/{row}.mvt").headers["etag"]
        assert before != after
        assert after == client.get(f"/tiles/youto@2027-04-01/{zoom}/{col}/{row}.mvt").headers["etag"]


def test_a_withdrawal_is_everywhere_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis_pipeline.catalog.RECHECK_S", 0.0)
    (tmp_path / "work").mkdir()
    root = published_tree(tmp_path / "published", tmp_path / "work")
    zoom, col, row = some(root)
    paths = (
        f"/tiles/youto@2026-04-01/{zoom}/{col}/{row}.mvt",
        f"/tiles/youto/{zoom}/{col}/{row}.mvt",
        f"/api/collections/youto/tiles/WebMercatorQuad/{zoom}/{row}/{col}",
        "/tiles/youto.json",
        "/styles/youto.json",
        "/api/collections/youto/items",
        "/api/collections/youto/items/d1",
        "/api/collections/youto/tiles",
        "/download/youto.geojson",
        "/files/youto/2026-04-01/features.geojson",
    )
    with client_of(root) as client:
        assert [client.get(path).status_code for path in paths] == [200] * len(paths)
        assert client.get("/search?q=第一種低層住居専用地域").json()["results"]
        withdraw(root, "youto", "2026-04-01")
        assert [client.get(path).status_code for path in paths] == [410] * len(paths)
        entry = client.get("/api/collections/youto").json()
        assert (entry["edition"], entry["withdrawn"]) == (None, WITHDRAWN_BECAUSE)
        assert client.get("/search?q=第一種低層住居専用地域").json()["results"] == []


def test_a_candidate_is_shown_privately(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    root = tmp_path / "published"
    made = candidate(root, tmp_path / "work")
    with client_of(root) as public:
        assert public.get("/api/collections").status_code == 404
        assert public.get("/health/ready").status_code == 503
        assert public.get("/health/live").status_code == 200
    with client_of(root, lambda: TODAY, candidate=made.number) as preview:
        page = preview.get("/list")
        assert "公開前の確認用" in page.text
        assert page.headers["cache-control"] == "private, no-store"
        zoom, col, row = some_of(root, made.number)
        tile = preview.get(f"/tiles/youto@2026-04-01/{zoom}/{col}/{row}.mvt")
        assert (tile.status_code, tile.headers["cache-control"]) == (200, "private, no-store")
        assert preview.get("/api").json()["service"]["candidate"] is True
        assert "Disallow: /\n" in preview.get("/robots.txt").text


def some_of(root: Path, number: int) -> tuple[int, int, int]:
    return next(at for at in stored(root / "candidates" / str(number) / YOUTO) if at[0] == 15)
