"""WMS 1.1.1 (OGC 01-068r3) and 1.3.0 (OGC 06-042): clauses by their number; the axes, the documents, the faults."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from owslib.wms import WebMapService
from starlette.testclient import TestClient

from tests.ogc.pictures import CRS, box, get_map, read, shows_the_town, wms
from tests.tile_server.tree import FRAME, SERVICE, WITHDRAWN_BECAUSE
from tile_server.glyphs import missing

# rasterio multiplies affine transforms in the way affine 3 will drop; nothing here can change that.

OGC, WMS = "{http://www.opengis.net/ogc}", "{http://www.opengis.net/wms}"
LAYERS = {"choiki", "youto", "choudou", "banchi", "zumen"}


def document(client: TestClient, version: str) -> ET.Element:
    return ET.fromstring(client.get(f"/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}").content)


def all_of(element: ET.Element, name: str) -> list[ET.Element]:
    return [*element.iter(name), *element.iter(WMS + name)]


def text_of(element: ET.Element, name: str) -> str:
    (found,) = [child for child in element if child.tag in (name, WMS + name)]
    return found.text or ""


def layers(element: ET.Element) -> dict[str, ET.Element]:
    """The layers that are maps, by name."""
    named = [one for one in all_of(element, "Layer") if not [c for c in one if c.tag.endswith("Layer")]]
    return {text_of(one, "Name"): one for one in named}


@pytest.mark.parametrize("code", list(CRS))
def test_130_follows_the_axes_of_the_definition(client: TestClient, code: str) -> None:
    """06-042, 6.7.4: north first for EPSG:6677, 4326 and 6668; CRS:84 east first."""
    shows_the_town(read(wms(client, "1.3.0", code)))


@pytest.mark.parametrize("code", [code for code in CRS if code != "OGC:CRS84"])
def test_111_says_east_first(client: TestClient, code: str) -> None:
    shows_the_town(read(wms(client, "1.1.1", code)))


# ------------------------------------------------------------------ service metadata


@pytest.mark.parametrize(
    ("asked", "given"),
    [("", "1.3.0"), ("1.3.0", "1.3.0"), ("1.3.1", "1.3.0"), ("9.0.0", "1.3.0"), ("1.10.0", "1.3.0"), ("1.2.0", "1.1.1"),
     ("1.1.1", "1.1.1"), ("1.0.0", "1.1.1")],
)  # fmt: skip
def test_version_negotiation(client: TestClient, asked: str, given: str) -> None:
    """06-042, 6.2.4"""
    assert document(client, asked).get("version") == given


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_every_layer_says_where_when_whose_and_how(client: TestClient, version: str) -> None:
    """06-042, 7.2.4.6: boxes in the order of the version, the days, attribution, legend, scales, queryable."""
    found = layers(document(client, version))
    key = "CRS" if version == "1.3.0" else "SRS"
    assert set(found) == LAYERS
    for name, layer in found.items():
        assert layer.get("queryable") == "1"
        boxes = {one.get(key): one for one in all_of(layer, "BoundingBox")}
        assert set(CRS) - {"OGC:CRS84"} <= set(boxes)
        town = boxes[FRAME]
        low = float(town.get("minx", "")), float(town.get("miny", ""))
        assert (low[0] > low[1]) == (version == "1.3.0"), "X (−30 km) is north and lies above Y (−52 km), east"
        degrees = float(boxes["EPSG:4326"].get("minx", ""))
        assert 35 < degrees < 36 if version == "1.3.0" else 139 < degrees < 140
        assert len(all_of(layer, "EX_GeographicBoundingBox") + all_of(layer, "LatLonBoundingBox")) == 1
        assert SERVICE.attribution in (all_of(layer, "Attribution")[0][0].text or "")
        scale = all_of(layer, "MaxScaleDenominator") if version == "1.3.0" else all_of(layer, "ScaleHint")
        assert len(scale) == 1
        (legend,) = all_of(layer, "LegendURL")
        resource = next(legend.iter(f"{WMS if version == '1.3.0' else ''}OnlineResource"))
        href = resource.get("{http://www.w3.org/1999/xlink}href", "")
        picture = read(client.get(href).content)
        assert (str(picture.width), str(picture.height)) == (legend.get("width"), legend.get("height")), name


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_the_dimension_time_holds_every_day_since_the_first_edition(client: TestClient, version: str) -> None:
    """06-042, C.2: intervals, each an edition; the default is today."""
    layer = layers(document(client, version))["youto"]
    (extent,) = all_of(layer, "Dimension" if version == "1.3.0" else "Extent")
    assert (extent.get("name"), extent.get("default")) == ("time", "2026-06-01")
    assert extent.text == "2025-04-01/2026-03-31/P1D,2026-04-01/2026-06-01/P1D"
    for day in ("2025-04-01", "2026-03-31", "2026-06-01", "current"):
        wms(client, version, FRAME, TIME=day)
    gone = client.get("/wms", params=get_map(version, FRAME, TIME="2025-03-31"))
    assert (gone.status_code, WITHDRAWN_BECAUSE in gone.text) == (410, True)


def test_the_service_says_who_and_on_what_terms(client: TestClient) -> None:
    """06-042, 7.2.4.2–7.2.4.4"""
    service = all_of(document(client, "1.3.0"), "Service")[0]
    assert text_of(service, "Title") == SERVICE.title
    assert text_of(service, "LayerLimit") == "20"
    assert text_of(service, "MaxWidth") == text_of(service, "MaxHeight") == "2048"
    assert SERVICE.name in "".join(service.itertext())
    assert SERVICE.contacts[0].phone in "".join(service.itertext())
    assert text_of(service, "AccessConstraints")


def test_the_root_holds_what_is_in_force_and_nothing_else(client: TestClient) -> None:
    """06-042, 7.3.3.3: asking for a group is asking for its layers."""
    (group,) = [one for one in all_of(document(client, "1.3.0"), "Layer") if "_all" in [c.text for c in one]]
    assert set(layers(group)) == LAYERS
    wms(client, "1.3.0", FRAME, LAYERS="_all")


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_owslib_reads_it(client: TestClient, version: str) -> None:
    content = client.get(f"/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}").content
    service = WebMapService("http://maps.example.jp/wms", version=version, xml=content)
    assert set(service.contents) >= LAYERS
    assert service["youto"].title == "用途地域"
    assert service["youto"].queryable == 1
    assert FRAME in service["youto"].crsOptions
    assert service["youto"].styles["default"]["legend"]
    assert service.provider.contact.organization == SERVICE.name
    assert {one.name.rpartition("}")[2] for one in service.operations} >= {"GetMap", "GetFeatureInfo"}


# ------------------------------------------------------------------ what lies at a pixel


def info(client: TestClient, **more: str) -> Any:
    at = {"QUERY_LAYERS": "youto,choudou", "LAYERS": "youto,choudou", "I": "135", "J": "380", "FEATURE_COUNT": "50"}
    return client.get("/wms", params=get_map("1.3.0", FRAME) | {"REQUEST": "GetFeatureInfo"} | at | more)


def test_feature_info_is_what_identify_says(client: TestClient) -> None:
    """06-042, 7.4: the same layers, states and attributes, as GeoJSON, HTML and text."""
    told = info(client, INFO_FORMAT="application/json").json()
    asked = {"lon": told["lon"], "lat": told["lat"], "radius_m": "6"}
    identified = client.get("/identify", params=asked).json()
    known = {layer["collection"]: layer for layer in identified["layers"]}
    assert {name: told[name] for name in ("lon", "lat", "insideTown")} == {
        name: identified[name] for name in ("lon", "lat", "insideTown")
    }
    assert told["layers"] == [known["youto"], known["choudou"]]
    assert [feature["id"] for feature in told["features"]] == ["d1"]
    for form in ("text/html", "text/plain"):
        text = info(client, INFO_FORMAT=form).text
        for row in known["youto"]["features"][0]["labelled"]:
            shown = "–" if row["value"] is None else f"{row['value']}{row['unit']}"  # no unit without a value
            assert row["title"] in text and shown in text
            assert f"{row['title']}: {row['unit']}\n" not in text
        assert "該当なし" in text


def test_feature_info_follows_the_axes(client: TestClient) -> None:
    for version, names in (("1.3.0", ("I", "J")), ("1.1.1", ("X", "Y"))):
        query = get_map(version, FRAME) | {"REQUEST": "GetFeatureInfo", "QUERY_LAYERS": "youto"}
        query |= dict(zip(names, ("135", "380"), strict=True)) | {"INFO_FORMAT": "application/json"}
        assert client.get("/wms", params=query).json()["features"][0]["id"] == "d1"


@pytest.mark.parametrize(
    "more",
    [{"I": "800"}, {"J": "-1"}, {"I": ""}, {"INFO_FORMAT": "x/y"}, {"QUERY_LAYERS": "zumen"}, {"FEATURE_COUNT": "no"}],
)
def test_feature_info_that_cannot_be_given_is_an_exception(client: TestClient, more: dict[str, str]) -> None:
    answer = info(client, **more)
    assert (answer.status_code, ET.fromstring(answer.content).tag) == (400, f"{OGC}ServiceExceptionReport")


# ------------------------------------------------------------------ the legend


def test_the_legend_is_a_picture_and_every_character_has_a_glyph(client: TestClient) -> None:
    answer = client.get("/wms?REQUEST=GetLegendGraphic&VERSION=1.3.0&LAYER=youto&FORMAT=image/png")
    assert read(answer.content).size[1] > 50
    assert not missing("第一種低層住居専用地域㎡①﨑髙𠮷槗〓")
    assert client.get("/wms?REQUEST=GetLegendGraphic&VERSION=1.3.0&LAYER=youto&STYLE=other").status_code == 400


# ------------------------------------------------------------------ faults


FAULTS = {
    "WIDTH=99999": (413, ""),
    "WIDTH=5000&HEIGHT=5000": (413, ""),
    "WIDTH=-1": (400, ""),
    "WIDTH=0": (400, ""),
    "WIDTH=": (400, ""),
    "VERSION=": (400, ""),
    "VERSION=1.2.0": (400, ""),
    "REQUEST=GetMapp": (400, "OperationNotSupported"),
    "REQUEST=": (400, "OperationNotSupported"),
    "BBOX=1,1,1,1": (400, ""),
    "BBOX=NaN,0,1,1": (400, ""),
    "BBOX=1,2,3": (400, ""),
    "BBOX=5,5,1,1": (400, ""),
    "BBOX=-1e300,-1e300,1e300,1e300": (400, ""),
    "CRS=EPSG:9999": (400, "InvalidCRS"),
    "FORMAT=image/gif": (400, "InvalidFormat"),
    "STYLES=pretty": (400, "StyleNotDefined"),
    "STYLES=default,default": (400, "StyleNotDefined"),
    "SLD=http://elsewhere.example/a.sld": (400, "StyleNotDefined"),
    "SLD_BODY=<x/>": (400, "StyleNotDefined"),
    "LAYERS=nothing": (400, "LayerNotDefined"),
    "LAYERS=choubo": (400, "LayerNotDefined"),
    "TIME=yesterday": (400, "InvalidDimensionValue"),
    "TIME=2025-04-01/2026-04-01": (400, "InvalidDimensionValue"),
    "TIME=1990-01-01": (404, "InvalidDimensionValue"),
    "BGCOLOR=red": (400, ""),
}


def with_fault(fault: str, version: str) -> dict[str, str]:
    parts = dict(part.split("=", 1) for part in fault.split("&"))
    if version == "1.1.1" and "CRS" in parts:
        parts["SRS"] = parts.pop("CRS")
    return get_map(version, FRAME) | parts


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_fault_is_an_exception_in_xml(client: TestClient, fault: str, version: str) -> None:
    """06-042, 6.11, table E.1; 01-068r3, A.3"""
    answer = client.get("/wms", params=with_fault(fault, version))
    status, code = FAULTS[fault]
    assert answer.status_code == status
    report = ET.fromstring(answer.content)
    new = fault == "VERSION=" or (version == "1.3.0" and fault != "VERSION=1.2.0")
    assert report.tag == (OGC if new else "") + "ServiceExceptionReport"
    assert answer.headers["content-type"] == ("text/xml; charset=utf-8" if new else "application/vnd.ogc.se_xml")
    assert report.get("version") == ("1.3.0" if new else "1.1.1")
    assert report[0].get("code", "") == (code.replace("CRS", "SRS") if not new else code)
    assert report[0].text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("layers=youto&LAYERS=zumen", 400),
        ("Layers=youto&LAYERS=youto", 200),
        ("width=100&WIDTH=200", 400),
        ("foo=1&Foo=2", 200),
    ],
)
def test_a_key_with_two_values_is_an_exception(client: TestClient, query: str, status: int) -> None:
    """06-042, 6.8.1: keys in any case; the same twice is harmless, two values are not guessed between."""
    good = "&".join(f"{name}={value}" for name, value in get_map("1.3.0", FRAME).items())
    kept = "&".join(part for part in good.split("&") if part.partition("=")[0].lower() not in query.lower())
    answer = client.get(f"/wms?{kept}&{query}")
    assert answer.status_code == status
    assert status == 200 or ET.fromstring(answer.content).tag == f"{OGC}ServiceExceptionReport"


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_exceptions_as_pictures(client: TestClient, version: str) -> None:
    """06-042, 7.3.3.11: INIMAGE draws the words, BLANK nothing, in the size asked for."""
    names = [one.text or "" for one in all_of(all_of(document(client, version), "Exception")[0], "Format")]
    assert len(names) == 3
    for name, drawn in zip(names[1:], (True, False), strict=True):
        answer = client.get("/wms", params=with_fault("LAYERS=youto&BBOX=1,2,3", version) | {"EXCEPTIONS": name})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        picture = read(answer.content)
        assert picture.size == (800, 400)
        assert (len(picture.getcolors(100_000) or []) > 1) is drawn


_KEYS = (
    "SERVICE version Request LAYERS QUERY_LAYERS STYLES STYLE LAYER CRS SRS BBOX WIDTH HEIGHT FORMAT INFO_FORMAT I J "
    "X Y TIME EXCEPTIONS TRANSPARENT BGCOLOR SLD FEATURE_COUNT TILEMATRIXSET TILEMATRIX TILEROW TILECOL ACCEPTVERSIONS"
)
_WORDS = (
    "WMS WMTS 1.3.0 1.1.1 1.0.0 GetMap GetTile GetFeatureInfo GetLegendGraphic youto zumen _all youto,zumen default "
    "EPSG:6677 EPSG:4326 CRS:84 image/png image/webp text/html 256 10 0 -1 1e400 NaN 139,35,140,36 TRUE 0xFF0000 XML "
    "-30000,-52000,-29000,-51000 2026-04-01 INIMAGE BLANK WebMercatorQuad EPSG6677Scales"
)
WORDS = st.sampled_from(["", *_WORDS.split()])
VALUES = st.one_of(WORDS, st.text(max_size=12), st.integers(-10, 1 << 70).map(str))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(("/wms", "/wmts")),
    asked=st.lists(
        st.tuples(st.one_of(st.sampled_from(_KEYS.split()), st.text(min_size=1, max_size=5)), VALUES), max_size=14
    ),
)
def test_whatever_is_asked_is_answered_in_the_service_s_own_form(
    client: TestClient, path: str, asked: list[tuple[str, str]]
) -> None:
    """Never a problem document, never a fault of the server; XML is well-formed."""
    pairs = [(name, value) for name, value in asked if not any(0xD800 <= ord(c) <= 0xDFFF for c in name + value)]
    answer = client.get(f"{path}?{urlencode(pairs)}")
    assert answer.status_code < 500
    assert answer.headers["content-type"] != "application/problem+json"
    if "xml" in answer.headers["content-type"]:
        ET.fromstring(answer.content)
    else:
        assert answer.status_code == 200


def test_a_box_of_every_crs_is_named_in_this_order(client: TestClient) -> None:
    """The same corner in both versions: only the order differs."""
    south, west, _, _ = map(float, box(FRAME, definition=True).split(","))
    assert list(map(float, box(FRAME, definition=False).split(",")))[:2] == [west, south]
