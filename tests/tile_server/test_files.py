"""Published files: the bytes that were published, by Range as RFC 9110 says, and never anything else."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

PATH = "/files/youto/2026-04-01/features.geojson"


@pytest.fixture(scope="module")
def content(tree: Path) -> bytes:
    return (tree / "collections/youto/2026-04-01/features.geojson").read_bytes()


def test_every_asset_of_every_edition_is_served_as_published_or_refused(tree: Path, client: TestClient) -> None:
    served = 0
    for document in tree.glob("collections/*/*/edition.json"):
        edition = json.loads(document.read_text(encoding="utf-8"))
        for asset in edition["assets"]:
            answer = client.get(f"/files/{edition['collection']}/{edition['id']}/{asset['name']}")
            if edition["collection"] == "bouka" or edition["id"] == "2024-04-01":
                assert answer.status_code == 410
            elif asset["act"] == "screen" or edition["collection"] == "banchi":
                assert answer.status_code == 403
            else:
                assert hashlib.sha256(answer.content).hexdigest() == asset["sha256"]
                assert answer.headers["content-type"] == asset["media_type"]
                assert answer.headers["cache-control"] == "public, max-age=86400, immutable"
                served += 1
    assert served > 15


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=100-", 100, None), ("bytes=-50", -50, None),
     ("bytes=0-99999999", 0, None)],
)  # fmt: skip
def test_a_range_is_that_part(client: TestClient, content: bytes, header: str, start: int, stop: int | None) -> None:
    answer = client.get(PATH, headers={"range": header})
    part = content[start:stop]
    first = start if start >= 0 else len(content) + start
    assert (answer.status_code, answer.content) == (206, part)
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(part) - 1}/{len(content)}"
    assert answer.headers["content-length"] == str(len(part))


def test_several_ranges_come_as_parts(client: TestClient, content: bytes) -> None:
    answer = client.get(PATH, headers={"range": "bytes=0-4, 10-14"})
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges")
    assert content[0:5] in answer.content
    assert content[10:15] in answer.content


@pytest.mark.parametrize("header", ["bytes=99999999-", "bytes=99999999-99999999", "bytes=-0"])
def test_a_range_beyond_the_end_is_416(client: TestClient, content: bytes, header: str) -> None:
    answer = client.get(PATH, headers={"range": header})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(content)}"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "header",
    ["bytes=5-2", "bytes=a-b", "lines=1-2", "bytes=", "bytes", "bytes=-", "bytes=--1", "bytes=1-2-3",
     "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 200, 2)), "bytes=" + "9" * 5000 + "-"],
    ids=lambda header: header[:14],
)  # fmt: skip
def test_a_range_that_cannot_be_followed_is_ignored(client: TestClient, content: bytes, header: str) -> None:
    answer = client.get(PATH, headers={"range": header})
    assert (answer.status_code, answer.content) == (200, content)


def test_if_range_with_another_etag_gives_the_whole_file(client: TestClient, content: bytes) -> None:
    etag = client.get(PATH).headers["etag"]
    assert client.get(PATH, headers={"range": "bytes=0-9", "if-range": etag}).status_code == 206
    assert client.get(PATH, headers={"range": "bytes=0-9", "if-range": '"old"'}).content == content


def test_head_has_the_length_and_no_body(client: TestClient, content: bytes) -> None:
    head = client.head(PATH)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(content))
    assert head.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    "name",
    ["../edition.json", "edition.json", "..%2f..%2f..%2fcatalog.json", "%2e%2e/edition.json", "/etc/passwd",
     "features.geojson/", "%2e/features.geojson", "features.geojson%00", "FEATURES.GEOJSON",
     "sheets/%2e%2e/features.geojson", "%2ffeatures.geojson", "sheets%5c..%5cfeatures.geojson"],
)  # fmt: skip
def test_only_names_in_the_list_of_assets_exist(client: TestClient, name: str) -> None:
    assert client.get(f"/files/youto/2026-04-01/{name}").status_code == 404


@pytest.mark.parametrize(
    "path", ["/download/banchi.pmtiles", "/download/banchi.geojson", "/files/banchi/2026-04-01/tiles.pmtiles"]
)
def test_a_collection_for_viewing_only_is_not_given_away(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:machizu:problem:viewing-only")
    assert "閲覧のみ" in answer.json()["detail"]


def test_a_download_has_a_name_a_person_recognises(client: TestClient) -> None:
    header = client.get("/download/youto.geojson").headers["content-disposition"]
    assert header.startswith("attachment; filename=\"youto_2026-04-01.geojson\"; filename*=UTF-8''")
    assert unquote(header.partition("filename*=UTF-8''")[2]) == "用途地域_2026-04-01.geojson"


def test_a_download_of_an_earlier_day(tree: Path, client: TestClient) -> None:
    answer = client.get("/download/youto.geojson", params={"datetime": "2025-12-31"})
    assert answer.content == (tree / "collections/youto/2025-04-01/features.geojson").read_bytes()
    assert answer.headers["x-machizu-edition"] == "2025-04-01"


def test_sheets_are_taken_one_by_one(client: TestClient) -> None:
    downloads = client.get("/api/collections/zumen").json()["downloads"]
    sheets = [entry for entry in downloads if entry["href"].endswith(".tif")]
    assert len(sheets) == 2
    for entry in sheets:
        answer = client.get(entry["href"])
        assert (answer.status_code, len(answer.content)) == (200, entry["size"])
    assert client.get("/download/zumen.tif").status_code == 404
    item = client.get("/api/collections/zumen/items/s0").json()
    (link,) = [link for link in item["links"] if link["rel"] == "enclosure"]
    assert client.get(link["href"]).status_code == 200


@pytest.mark.parametrize("path", ["items", "items?crs=http://www.opengis.net/def/crs/EPSG/0/4326"])
def test_what_is_for_viewing_only_is_told_without_its_coordinates(client: TestClient, path: str) -> None:
    features = client.get(f"/api/collections/banchi/{path}").json()["features"]
    assert features
    assert all(feature["geometry"] is None and feature["properties"] for feature in features)
