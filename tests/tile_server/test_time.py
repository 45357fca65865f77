"""Every route holds to `datetime`: a day means its edition, an interval no instant, before the first データ無し."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

import tile_server.routes
from gis_pipeline.model import BBox
from gis_pipeline.plugins import members
from tests.tile_server.client import client_of
from tile_server.params import ANY, accepted_parameters
from tile_server.tilesets import tile_range

LON, LAT = 139.2878634, 35.7399538
"""In district Y-11 of the sample, whose 容積率 differs between its editions of 2019 and 2026."""
ROW, _, COL, _ = tile_range(BBox(west=LON, south=LAT, east=LON, north=LAT), 15)
FILLED = {
    "collectionId": "youto",
    "styleId": "youto",
    "featureId": "Y-11",
    "tileMatrixSetId": "WebMercatorQuad",
    "tileMatrix": "15",
    "tileRow": str(ROW),
    "tileCol": str(COL),
    "z": "15",
    "x": str(COL),
    "file": f"{ROW}.mvt",
    "layer": "youto",
    "name": "youto.geojson",
    "j": "100",
    "i": "100",
    "infoFile": "100.json",
    "tileFile": f"{COL}.png",
    "time": "current",
}
QUERY = {"/identify": f"lon={LON}&lat={LAT}", "/search": "q=Y-15"}
TIMELESS = (
    "/api", "/api/", "/api/conformance", "/api/docs", "/api/openapi.json", "/api/tileMatrixSets", "/assets/",
    "/favicon", "/files/", "/fonts/", "/health/", "/jobs/", "/metrics", "/pages/", "/robots.txt", "/styles/sprite",
    "/sitemap.xml", "/api/stac/collections/{collectionId}/items/", "/wms", "/wmts/1.0.0/",
)  # fmt: skip
"""Paths that carry no data, that name an edition themselves, or whose answer hangs on `request=` (tested below)."""
MANY = (
    "/api/changes", "/api/collections", "/api/map", "/api/records", "/api/stac", "/api/styles", "/identify",
    "/api/tiles", "/api/tiles/{tileMatrixSetId}", "/api/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}",
    "/layers.txt", "/list", "/search",
)  # fmt: skip
"""Paths over all maps: a day before every edition is an empty answer, not an error."""
INTERVALS = ("/items", "/api/records", "/api/stac", "/api/stac/collections/{collectionId}")
DECLARED = ("/queryables", "/sortables", "/schema", "/styles", "/tiles", ".qml", ".sld")
"""What follows from the declaration and the extent alone may be the same for every edition."""


def timed_routes() -> list[str]:
    found: dict[str, None] = {}
    for module in members(tile_server.routes).values():
        for route in module.router.routes:
            assert isinstance(route, APIRoute)
            timeless = route.path in ("/", "/wmts", *TIMELESS) or any(
                route.path.startswith(start) for start in TIMELESS if start not in ("/api", "/api/")
            )
            if timeless:
                continue
            accepted = accepted_parameters(route.dependant)
            assert accepted in (None, ANY) or "datetime" in accepted, f"{route.path} knows no datetime"
            found[route.path] = None
    return list(found)


@pytest.fixture(scope="module")
def town(sample: Path) -> Iterator[TestClient]:
    with client_of(sample / "published", lambda: dt.date(2026, 11, 24)) as made:
        yield made


def asked(town: TestClient, route: str, moment: str) -> tuple[int, bytes]:
    """Status and bytes, without the day that links repeat and the moment of the answer."""
    path = re.sub(r"\{(\w+)(?::path)?\}", lambda match: FILLED[match[1]], route)
    answer = town.get(f"{path}?{QUERY.get(route, '')}&datetime={moment}".replace("?&", "?"))
    text = re.sub(rb"datetime=[0-9-]{10}", b"datetime=", answer.content)
    return answer.status_code, re.sub(rb'"timeStamp":"[^"]*"', b"", text)


@pytest.mark.parametrize("route", timed_routes())
def test_a_day_means_the_edition_in_force_on_it(town: TestClient, route: str) -> None:
    of_the_edition = asked(town, route, "2019-04-01")
    assert asked(town, route, "2020-01-01") == of_the_edition
    assert asked(town, route, "2026-03-31T12:00:00Z")[0] == of_the_edition[0]
    later = asked(town, route, "2026-04-01")
    assert later[0] == 200
    if not route.endswith(DECLARED):
        assert later != of_the_edition


@pytest.mark.parametrize("route", [route for route in timed_routes() if not route.endswith(INTERVALS)])
def test_an_interval_is_no_instant(town: TestClient, route: str) -> None:
    assert asked(town, route, "2019-04-01/2026-04-01")[0] == 400


@pytest.mark.parametrize("route", [route for route in timed_routes() if route not in MANY])
def test_before_the_first_edition_there_is_no_data(town: TestClient, route: str) -> None:
    status, body = asked(town, route, "1990-01-01")
    assert (status, "データ無し".encode() in body) == (404, True)


GET_MAP = (
    "service=WMS&version=1.3.0&request=GetMap&layers=youto&styles=&crs=CRS:84&bbox=139.28,35.73,139.30,35.75"
    "&width=200&height=200&format=image/png"
)
GET_TILE = (
    "service=WMTS&version=1.0.0&request=GetTile&layer=youto&style=default&format=image/png"
    f"&tilematrixset=WebMercatorQuad&tilematrix=15&tilerow={ROW}&tilecol={COL}"
)


@pytest.mark.parametrize("name", ["TIME", "datetime"])
@pytest.mark.parametrize("address", [f"/wms?{GET_MAP}", f"/wmts?{GET_TILE}"])
def test_pictures_by_request_are_of_the_day(town: TestClient, address: str, name: str) -> None:
    earlier, between, later = (
        town.get(f"{address}&{name}={day}") for day in ("2019-04-01", "2020-01-01", "2026-04-01")
    )
    assert [answer.status_code for answer in (earlier, between, later)] == [200, 200, 200]
    assert earlier.content == between.content != later.content
    assert town.get(f"{address}&{name}=2019-04-01/2020-01-01").status_code == 400
