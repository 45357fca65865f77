"""Search engines find the pages of the maps, at the address that people use, and nothing of a preview."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from xml.etree import ElementTree

from starlette.testclient import TestClient

from tests.tile_server.client import BASE, client_of

AT = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def listed(client: TestClient) -> dict[str, str | None]:
    root = ElementTree.fromstring(client.get("/sitemap.xml").content)
    return {node.findtext(f"{AT}loc") or "": node.findtext(f"{AT}lastmod") for node in root.findall(f"{AT}url")}


def test_robots_name_the_sitemap(client: TestClient) -> None:
    assert f"Sitemap: {BASE}/sitemap.xml\n" in client.get("/robots.txt").text


def test_the_sitemap_has_the_page_of_every_map_in_force(client: TestClient) -> None:
    pages = listed(client)
    maps = client.get("/api/collections").json()["collections"]
    for entry in maps:
        page = f"{BASE}/api/collections/{entry['id']}?f=html"
        assert (page in pages) == (entry["edition"] is not None)
    assert len(pages) > len(maps) / 2


def test_every_page_of_the_sitemap_is_a_page(client: TestClient) -> None:
    for address, changed in listed(client).items():
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert changed is None or dt.datetime.fromisoformat(changed).tzinfo is not None


def test_the_sitemap_stands_at_the_address_that_people_use(tree: Path) -> None:
    with client_of(tree, public_url="https://maps.town.example/chizu") as client:
        assert "Sitemap: https://maps.town.example/chizu/sitemap.xml" in client.get("/robots.txt").text
        assert all(address.startswith("https://maps.town.example/chizu/") for address in listed(client))
