"""The pages of collections carry schema.org and DCAT as data that no title can break out of."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from gis_pipeline.model import Release
from tests.tile_server.client import BASE, client_of

HOSTILE = "</script><script>alert('&')</script>"


def blocks(page: str) -> list[dict[str, Any]]:
    return [
        json.loads(text) for text in re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    ]


def test_a_collection_is_a_dataset_by_schema_org(client: TestClient) -> None:
    about = blocks(client.get("/api/collections/youto?f=html").text)[0]
    assert (about["@type"], about["name"], about["version"]) == ("Dataset", "用途地域", "2026-04-01")
    assert about["temporalCoverage"] == "2026-04-01/.."
    assert "小町長の承認" in about["creditText"]
    assert "1.75" in about["measurementTechnique"]
    south, west, north, east = map(float, about["spatialCoverage"]["geo"]["box"].split())
    assert 35 < south < north < 36 and 139 < west < east < 140
    for file in about["distribution"]:
        assert file["contentUrl"].startswith(BASE) and client.get(file["contentUrl"]).status_code == 200


def test_a_collection_is_a_dcat_dataset(client: TestClient) -> None:
    about = blocks(client.get("/api/collections/youto?f=html").text)[1]
    assert about["@type"] == "dcat:Dataset"
    assert about["dct:issued"] == "2026-04-01"
    assert about["dct:spatial"]["dcat:bbox"]["@value"].startswith("POLYGON((139.")
    assert {one["@type"] for one in about["dcat:distribution"]} == {"dcat:Distribution"}


def test_the_list_is_a_catalogue_of_all_collections(client: TestClient) -> None:
    (about,) = blocks(client.get("/api/collections?f=html").text)
    listed = {collection["title"] for collection in client.get("/api/collections").json()["collections"]}
    assert {one["name"] for one in about["dataset"]} == listed


@pytest.mark.parametrize("name", ["banchi", "choubo", "koudo", "bouka"])
def test_what_has_no_file_or_no_edition_is_told_without_it(client: TestClient, name: str) -> None:
    about = blocks(client.get(f"/api/collections/{name}?f=html").text)[0]
    assert about["name"]
    if name != "choubo":
        assert about["distribution"] == []


def test_no_value_ends_the_block(tree: Path, tmp_path: Path) -> None:
    text = (tree / "catalog.json").read_text(encoding="utf-8")
    release = Release.model_validate_json(text)
    entries = tuple(
        entry.model_copy(update={"declaration": entry.declaration.model_copy(update={"title": HOSTILE})})
        for entry in release.collections
    )
    (tmp_path / "catalog.json").write_text(
        release.model_copy(update={"collections": entries}).model_dump_json(), encoding="utf-8"
    )
    (tmp_path / "collections").symlink_to(tree / "collections")
    with client_of(tmp_path) as client:
        for path in ("/api/collections/youto?f=html", "/api/collections?f=html"):
            page = client.get(path).text
            assert "<script>" not in page
            found = blocks(page)
            assert found and HOSTILE in json.dumps(found, ensure_ascii=False)
