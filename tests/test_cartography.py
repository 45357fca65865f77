"""Legend, labels and MapLibre styles from declared classes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gis_pipeline import cartography
from gis_pipeline.model import BBox, Collection, FeatureClass, Field, Scan
from tests.outputs import samples

VALIDATOR = Path(__file__).parents[1] / "web_viewer" / "node_modules" / ".bin" / "gl-style-validate"
BOX = BBox(west=139.1, south=35.7, east=139.3, north=35.8)
NAMED = {"mei": Field(source="名称", title="名称")}
COLLECTIONS = {
    "polygon": samples.collection("polygon"),
    "line": samples.collection("line"),
    "point": samples.collection("point"),
    "unclassified": Collection(
        id="zu", title="図", geometry="line", fields={"mei": Field(source="名称", title="名称")}
    ),
    "sheets": Collection(id="zukaku", title="図郭", geometry="polygon", role="sheets", scan=Scan(pixel_m=0.25)),
    "register": samples.collection("none"),
}


def style(collection: Collection, *, image: bool = False) -> dict[str, Any]:
    return cartography.maplibre_style(
        collection,
        tiles_url="https://example.jp/tiles/x@2026-04-01/{z}/{x}/{y}.mvt",
        bounds=BOX,
        min_zoom=8,
        max_zoom=16,
        attribution="見本町",
        image=image,
    )


def evaluate(expression: Any, properties: dict[str, Any]) -> Any:
    """The few MapLibre expressions the styles use, by their specification."""
    if isinstance(expression, str):  # a token stands for a property: {name}
        return re.sub(r"\{(\w+)\}", lambda token: str(properties.get(token[1], "")), expression)
    if not isinstance(expression, list):
        return expression
    operator, *arguments = expression
    if operator == "literal":
        return arguments[0]
    if operator == "match":
        value = evaluate(arguments[0], properties)
        pairs = zip(arguments[1:-1:2], arguments[2:-1:2], strict=True)
        return next((found for codes, found in pairs if value in codes), arguments[-1])
    values = [evaluate(argument, properties) for argument in arguments]
    operators: dict[str, Any] = {
        "get": properties.get,
        "coalesce": lambda *found: next((value for value in found if value is not None), None),
        "to-string": lambda value: "" if value is None else str(value),
        "concat": lambda *texts: "".join(texts),
    }
    return operators[operator](*values)


def test_legend_is_the_declared_classes_in_order() -> None:
    assert cartography.legend(COLLECTIONS["polygon"]) == samples.CLASSES


def test_legend_without_classes_is_the_collection_itself() -> None:
    (entry,) = cartography.legend(COLLECTIONS["unclassified"])
    assert entry.title == "図"


@pytest.mark.parametrize("name", COLLECTIONS)
def test_layers_draw_the_named_layer_of_the_named_source(name: str) -> None:
    layers = cartography.maplibre_layers(COLLECTIONS[name], "tiles", "layer")
    assert {(layer["source"], layer["source-layer"]) for layer in layers} <= {("tiles", "layer")}
    assert len({layer["id"] for layer in layers}) == len(layers)
    assert bool(layers) == (name != "register")


@pytest.mark.parametrize("entry", samples.CLASSES, ids=[entry.short for entry in samples.CLASSES])
def test_each_class_is_filled_with_its_colour(entry: FeatureClass) -> None:
    fill = cartography.maplibre_layers(COLLECTIONS["polygon"], "s", "l")[0]
    assert evaluate(fill["paint"]["fill-color"], {"kubun": entry.code}) == entry.colour


@pytest.mark.parametrize("name", ["polygon", "line"])
@pytest.mark.parametrize("code", ["1", "10", "999", None])
def test_every_feature_has_exactly_one_stroke(name: str, code: str | None) -> None:
    layers = cartography.maplibre_layers(COLLECTIONS[name], "s", "l")
    strokes = [layer for layer in layers if layer["type"] == "line"]
    properties = {} if code is None else {"kubun": code}
    assert sum(evaluate(layer.get("filter", True), properties) for layer in strokes) == 1


def test_a_pattern_shows_without_its_colour() -> None:
    layers = cartography.maplibre_layers(COLLECTIONS["polygon"], "s", "l")
    dashed = [layer for layer in layers if "line-dasharray" in layer.get("paint", {})]
    assert [evaluate(layer["filter"], {"kubun": "10"}) for layer in dashed] == [True]


def test_a_pattern_is_laid_over_the_fill_of_its_classes_only() -> None:
    layers = cartography.maplibre_layers(COLLECTIONS["polygon"], "s", "l")
    (over,) = [layer for layer in layers if "fill-pattern" in layer.get("paint", {})]
    assert over["paint"]["fill-pattern"] == "hatch"
    assert [evaluate(over["filter"], {"kubun": code}) for code in ("1", "10", "999")] == [False, True, False]


LABELS = [
    ({"bango": "0101", "mei": "見本通り", "kubun": "1"}, "0101 見本通り（1種低住）"),
    ({"bango": "0101", "kubun": "10"}, "0101 （商業）"),
    ({"mei": "見本通り"}, "見本通り（）"),
]


@pytest.mark.parametrize(("properties", "wanted"), LABELS)
def test_label_text_follows_the_template(properties: dict[str, Any], wanted: str) -> None:
    assert cartography.label_text(COLLECTIONS["polygon"], properties) == wanted


@pytest.mark.parametrize(("properties", "wanted"), LABELS)
def test_the_styles_label_is_the_same_text(properties: dict[str, Any], wanted: str) -> None:
    label = cartography.maplibre_layers(COLLECTIONS["polygon"], "s", "l")[-1]
    assert label["type"] == "symbol"
    assert " ".join(evaluate(label["layout"]["text-field"], properties).split()) == wanted


def test_an_image_style_has_one_raster_layer() -> None:
    made = style(COLLECTIONS["sheets"], image=True)
    assert [layer["type"] for layer in made["layers"]] == ["raster"]
    assert made["sources"]["zukaku"]["tileSize"] == 256


def test_a_source_says_bounds_zooms_and_attribution() -> None:
    source = style(COLLECTIONS["line"])["sources"]["mihon-line"]
    assert source["bounds"] == [139.1, 35.7, 139.3, 35.8]
    assert (source["minzoom"], source["maxzoom"], source["attribution"]) == (8, 16, "見本町")


@pytest.mark.parametrize("name", COLLECTIONS)
@pytest.mark.parametrize("image", [False, True])
def test_gl_style_validate_finds_nothing(name: str, image: bool, tmp_path: Path) -> None:
    if not VALIDATOR.is_file() or shutil.which("node") is None:
        pytest.skip("skipped: no gl-style-validate (npm: @maplibre/maplibre-gl-style-spec)")
    made = style(COLLECTIONS[name], image=image)
    for name_of_path in {"glyphs", "sprite"} & set(made):
        made[name_of_path] = f"https://example.jp{made[name_of_path]}"
    path = tmp_path / "style.json"
    path.write_text(json.dumps(made), encoding="utf-8")
    done = subprocess.run([str(VALIDATOR), str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
