"""WMTS 1.0.0 (OGC 07-057r7), RESTful and by keys and values, in both tile matrix sets."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from owslib.wmts import WebMapTileService
from starlette.testclient import TestClient

from gis_pipeline.model import BBox
from tests.ogc.pictures import pixels
from tests.tile_server.client import BASE
from tests.tile_server.tree import SERVICE, SOUTH_M, WEST_M, WITHDRAWN_BECAUSE, lonlat
from tile_server.tilesets import tile_range
from tile_server.towngrid import SCALES

# rasterio multiplies affine transforms in the way affine 3 will drop; nothing here can change that.

WMTS, OWS = "{http://www.opengis.net/wmts/1.0}", "{http://www.opengis.net/ows/1.1}"
TOWN = "EPSG6677Scales"
SETS = ("WebMercatorQuad", TOWN)


def tile_at(matrix_set: str, matrix: int, east_m: float, north_m: float) -> tuple[int, int]:
    """Row and column of the tile over a place, by arithmetic of the standards."""
    if matrix_set == TOWN:
        side = SCALES[matrix] * 0.00028 * 256
        return int((300_000 - SOUTH_M - north_m) // side), int((WEST_M + east_m + 160_000) // side)
    lon, lat = lonlat(east_m, north_m)
    row, _, col, _ = tile_range(BBox(west=lon, south=lat, east=lon, north=lat), matrix)
    return row, col


def keys(matrix_set: str, matrix: int, at: tuple[int, int], **more: str) -> dict[str, str]:
    return {
        "SERVICE": "WMTS",
        "REQUEST": "GetTile",
        "VERSION": "1.0.0",
        "LAYER": "youto",
        "STYLE": "default",
        "FORMAT": "image/png",
        "TILEMATRIXSET": matrix_set,
        "TILEMATRIX": str(matrix),
        "TILEROW": str(at[0]),
        "TILECOL": str(at[1]),
    } | more


def capabilities(client: TestClient) -> ET.Element:
    return ET.fromstring(client.get("/wmts/1.0.0/WMTSCapabilities.xml").content)


def found(element: ET.Element, path: str) -> str:
    text = element.findtext(path)
    assert text is not None, path
    return text


PLACES = [("WebMercatorQuad", 16), (TOWN, 4), (TOWN, 5)]


@pytest.mark.parametrize(("matrix_set", "matrix"), PLACES)
def test_by_keys_and_by_path_is_the_same_tile(client: TestClient, matrix_set: str, matrix: int) -> None:
    """07-057r7, 8.2.2 and 10.2; unknown keys are ignored, keys stand in any case."""
    at = tile_at(matrix_set, matrix, 200, 200)
    by_keys = client.get("/wmts", params={name.lower(): v for name, v in keys(matrix_set, matrix, at, Foo="1").items()})
    by_path = client.get(f"/wmts/youto/default/current/{matrix_set}/{matrix}/{at[0]}/{at[1]}.png")
    by_api = client.get(f"/api/collections/youto/map/tiles/{matrix_set}/{matrix}/{at[0]}/{at[1]}?f=png")
    assert (by_keys.status_code, by_keys.headers["content-type"]) == (200, "image/png")
    assert by_keys.content == by_path.content == by_api.content
    assert len({tuple(colour) for colour in pixels(by_keys.content).reshape(-1, 4).tolist()}) > 3


@pytest.mark.parametrize("day", ["2025-04-01", "2025-10-10", "2026-04-01"])
def test_the_dimension_time(client: TestClient, day: str) -> None:
    """07-057r7, 7.1.1.2: the same day by path, by key and by `datetime`."""
    at = tile_at(TOWN, 5, 50, 50)
    answers = [
        client.get(f"/wmts/youto/default/{day}/{TOWN}/5/{at[0]}/{at[1]}.png"),
        client.get(f"/wmts/youto/default/current/{TOWN}/5/{at[0]}/{at[1]}.png?datetime={day}"),
        client.get("/wmts", params=keys(TOWN, 5, at, TIME=day)),
    ]
    assert {answer.headers["x-machizu-edition"] for answer in answers} == {
        "2025-04-01" if day < "2026-04-01" else "2026-04-01"
    }
    assert len({answer.content for answer in answers}) == 1


# ------------------------------------------------------------------ service metadata


def test_each_layer_has_dimension_formats_limits_and_templates(client: TestClient) -> None:
    """07-057r7, table 6–14; every template leads to a tile."""
    listed = capabilities(client).findall(f"{WMTS}Contents/{WMTS}Layer")
    assert {found(one, f"{OWS}Identifier") for one in listed} >= {"youto", "choudou", "zumen"}
    for layer in listed:
        dimension = layer.find(f"{WMTS}Dimension")
        assert dimension is not None and found(dimension, f"{OWS}Identifier") == "Time"
        assert (found(dimension, f"{WMTS}Default"), found(dimension, f"{WMTS}Current")) == ("current", "true")
        assert "2026-04-01" in [one.text for one in dimension.findall(f"{WMTS}Value")]
        links = {found(one, f"{WMTS}TileMatrixSet"): one for one in layer.findall(f"{WMTS}TileMatrixSetLink")}
        assert set(links) == set(SETS)
        town = next(one for one in layer.findall(f"{OWS}BoundingBox") if one.get("crs") == "urn:ogc:def:crs:EPSG::6677")
        north, east = map(float, found(town, f"{OWS}LowerCorner").split())
        assert -31_000 < north < -26_000 and -54_000 < east < -49_000, "north comes first"
        templates = [one for one in layer.findall(f"{WMTS}ResourceURL") if one.get("resourceType") == "tile"]
        assert [one.get("format") for one in templates] == [one.text for one in layer.findall(f"{WMTS}Format")]
        for name, link in links.items():
            limits = link.findall(f"{WMTS}TileMatrixSetLimits/{WMTS}TileMatrixLimits")
            told = {part: found(limits[-1], f"{WMTS}{part}") for part in ("TileMatrix", "MinTileRow", "MinTileCol")}
            named = {"Time": "current", "TileMatrixSet": name, "TileMatrix": told["TileMatrix"]}
            named |= {"TileRow": told["MinTileRow"], "TileCol": told["MinTileCol"]}
            for template in templates:
                address = (template.get("template") or "").format(**named).removeprefix(BASE)
                answer = client.get(address)
                assert (answer.status_code, answer.headers["content-type"]) == (200, template.get("format"))


def test_tile_matrix_sets_are_those_of_ogc_api_tiles(client: TestClient) -> None:
    """07-057r7, table 15: scales, sizes and corners in the axes of the CRS."""
    for one in capabilities(client).findall(f"{WMTS}Contents/{WMTS}TileMatrixSet"):
        name = found(one, f"{OWS}Identifier")
        known = {entry["id"]: entry for entry in client.get(f"/api/tileMatrixSets/{name}").json()["tileMatrices"]}
        crs = found(one, f"{OWS}SupportedCRS")
        assert crs == {"WebMercatorQuad": "urn:ogc:def:crs:EPSG::3857", TOWN: "urn:ogc:def:crs:EPSG::6677"}[name]
        for matrix in one.findall(f"{WMTS}TileMatrix"):
            expected = known[found(matrix, f"{OWS}Identifier")]
            assert float(found(matrix, f"{WMTS}ScaleDenominator")) == pytest.approx(expected["scaleDenominator"])
            corner = list(map(float, found(matrix, f"{WMTS}TopLeftCorner").split()))
            assert corner == pytest.approx(expected["pointOfOrigin"])
            assert int(found(matrix, f"{WMTS}MatrixWidth")) == expected["matrixWidth"]
            assert int(found(matrix, f"{WMTS}MatrixHeight")) == expected["matrixHeight"]
        if name == TOWN:
            assert corner == [300_000.0, -160_000.0], "X (north) first"


@pytest.mark.filterwarnings("ignore:Truth-testing of elements:FutureWarning")  # OWSLib's own
def test_owslib_reads_it(client: TestClient) -> None:
    service = WebMapTileService(f"{BASE}/wmts", xml=client.get("/wmts").content)
    assert service.identification.title == SERVICE.title
    assert service.provider.name == SERVICE.name
    assert set(service.tilematrixsets) == set(SETS)
    layer = service.contents["youto"]
    assert layer.title == "用途地域"
    assert set(layer._tilematrixsets) == set(SETS)
    assert layer.styles["default"]["isDefault"]
    limits = layer.tilematrixsetlinks[TOWN].tilematrixlimits["5"]
    row, col = tile_at(TOWN, 5, 50, 50)
    assert limits.mintilerow <= row <= limits.maxtilerow and limits.mintilecol <= col <= limits.maxtilecol


# ------------------------------------------------------------------ what lies at a pixel


def test_feature_info_is_what_identify_says(client: TestClient) -> None:
    """07-057r7, 7.3: RESTful and by keys; the layer of /identify stands beside the features."""
    row, col = tile_at(TOWN, 5, 150, 50)
    more = {"REQUEST": "GetFeatureInfo", "INFOFORMAT": "application/geo+json", "I": "128", "J": "128"}
    told = client.get("/wmts", params=keys(TOWN, 5, (row, col)) | more).json()
    assert told == client.get(f"/wmts/youto/default/current/{TOWN}/5/{row}/{col}/128/128.json").json()
    asked = {"lon": told["lon"], "lat": told["lat"], "radius_m": "6"}
    known = client.get("/identify", params=asked).json()["layers"]
    assert told["layers"] == [layer for layer in known if layer["collection"] == "youto"]
    text = client.get(f"/wmts/youto/default/current/{TOWN}/5/{row}/{col}/128/128.html").text
    assert told["layers"][0]["features"][0]["labelled"][1]["value"] in text


# ------------------------------------------------------------------ faults

AT = tile_at(TOWN, 5, 50, 50)
FAULTS = {
    "LAYER=": "MissingParameterValue",
    "VERSION=": "MissingParameterValue",
    "SERVICE=": "MissingParameterValue",
    "REQUEST=": "MissingParameterValue",
    "STYLE=": "MissingParameterValue",
    "FORMAT=": "MissingParameterValue",
    "TILEROW=": "MissingParameterValue",
    "SERVICE=WMS": "InvalidParameterValue",
    "VERSION=2.0.0": "InvalidParameterValue",
    "LAYER=nothing": "InvalidParameterValue",
    "STYLE=pretty": "InvalidParameterValue",
    "FORMAT=image/gif": "InvalidParameterValue",
    "TILEROW=x": "InvalidParameterValue",
    "TIME=yesterday": "InvalidParameterValue",
    "TILEROW=0": "TileOutOfRange",
    "TILEROW=999999999": "TileOutOfRange",
    "TILEMATRIX=99": "TileOutOfRange",
    "REQUEST=GetTiles": "OperationNotSupported",
    "REQUEST=GetCapabilities&ACCEPTVERSIONS=9.9.9": "VersionNegotiationFailed",
    "REQUEST=GetFeatureInfo&INFOFORMAT=text/html&I=256&J=0": "PointIJOutOfRange",
    "REQUEST=GetFeatureInfo&INFOFORMAT=text/gml&I=0&J=0": "InvalidParameterValue",
    "REQUEST=GetFeatureInfo&I=0&J=0": "MissingParameterValue",
}


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_fault_is_an_exception_report(client: TestClient, fault: str) -> None:
    """07-057r7, tables 24–26; 06-121r3, 8."""
    answer = client.get("/wmts", params=keys(TOWN, 5, AT) | dict(part.split("=") for part in fault.split("&")))
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/xml; charset=utf-8")
    report = ET.fromstring(answer.content)
    assert (report.tag, report.get("version")) == (f"{OWS}ExceptionReport", "1.1.0")
    assert report[0].get("exceptionCode") == FAULTS[fault]


@pytest.mark.parametrize("path", ["nothing/default/current", "youto/default/2025-02-30"])
def test_a_fault_in_the_path_is_an_exception_report(client: TestClient, path: str) -> None:
    answer = client.get(f"/wmts/{path}/{TOWN}/5/{AT[0]}/{AT[1]}.png")
    assert (answer.status_code, ET.fromstring(answer.content).tag) == (400, f"{OWS}ExceptionReport")


def test_withdrawn_is_410_with_the_reason(client: TestClient) -> None:
    answer = client.get(f"/wmts/youto/default/2025-03-01/{TOWN}/5/{AT[0]}/{AT[1]}.png")
    assert (answer.status_code, WITHDRAWN_BECAUSE in answer.text) == (410, True)
    assert ET.fromstring(answer.content).tag == f"{OWS}ExceptionReport"


def test_two_values_of_a_key_are_an_exception(client: TestClient) -> None:
    good = "&".join(f"{name}={value}" for name, value in keys(TOWN, 5, AT).items())
    assert client.get(f"/wmts?{good}&layer=youto").status_code == 200
    assert client.get(f"/wmts?{good}&Layer=zumen").status_code == 400
