"""One box is one picture, whichever service is asked; and a boundary stands where arithmetic of its own says.

The places are worked out here with pyproj alone, from the metres of the town that the districts were made of.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
from PIL import Image
from starlette.testclient import TestClient

from tests.conftest import serving
from tests.ogc.pictures import CRS, HIGH_M, WIDE_M, box, of_map, pixels, shows_the_town, wms
from tests.ogc.test_wmts import PLACES, keys, tile_at
from tests.tile_server.tree import FRAME, SOUTH_M, WEST_M
from tile_server.towngrid import SCALES

# rasterio multiplies affine transforms in the way affine 3 will drop; nothing here can change that.

_STROKE_PX = 1.5
LAYERS = ("youto", "choudou", "banchi", "choiki")


@pytest.mark.parametrize("code", [code for code in CRS if code != "OGC:CRS84"])
@pytest.mark.parametrize("layer", LAYERS)
def test_wms_of_both_versions_and_ogc_maps_are_equal(client: TestClient, layer: str, code: str) -> None:
    new = pixels(wms(client, "1.3.0", code, LAYERS=layer, TRANSPARENT="TRUE"))
    old = pixels(wms(client, "1.1.1", code, LAYERS=layer, TRANSPARENT="TRUE"))
    assert np.array_equal(new, old)
    assert np.array_equal(new, pixels(of_map(client, code, layer)))
    assert len(np.unique(new.reshape(-1, 4), axis=0)) > 2


def tile_box(matrix_set: str, matrix: int, row: int, col: int) -> tuple[str, tuple[float, float, float, float]]:
    """CRS and west, south, east, north of a tile, by the definitions of the two sets."""
    if matrix_set == "WebMercatorQuad":
        side = 2 * 20_037_508.342789244 / 2**matrix
        west, north, code = col * side - 20_037_508.342789244, 20_037_508.342789244 - row * side, "EPSG:3857"
    else:
        side = SCALES[matrix] * 0.00028 * 256
        west, north, code = col * side - 160_000, 300_000 - row * side, FRAME
    return code, (west, north - side, west + side, north)


@pytest.mark.parametrize("layer", ["youto", "choudou", "zumen"])
@pytest.mark.parametrize(("matrix_set", "matrix"), PLACES)
def test_the_box_of_a_tile_is_the_tile(client: TestClient, layer: str, matrix_set: str, matrix: int) -> None:
    """Labels and all: a client that asks WMS in tiles of either set gets what WMTS gives."""
    if layer == "zumen":
        limits = client.get(f"/api/collections/zumen/map/tiles/{matrix_set}").json()["tileMatrixSetLimits"]
        (own,) = [one for one in limits if one["tileMatrix"] == str(min(matrix, 15))]
        matrix = min(matrix, 15)
        at = ((own["minTileRow"] + own["maxTileRow"]) // 2, (own["minTileCol"] + own["maxTileCol"]) // 2)
    else:
        at = tile_at(matrix_set, matrix, 200, 200)
    code, (west, south, east, north) = tile_box(matrix_set, matrix, *at)
    tile = pixels(client.get("/wmts", params=keys(matrix_set, matrix, at, LAYER=layer)).content)
    size = {"WIDTH": "256", "HEIGHT": "256", "TRANSPARENT": "TRUE", "LAYERS": layer}
    old = wms(client, "1.1.1", code, BBOX=f"{west!r},{south!r},{east!r},{north!r}", **size)
    turned = (south, west, north, east) if CRS[code].northing_first else (west, south, east, north)
    bbox = ",".join(map(repr, turned))
    assert np.array_equal(pixels(old), tile)
    assert np.array_equal(pixels(wms(client, "1.3.0", code, BBOX=bbox, **size)), tile)
    assert np.array_equal(pixels(of_map(client, code, layer, bbox=bbox, width="256", height="256")), tile)
    assert tile[..., 3].any()


@pytest.mark.parametrize("code", list(CRS))
def test_a_boundary_stands_within_a_pixel_of_where_pyproj_puts_it(client: TestClient, code: str) -> None:
    """The edge between d0 and d1, 100 m east of the town's corner, at four places along it; no label lies there.

    Coming from the west, the stroke begins half its width before the boundary.
    """
    crs = pyproj.CRS(code)
    way = pyproj.Transformer.from_crs(FRAME, crs, always_xy=True)
    edges = [float(value) for value in box(code, definition=False).split(",")]
    west, south, east, north = edges
    picture = pixels(of_map(client, code)).astype(int)
    shown = shapely.box(WEST_M, SOUTH_M, WEST_M + WIDE_M, SOUTH_M + HIGH_M)
    for up_m in (12.0, 30.0, 75.0, 90.0):
        place = shapely.Point(WEST_M + 100.0, SOUTH_M + up_m)
        assert shown.contains(place)
        x, y = way.transform(place.x, place.y)
        col, row = (x - west) / (east - west) * 800, (north - y) / (north - south) * 400
        line = picture[int(row), int(col) - 20 : int(col) + 20]
        stroke = int(np.argmin((line == line[2]).all(axis=1))) + int(col) - 20
        assert abs(stroke - (col - _STROKE_PX / 2)) <= 1.0, (up_m, stroke, col)
        assert line[2, 1] > line[2, 0] + 20 and line[-3, 0] > line[-3, 1] + 15, "green west of it, pink east"


# ------------------------------------------------------------------ GDAL


def gdal(command: list[str], tmp_path: Path) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"skipped: no {command[0]}")
    cached = [command[0], "--config", "GDAL_DEFAULT_WMS_CACHE_PATH", str(tmp_path / "cache"), *command[1:]]
    done = subprocess.run(cached, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def wms_by_gdal(address: str, version: str) -> str:
    """GDAL's description of a service; of 1.3.0 it is told the order, as its driver asks for it."""
    key, order = ("CRS", "yxYX") if version == "1.3.0" else ("SRS", "xyXY")
    return (
        f'<GDAL_WMS><Service name="WMS"><Version>{version}</Version><ServerUrl>{address}/wms?</ServerUrl>'
        f"<{key}>{FRAME}</{key}><ImageFormat>image/png</ImageFormat><Layers>youto</Layers>"
        f"<BBoxOrder>{order}</BBoxOrder><Transparent>TRUE</Transparent></Service>"
        f"<DataWindow><UpperLeftX>{WEST_M}</UpperLeftX><UpperLeftY>{SOUTH_M + HIGH_M}</UpperLeftY>"
        f"<LowerRightX>{WEST_M + WIDE_M}</LowerRightX><LowerRightY>{SOUTH_M}</LowerRightY>"
        "<SizeX>800</SizeX><SizeY>400</SizeY></DataWindow><BandsCount>4</BandsCount>"
        "<BlockSizeX>800</BlockSizeX><BlockSizeY>400</BlockSizeY></GDAL_WMS>"
    )


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_gdal_reads_wms_pixel_by_pixel(tree: Path, client: TestClient, tmp_path: Path, version: str) -> None:
    target, description = tmp_path / "map.png", tmp_path / "service.xml"
    with serving(tree) as address:
        description.write_text(wms_by_gdal(address, version))
        gdal(["gdal_translate", "-q", "-of", "PNG", str(description), str(target)], tmp_path)
    assert np.array_equal(pixels(target.read_bytes()), pixels(of_map(client, FRAME)))


