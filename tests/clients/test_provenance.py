"""Whatever a client asks for says from when, by whom, at which map level and how exact it is."""

from __future__ import annotations

from urllib.request import urlopen

import pytest

ANSWERS = (
    "/api/collections/youto?f=json",
    "/api/collections/youto/items?limit=1",
    "/api/collections/youto/items/Y-01",
    "/tiles/youto.json",
    "/tiles/plan2500.json",
    "/api/collections/youto/tiles/WebMercatorQuad?f=json",
    "/api/collections/youto/tiles/EPSG6677Scales?f=json",
    "/api/collections/youto/map/tiles/EPSG6677Scales?f=json",
    "/identify?lon=139.27&lat=35.74",
    "/styles/youto.json",
    "/api/records",
    "/api/stac/collections/youto/items/2026-04-01",
    "/wmts/1.0.0/WMTSCapabilities.xml",
    "/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION=1.1.1",
    "/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION=1.3.0",
    "/layers.txt",
)


@pytest.mark.parametrize("address", ANSWERS)
def test_it_states_edition_source_map_level_and_accuracy(site: str, address: str) -> None:
    with urlopen(site + address) as answer:
        text = answer.read().decode()
    left = [words for words in ("2026-04-01", "見本町 用途地域（見本・架空）", "2500", "1.75") if words not in text]
    assert left == ([] if "plan2500" not in address else ["見本町 用途地域（見本・架空）"])
