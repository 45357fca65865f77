"""What the tests of the map services share: one box of the town in every CRS, and what its picture shows."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from starlette.testclient import TestClient

from gis_pipeline.crs import output_crs
from tests.tile_server.tree import FRAME, SOUTH_M, WEST_M, lonlat

CRS = {crs.code: crs for crs in output_crs(FRAME)}
SIZE = 400
WIDE_M, HIGH_M = 800.0, 400.0
"""The box asked for: from the town's south-west corner, twice as wide as it is high, so a turned axis shows."""


def box(code: str, *, definition: bool) -> str:
    """The box in a CRS, in the order of the definition or east first."""
    (low_lon, low_lat), (high_lon, high_lat) = lonlat(0, 0), lonlat(WIDE_M, HIGH_M)
    if code == FRAME:
        west, south, east, north = WEST_M, SOUTH_M, WEST_M + WIDE_M, SOUTH_M + HIGH_M
    else:
        first, second = CRS[code].from_lonlat(np.array([low_lon, high_lon]), np.array([low_lat, high_lat]))
        x, y = (second, first) if CRS[code].northing_first else (first, second)
        west, south, east, north = float(x[0]), float(y[0]), float(x[1]), float(y[1])
    corners = (south, west, north, east) if definition and CRS[code].northing_first else (west, south, east, north)
    return ",".join(repr(value) for value in corners)


def read(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content)).convert("RGBA")


def pixels(content: bytes) -> NDArray[np.uint8]:
    return np.asarray(read(content))


def shows_the_town(image: Image.Image) -> None:
    """In a picture of the box: d0 (green, class 1) in the lower left corner, d1 (pink, class 10) right of it."""
    width, height = image.size
    green = image.getpixel((round(width * 35 / WIDE_M), round(height * (1 - 20 / HIGH_M))))
    pink = image.getpixel((round(width * 135 / WIDE_M), round(height * (1 - 20 / HIGH_M))))
    assert isinstance(green, tuple) and isinstance(pink, tuple)
    assert green[1] > green[0] + 20, green
    assert pink[0] > pink[1] + 15, pink


def get_map(version: str, code: str, **more: str) -> dict[str, str]:
    """The keys of a GetMap that is right."""
    return {
        "SERVICE": "WMS",
        "VERSION": version,
        "REQUEST": "GetMap",
        "LAYERS": "youto",
        "STYLES": "",
        "CRS" if version == "1.3.0" else "SRS": code.replace("OGC:CRS84", "CRS:84"),
        "BBOX": box(code, definition=version == "1.3.0"),
        "WIDTH": str(2 * SIZE),
        "HEIGHT": str(SIZE),
        "FORMAT": "image/png",
    } | more


def wms(client: TestClient, version: str, code: str, **more: str) -> bytes:
    answer = client.get("/wms", params=get_map(version, code, **more))
    assert answer.status_code == 200, answer.text
    return answer.content


def of_map(client: TestClient, code: str, collection: str = "youto", **more: Any) -> bytes:
    """The same box by OGC API – Maps."""
    uri = CRS[code].uri
    query = {"bbox": box(code, definition=True), "bbox-crs": uri, "crs": uri, "width": "800", "height": "400"}
    answer = client.get(f"/api/collections/{collection}/map", params=query | more)
    assert (answer.status_code, answer.headers["content-crs"]) == (200, f"<{uri}>")
    return answer.content
