"""What people look for comes first."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from gis_pipeline.catalog import Published
from gis_pipeline.model import Asset, EditionEntry
from gis_pipeline.outputs.search import keys
from tests import published
from tile_server.search import SearchIndex


def _edition(folder: Path, name: str, role: str, texts: list[str]) -> Published:
    folder.mkdir()
    entries = [
        {"text": text, "keys": keys([text]), "kind": name, "fid": text, "lon": 0, "lat": 0, "bbox": None}
        for text in texts
    ]
    (folder / "search.json").write_bytes(orjson.dumps({"entries": entries}))
    asset = Asset(
        name="search.json", output="search", media_type="application/json", act="screen", size=1, sha256="0" * 64
    )
    document = published.edition_document(name, "2026-04-01", name).model_copy(update={"assets": (asset,)})
    entry = EditionEntry(id="2026-04-01", key=document.key, state="live", path=folder.name)
    return Published(published.collection(name, role=role), entry, document, folder)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("平沢", "大字平沢"),
        ("平沢2", "平沢2号線"),
        ("平沢二号線", "平沢2号線"),
        ("大字平沢", "大字平沢"),
        ("12", "大字平沢12"),
    ],
)
def test_places_come_before_roads_and_may_be_named_without_their_prefix(tmp_path: Path, query: str, first: str) -> None:
    roads = _edition(tmp_path / "a", "choudo", "road", ["平沢2号線", "平沢12号線"])
    places = _edition(tmp_path / "b", "azachi", "address", ["大字平沢12", "大字平沢"])
    assert SearchIndex().find(query, [roads, places], 5)[0]["text"] == first


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("前田250番地", "大字見本字前田250"),
        ("大字見本 字前田　250番地", "大字見本字前田250"),
        ("見本 250", "大字見本字前田250"),
        ("見晴台一丁目2番1号", "見晴台一丁目2-1"),
        ("見晴台1-2-1", "見晴台一丁目2-1"),
        ("101", "0101"),
        ("0101", "0101"),
    ],
)
def test_addresses_may_be_written_out_and_numbers_without_their_first_zeros(
    tmp_path: Path, query: str, first: str
) -> None:
    roads = _edition(tmp_path / "a", "choudo", "road", ["1012", "0101"])
    places = _edition(tmp_path / "b", "azachi", "address", ["大字見本字前田250", "見晴台一丁目2-1", "平沢1013"])
    assert SearchIndex().find(query, [roads, places], 5)[0]["text"] == first


def test_every_word_must_be_found(tmp_path: Path) -> None:
    places = _edition(tmp_path / "b", "azachi", "address", ["大字見本字前田250", "見晴台一丁目2-1"])
    assert SearchIndex().find("見本 999", [places], 5) == []
    assert SearchIndex().find("　 ", [places], 5) == []
