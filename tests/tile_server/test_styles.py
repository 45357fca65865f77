"""Styles, patterns and glyphs: every address in a style answers, and what it answers is what MapLibre reads."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.tile_server.client import BASE
from tile_server import sdf, sprites

needs_font = pytest.mark.skipif(
    not (files("web_viewer") / "dist" / "fonts").is_dir(), reason="skipped: the viewer is not built"
)


def fields_of(content: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of one protocol buffer message: a second reader, by the wire format's own description."""
    position = 0

    def varint() -> int:
        nonlocal position
        value, shift = 0, 0
        while True:
            byte = content[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while position < len(content):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            assert key & 7 == 2
            length = varint()
            yield key >> 3, content[position : position + length]
            position += length


def glyphs_of(content: bytes) -> dict[str, dict[int, Any]]:
    ((_, stack),) = fields_of(content)
    found = [dict(fields_of(value)) for number, value in fields_of(stack) if number == 3]
    return {chr(glyph[1]): glyph for glyph in found}


def signed(value: int) -> int:
    return value >> 1 if value % 2 == 0 else -(value >> 1) - 1


# ------------------------------------------------------------------ styles


def test_every_address_in_a_style_is_absolute_and_answers(client: TestClient) -> None:
    style = client.get("/styles/youto.json").json()
    (source,) = style["sources"].values()
    assert all(address.startswith(BASE + "/") for address in (style["glyphs"], style["sprite"], *source["tiles"]))
    for ending in (".json", ".png", "@2x.json", "@2x.png"):
        assert client.get(style["sprite"] + ending).status_code == 200
    font = next(layer["layout"]["text-font"][0] for layer in style["layers"] if layer["type"] == "symbol")
    assert client.get(style["glyphs"].format(fontstack=quote(font), range="0-255")).status_code == 200


def test_every_pattern_a_style_names_is_in_the_sprite(client: TestClient) -> None:
    style, index = client.get("/styles/youto.json").json(), client.get("/styles/sprite.json").json()
    named = {layer["paint"]["fill-pattern"] for layer in style["layers"] if "fill-pattern" in layer["paint"]}
    assert named == {"hatch"}
    assert named <= set(index)


def test_a_style_says_of_which_edition_and_how_sure_it_is(client: TestClient) -> None:
    metadata = client.get("/styles/youto.json?datetime=2025-05-01").json()["metadata"]
    assert metadata["machizu:edition"] == "2025-04-01"
    assert (metadata["machizu:mapLevel"], metadata["machizu:accuracyM"]) == (2500, 1.75)
    assert metadata["machizu:notices"] == ["この地図は小町長の承認を得て使用した（架空）"]


DOCUMENTS = [f"/styles/{{}}.{ending}" for ending in ("json", "qml", "sld", "html")]
DOCUMENTS += ["/api/styles/{}", "/api/styles/{}/metadata", "/api/collections/{}/styles"]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_styles_obey_the_day_and_a_withdrawal(client: TestClient, path: str) -> None:
    assert client.get(path.format("youto") + "?datetime=2019-01-01").status_code == 404
    assert client.get(path.format("youto") + "?datetime=2025-01-01/2026-01-01").status_code == 400
    gone = client.get(path.format("bouka"))
    assert (gone.status_code, "reason" in gone.json()) == (410, True)


def test_the_list_of_styles_names_every_collection_that_can_be_drawn(client: TestClient) -> None:
    styles = {entry["id"]: entry for entry in client.get("/api/styles").json()["styles"]}
    assert set(styles) == {"choiki", "youto", "choudou", "banchi", "zumen"}
    types = {link["type"] for link in styles["youto"]["links"] if link["rel"] == "stylesheet"}
    assert types == {"application/vnd.mapbox.style+json", "application/vnd.ogc.sld+xml;version=1.1", "text/xml"}
    assert len([link for link in styles["choiki"]["links"] if link["rel"] == "stylesheet"]) == 2  # it has no tiles


@pytest.mark.parametrize(("accept", "said"), [
    ("application/vnd.ogc.sld+xml", "application/vnd.ogc.sld+xml"),
    ("application/vnd.mapbox.style+json", "application/vnd.mapbox.style+json"),
    ("*/*", "application/vnd.mapbox.style+json"),
])  # fmt: skip
def test_accept_chooses_the_encoding_of_a_style(client: TestClient, accept: str, said: str) -> None:
    answer = client.get("/api/styles/youto", headers={"accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == said


def test_desktop_styles_are_well_formed(client: TestClient) -> None:
    assert ET.fromstring(client.get("/styles/youto.sld").content).tag.endswith("}StyledLayerDescriptor")
    assert ET.fromstring(client.get("/styles/youto.qml").content).tag == "qgis"


def test_a_register_has_no_style(client: TestClient) -> None:
    assert client.get("/styles/choubo.qml").status_code == client.get("/styles/choubo.sld").status_code == 404
    assert client.get("/api/collections/choubo/styles").json()["styles"] == []


def test_the_legend_page_shows_every_class_with_its_colour(client: TestClient) -> None:
    page = client.get("/styles/youto.html").text
    for text in ("第一種低層住居専用地域", "商業地域", "#adffd6", "#ffbdde", "小町長の承認"):
        assert text in page


# ------------------------------------------------------------------ sprite


@pytest.mark.parametrize("ratio", [1, 2])
def test_the_sprite_is_where_its_index_says(ratio: int) -> None:
    picture = Image.open(io.BytesIO(sprites.picture(ratio)))
    picture.load()
    assert picture.mode == "RGBA"
    for name, place in sprites.index(ratio).items():
        side = place["width"]
        alpha = np.asarray(picture.crop((place["x"], 0, place["x"] + side, side)))[:, :, 3]
        assert alpha.max() > 150 and 0.05 < alpha.mean() / 255 < 0.5, name


@pytest.mark.parametrize("name", sprites.PATTERNS)
def test_a_pattern_repeats_without_a_seam(name: str) -> None:
    inked = sprites.PATTERNS[name]
    places = [(x / 5 + 0.03, y / 5 + 0.03) for x in range(80) for y in range(80)]
    assert all(inked(x, y) == inked(x + sprites.SIDE_PX, y) == inked(x, y + sprites.SIDE_PX) for x, y in places)


def test_the_patterns_differ_from_one_another() -> None:
    places = [(x / 5, y / 5) for x in range(80) for y in range(80)]
    drawn = {tuple(inked(x, y) for x, y in places) for inked in sprites.PATTERNS.values()}
    assert len(drawn) == len(sprites.PATTERNS)


# ------------------------------------------------------------------ glyphs


@needs_font
def test_a_glyph_file_holds_its_range_and_name() -> None:
    ((number, stack),) = fields_of(sdf.glyph_range(0x4E00))
    named = [value for field, value in fields_of(stack) if field in (1, 2)]
    assert (number, named) == (1, [b"Noto Sans JP Medium", b"19968-20223"])
    assert {"一", "丁", "中"} <= set(glyphs_of(sdf.glyph_range(0x4E00)))


@needs_font
@pytest.mark.parametrize("character", list("1AgいÉ"))
def test_a_bitmap_has_the_size_it_says_with_its_margin(character: str) -> None:
    glyph = glyphs_of(sdf.glyph_range(ord(character) // 256 * 256))[character]
    assert len(glyph[2]) == (glyph[3] + 6) * (glyph[4] + 6)


@needs_font
def test_the_inside_is_above_the_outline_and_the_margin_below() -> None:
    glyph = glyphs_of(sdf.glyph_range(0))["H"]
    field = np.frombuffer(glyph[2], dtype=np.uint8).reshape(glyph[4] + 6, glyph[3] + 6)
    assert field.max() > 192 and field[0].max() < 192 and field[:, 0].max() < 192
    # a step of one pixel away from a straight edge is 32 of 256 steps
    middle = field[field.shape[0] // 2].astype(int)
    assert middle[0] - middle[1] == pytest.approx(-32, abs=2)


@needs_font
def test_the_outline_lies_where_the_ink_ends() -> None:
    glyph = glyphs_of(sdf.glyph_range(0))["H"]
    field = np.frombuffer(glyph[2], dtype=np.uint8).reshape(glyph[4] + 6, glyph[3] + 6)
    inked = (field >= 192).sum() / (glyph[3] * glyph[4])
    font, _ = sdf._font()
    mask = font.getmask("H", mode="1")
    exact = sum(1 for value in mask if value) / (glyph[3] * glyph[4] * sdf._FINE**2)
    assert inked == pytest.approx(exact, rel=0.15)


@needs_font
def test_metrics_are_those_of_the_font() -> None:
    found = glyphs_of(sdf.glyph_range(0))
    assert (found[" "][3], 2 in found[" "]) == (0, False)
    assert found["H"][7] == pytest.approx(24 * 0.73, abs=1.5)
    # the cap height (0.73 em) of the baseline, counted from the ascender (1.16 em): node-fontnik's convention
    assert signed(found["H"][6]) == pytest.approx(24 * (0.733 - 1.16), abs=1.5)
    assert glyphs_of(sdf.glyph_range(0x4E00))["中"][7] == 24


@needs_font
@pytest.mark.parametrize("path", [
    "Noto%20Sans%20JP%20Medium/1-256", "Noto%20Sans%20JP%20Medium/0-511", "Noto%20Sans%20JP%20Medium/65536-65791",
    "Noto%20Sans%20JP%20Medium/00-255", "Arial/0-255", "Noto%20Sans%20JP%20Medium,Arial/0-255",
])  # fmt: skip
def test_other_fonts_and_ranges_do_not_exist(client: TestClient, path: str) -> None:
    assert client.get(f"/fonts/{path}.pbf").status_code == 404


@needs_font
def test_the_last_range_answers(client: TestClient) -> None:
    assert client.get("/fonts/Noto%20Sans%20JP%20Medium/65280-65535.pbf").status_code == 200


# ------------------------------------------------------------------ tile sets say the same


@pytest.mark.parametrize("path", ["/tiles/youto.json", "/api/collections/youto/tiles/WebMercatorQuad"])
def test_tile_sets_state_edition_source_level_accuracy_and_notices(client: TestClient, path: str) -> None:
    document = client.get(path).json()
    about = document.get("provenance", document)
    assert (about["edition"], about["source"]) == ("2026-04-01", "小町（架空）")
    assert (about["mapLevel"], about["accuracyM"]) == (2500, 1.75)
    assert about["notices"] == ["この地図は小町長の承認を得て使用した（架空）"]
    assert "小町長の承認" in document["attribution"]