@pytest.mark.parametrize(("matrix_set", "matrix"), PLACES[:2])
def test_gdal_reads_a_tile_of_wmts_pixel_by_pixel(
    tree: Path, client: TestClient, tmp_path: Path, matrix_set: str, matrix: int
) -> None:
    """GDAL's own idea of the matrix set's axes, scales and limits puts the block where the tile is."""
    target, at = tmp_path / "tile.png", tile_at(matrix_set, matrix, 200, 200)
    _, (west, south, east, north) = tile_box(matrix_set, matrix, *at)
    with serving(tree) as address:
        name = f"WMTS:{address}/wmts/1.0.0/WMTSCapabilities.xml,layer=youto,tilematrixset={matrix_set}"
        window = ["-projwin", *(repr(value) for value in (west, north, east, south)), "-outsize", "256", "256"]
        name += f",tilematrix={matrix},extendbeyonddateline=no"
        gdal(["gdal_translate", "-q", "-of", "PNG", *window, name, str(target)], tmp_path)
    expected = pixels(client.get("/wmts", params=keys(matrix_set, matrix, at)).content)
    assert np.array_equal(pixels(target.read_bytes()), expected)


@pytest.mark.parametrize("matrix_set", ["WebMercatorQuad", "EPSG6677Scales"])
def test_gdal_finds_the_town_in_wmts(tree: Path, tmp_path: Path, matrix_set: str) -> None:
    target = tmp_path / "map.png"
    with serving(tree) as address:
        name = f"WMTS:{address}/wmts/1.0.0/WMTSCapabilities.xml,layer=youto,tilematrixset={matrix_set}"
        corners = [WEST_M, SOUTH_M + HIGH_M, WEST_M + WIDE_M, SOUTH_M]
        window = ["-projwin", *(f"{value}" for value in corners), "-projwin_srs", FRAME, "-outsize", "800", "400"]
        gdal(["gdal_translate", "-q", "-of", "PNG", *window, name, str(target)], tmp_path)
    shows_the_town(Image.open(target).convert("RGBA"))
