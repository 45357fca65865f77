"""OGC API – Maps, WMS 1.1.1 and 1.3.0, WMTS 1.0.0: the same district has the same colour at the same place in all."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from gis_pipeline.crs import output_crs
from tests.conftest import serving
from tests.tile_server.tree import FRAME, SOUTH_M, WEST_M, lonlat
from tile_server.glyphs import missing

# rasterio multiplies affine transforms in the way affine 3 will drop; nothing here can change that.

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


def shows_the_town(image: Image.Image) -> None:
    """In a picture of the box: d0 (green, class 1) in the lower left corner, d1 (pink, class 10) right of it."""
    width, height = image.size
    green = image.getpixel((round(width * 35 / WIDE_M), round(height * (1 - 20 / HIGH_M))))
    pink = image.getpixel((round(width * 135 / WIDE_M), round(height * (1 - 20 / HIGH_M))))
    assert isinstance(green, tuple) and isinstance(pink, tuple)
    assert green[1] > green[0] + 20, green
    assert pink[0] > pink[1] + 15, pink


def wms(client: TestClient, version: str, code: str, **more: str) -> bytes:
    named = "CRS" if version == "1.3.0" else "SRS"
    query = {
        "SERVICE": "WMS",
        "version": version,
        "Request": "GetMap",
        "layers": "youto",
        "STYLES": "",
        named: code.replace("OGC:CRS84", "CRS:84"),
        "BBOX": box(code, definition=version == "1.3.0"),
        "WIDTH": str(2 * SIZE),
        "HEIGHT": str(SIZE),
        "FORMAT": "image/png",
    }
    answer = client.get("/wms", params=query | more)
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.mark.parametrize("code", list(CRS))
def test_wms_130_follows_the_axes_of_the_definition(client: TestClient, code: str) -> None:
    shows_the_town(read(wms(client, "1.3.0", code)))


@pytest.mark.parametrize("code", [code for code in CRS if code != "OGC:CRS84"])
def test_wms_111_says_east_first(client: TestClient, code: str) -> None:
    shows_the_town(read(wms(client, "1.1.1", code)))


@pytest.mark.parametrize("code", list(CRS))
def test_ogc_maps_follow_the_axes_of_the_definition(client: TestClient, code: str) -> None:
    uri = CRS[code].uri
    query = {"bbox": box(code, definition=True), "bbox-crs": uri, "crs": uri, "width": "800", "height": "400"}
    answer = client.get("/api/collections/youto/map", params=query)
    assert (answer.status_code, answer.headers["content-crs"]) == (200, f"<{uri}>")
    shows_the_town(read(answer.content))


def test_a_map_of_several_collections_has_the_shape_of_the_box(client: TestClient) -> None:
    uri = CRS[FRAME].uri
    query = {"bbox": box(FRAME, definition=True), "bbox-crs": uri, "crs": uri, "width": "600", "f": "jpeg"}
    answer = client.get("/api/map", params=query | {"collections": "zumen,youto,choudou"})
    assert answer.headers["content-type"] == "image/jpeg"
    assert Image.open(BytesIO(answer.content)).size == (600, 300)


def test_the_map_of_a_past_day_is_of_that_day(client: TestClient) -> None:
    day = {"TIME": "2025-05-01"}
    assert (
        client.get("/api/collections/youto/map?width=64&datetime=2025-05-01").headers["x-machizu-edition"]
        == "2025-04-01"
    )
    assert wms(client, "1.3.0", FRAME, **day)
    assert client.get("/wms?REQUEST=GetMap&LAYERS=youto&TIME=2025-01-01/2026-01-01").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "WIDTH=99999",
        "WIDTH=5000&HEIGHT=5000",
        "WIDTH=-1",
        "WIDTH=0",
        "BBOX=1,1,1,1",
        "BBOX=NaN,0,1,1",
        "BBOX=1,2,3",
        "CRS=EPSG:9999",
        "FORMAT=image/gif",
        "STYLES=pretty",
        "LAYERS=nothing",
        "BBOX=5,5,1,1",
        "TIME=yesterday",
        "BBOX=-1e300,-1e300,1e300,1e300",
    ],
)
def test_what_cannot_be_drawn_is_an_exception_in_xml(client: TestClient, query: str) -> None:
    good = {
        "VERSION": "1.3.0",
        "REQUEST": "GetMap",
        "LAYERS": "youto",
        "CRS": FRAME,
        "WIDTH": "9",
        "HEIGHT": "9",
        "FORMAT": "image/png",
        "BBOX": box(FRAME, definition=True),
    }
    assert client.get("/wms", params=good).status_code == 200
    answer = client.get("/wms", params=good | dict(part.split("=") for part in query.split("&")))
    assert answer.status_code in (400, 404, 413)
    report = ET.fromstring(answer.content)
    assert report.tag == "{http://www.opengis.net/ogc}ServiceExceptionReport"
    assert report.get("version") == "1.3.0"


def test_feature_info_says_what_lies_at_the_pixel(client: TestClient) -> None:
    query = {
        "VERSION": "1.3.0",
        "REQUEST": "GetFeatureInfo",
        "LAYERS": "youto",
        "QUERY_LAYERS": "youto",
        "CRS": FRAME,
        "WIDTH": "800",
        "HEIGHT": "400",
        "BBOX": box(FRAME, definition=True),
        "I": "135",
        "J": "380",
    }
    (feature,) = client.get("/wms", params=query | {"INFO_FORMAT": "application/json"}).json()["features"]
    assert feature["id"] == "d1"
    assert "商業地域" in client.get("/wms", params=query | {"INFO_FORMAT": "text/html"}).text
    assert "商業地域" in client.get("/wms", params=query | {"INFO_FORMAT": "text/plain"}).text


def test_the_legend_is_a_picture_and_every_character_has_a_glyph(client: TestClient) -> None:
    answer = client.get("/wms?REQUEST=GetLegendGraphic&VERSION=1.3.0&LAYER=youto&FORMAT=image/png")
    assert read(answer.content).size[1] > 50
    assert not missing("第一種低層住居専用地域㎡①﨑髙𠮷槗〓")


@pytest.mark.parametrize(
    "path", ["/wms?VERSION=1.3.0", "/wms?VERSION=1.1.1", "/wmts", "/wmts/1.0.0/WMTSCapabilities.xml"]
)
def test_capabilities_name_every_layer(client: TestClient, path: str) -> None:
    text = client.get(path).text
    ET.fromstring(text)
    for layer in ("youto", "zumen", "choudou"):
        assert f">{layer}<" in text


def test_wmts_by_keys_and_by_path_are_the_same_tile(client: TestClient) -> None:
    limits = client.get("/api/collections/youto/map/tiles/EPSG6677Scales").json()["tileMatrixSetLimits"][4]
    row, col = limits["minTileRow"], limits["minTileCol"]
    keys = "service=WMTS&request=GetTile&version=1.0.0&layer=youto&style=default&tilematrixset=EPSG6677Scales&foo=bar"
    by_keys = client.get(f"/wmts?{keys}&tilematrix=4&tilerow={row}&tilecol={col}&format=image/png")
    by_path = client.get(f"/wmts/youto/default/current/EPSG6677Scales/4/{row}/{col}.png")
    assert by_keys.status_code == by_path.status_code == 200
    assert by_keys.content == by_path.content
    out = client.get(f"/wmts/youto/default/current/EPSG6677Scales/4/{row - 5}/{col}.png")
    assert (out.status_code, "TileOutOfRange" in out.text) == (400, True)


@pytest.mark.skipif(shutil.which("gdal_translate") is None, reason="skipped: no gdal_translate")
@pytest.mark.parametrize("source", ["WebMercatorQuad", "EPSG6677Scales", "1.1.1"])
def test_gdal_reads_the_same_place(tree: Path, tmp_path: Path, source: str) -> None:
    """GDAL's own drivers, with their own idea of axes, find the district where it is."""
    target = tmp_path / "map.png"
    with serving(tree) as address:
        if source[0] == "1":
            name = f"WMS:{address}/wms?SERVICE=WMS&VERSION={source}&REQUEST=GetMap&LAYERS=youto&STYLES=&SRS={FRAME}"
            name += f"&FORMAT=image/png&BBOX={box(FRAME, definition=False)}"
        else:
            name = f"WMTS:{address}/wmts/1.0.0/WMTSCapabilities.xml,layer=youto,tilematrixset={source}"
        corners = [WEST_M, SOUTH_M + HIGH_M, WEST_M + WIDE_M, SOUTH_M]
        window = ["-projwin", *(f"{value}" for value in corners), "-projwin_srs", FRAME]
        command = ["gdal_translate", "-q", "-of", "PNG", *window, "-outsize", "800", "400", name, str(target)]
        command[1:1] = ["--config", "GDAL_DEFAULT_WMS_CACHE_PATH", str(tmp_path / "cache")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    shows_the_town(Image.open(target).convert("RGBA"))
