"""Declared classes → legend and MapLibre style (pure; imports only the vocabulary). QML and SLD: symbology.py.

Colour never carries the meaning alone: classes of a pattern are hatched and differ in their outline too, and
what has a label template is labelled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from gis_pipeline.model import BBox, Collection, FeatureClass

PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
FALLBACK = "#4d4d4d"
FILL_OPACITY = 0.6
FONT = ["Noto Sans JP Medium"]
INK = "#4d4d4d"
"""The colour of the patterns that are laid over a fill."""

DASHES: dict[str, list[float]] = {"hatch": [6, 2], "cross": [3, 2], "dots": [0.5, 2], "dash": [4, 3]}
"""Outline or line dashes, in line widths, by which each pattern is told from the others without its colour."""

Layer = dict[str, Any]


def legend(collection: Collection) -> tuple[FeatureClass, ...]:
    """凡例: the declared classes in order; a collection without classes is one class of its own title."""
    if collection.classes:
        return collection.classes
    return (FeatureClass(code="", title=collection.title, short=collection.title, colour=FALLBACK),)


def label_text(collection: Collection, properties: Mapping[str, Any]) -> str:
    """The label of one feature after the template, e.g. "{rosen_bango} {rosen_mei}"; missing values are left out.

    A placeholder is a published property; where none has that name, `{short}`, `{title}`, `{code}` and
    `{colour}` are those of the feature's class.
    """
    code = properties.get(collection.class_field) if collection.class_field else None
    member = next((entry for entry in collection.classes if entry.code == code), None)

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if properties.get(name) is not None:
            return str(properties[name])
        if name in properties or member is None:
            return ""
        return class_text(member, name)

    return " ".join(PLACEHOLDER.sub(value, collection.label).split())


def class_text(member: FeatureClass, name: str) -> str:
    """A word about a class: `short`, `title`, `code` or `colour`."""
    texts = {"short": member.short or member.title, "title": member.title, "code": member.code, "colour": member.colour}
    return texts.get(name, "")


# ------------------------------------------------------------------ MapLibre


def maplibre_style(
    collection: Collection,
    *,
    tiles_url: str,
    bounds: BBox | None,
    min_zoom: int,
    max_zoom: int,
    attribution: str,
    image: bool,
) -> dict[str, Any]:
    """A style of version 8 that shows one collection from `tiles_url` (with {z}, {x}, {y}).

    `image`: the tiles are pictures (256 px), else vector tiles whose layer is named after the collection.
    `glyphs` and `sprite` are paths below the service: whoever hands the style out puts its address before them.
    """
    source: dict[str, Any] = {
        "type": "raster" if image else "vector",
        "tiles": [tiles_url],
        "minzoom": min_zoom,
        "maxzoom": max_zoom,
        "attribution": attribution,
    }
    if image:
        source["tileSize"] = 256
    if bounds is not None:
        source["bounds"] = [bounds.west, bounds.south, bounds.east, bounds.north]
    layers: list[Layer] = (
        [{"id": collection.id, "type": "raster", "source": collection.id}]
        if image
        else maplibre_layers(collection, collection.id, collection.id)
    )
    style: dict[str, Any] = {
        "version": 8,
        "name": collection.title,
        "metadata": {"legend": [entry.model_dump() for entry in legend(collection)]},
        "sources": {collection.id: source},
        "layers": layers,
    }
    if any(layer["type"] == "symbol" for layer in layers):
        style["glyphs"] = "/fonts/{fontstack}/{range}.pbf"
    if any("fill-pattern" in layer.get("paint", {}) for layer in layers):
        style["sprite"] = "/styles/sprite"
    return style


def maplibre_layers(collection: Collection, source: str, source_layer: str) -> list[Layer]:
    """The layers of one collection, bottom to top, all over the same vector source."""
    layers = _SHAPES[collection.geometry](collection)
    if collection.label and layers:
        layers.append(_labels(collection))
    where = {"source": source, "source-layer": source_layer}
    return [{"id": layer["id"], "type": layer["type"], **where, **layer} for layer in layers]


def _polygons(collection: Collection) -> list[Layer]:
    fill: Layer = {
        "id": f"{collection.id}-fill",
        "type": "fill",
        "paint": {"fill-color": _by_class(collection, "colour", FALLBACK), "fill-opacity": FILL_OPACITY},
    }
    if collection.scan is not None:
        fill["paint"]["fill-opacity"] = 0.05
    return [fill, *_pattern_fills(collection), *_strokes(collection, "outline", _widths(0.6, 2.0), FALLBACK)]


def _pattern_fills(collection: Collection) -> list[Layer]:
    """One layer per pattern in use, over the coloured fill; the pictures are those of the sprite."""
    if collection.class_field is None:
        return []
    codes: dict[str, list[str]] = {}
    for entry in collection.classes:
        if entry.pattern != "none":
            codes.setdefault(entry.pattern, []).append(entry.code)
    return [
        {
            "id": f"{collection.id}-pattern-{pattern}",
            "type": "fill",
            "filter": _is_one_of(collection.class_field, members),
            "paint": {"fill-pattern": pattern, "fill-opacity": 0.6},
        }
        for pattern, members in codes.items()
    ]


def _lines(collection: Collection) -> list[Layer]:
    return _strokes(collection, "line", _widths(0.8, 4.0), _by_class(collection, "colour", FALLBACK))


def _points(collection: Collection) -> list[Layer]:
    return [
        {
            "id": f"{collection.id}-point",
            "type": "circle",
            "paint": {
                "circle-color": _by_class(collection, "colour", FALLBACK),
                "circle-radius": _widths(2.0, 6.0),
                "circle-stroke-color": "#ffffff",
                "circle-stroke-width": 1,
            },
        }
    ]


def _nothing(_: Collection) -> list[Layer]:
    return []


_SHAPES: Mapping[str, Callable[[Collection], list[Layer]]] = {
    "polygon": _polygons,
    "line": _lines,
    "point": _points,
    "none": _nothing,
}


def _strokes(collection: Collection, suffix: str, width: Any, colour: Any) -> list[Layer]:
    """One line layer per pattern in use: `line-dasharray` takes no expression over features."""
    patterns = list(dict.fromkeys(entry.pattern for entry in legend(collection)))
    field = collection.class_field
    layers: list[Layer] = []
    for pattern in patterns:
        layer: Layer = {
            "id": f"{collection.id}-{suffix}" + ("" if pattern == "none" else f"-{pattern}"),
            "type": "line",
            "layout": {"line-join": "round"},
            "paint": {"line-color": colour, "line-width": width},
        }
        others = [entry.code for entry in collection.classes if entry.pattern != pattern]
        mine = [entry.code for entry in collection.classes if entry.pattern == pattern]
        if field is not None and others:
            # A class that is not declared is drawn with the plain stroke, never left out.
            layer["filter"] = _is_one_of(field, others, is_not=True) if pattern == "none" else _is_one_of(field, mine)
        if pattern != "none":
            layer["paint"]["line-dasharray"] = DASHES[pattern]
        layers.append(layer)
    return layers


def _labels(collection: Collection) -> Layer:
    along = collection.geometry == "line"
    return {
        "id": f"{collection.id}-label",
        "type": "symbol",
        "minzoom": min(collection.zooms[1], max(collection.zooms[0], 13)),
        "layout": {
            "symbol-placement": "line" if along else "point",
            "text-field": _label_expression(collection),
            "text-font": FONT,
            "text-size": 12,
            "text-offset": [0, 1] if collection.geometry == "point" else [0, 0],
        },
        "paint": {"text-color": "#1a1a1a", "text-halo-color": "#ffffff", "text-halo-width": 1.5},
    }


def _label_expression(collection: Collection) -> str | list[Any]:
    """The label template: as it stands where every placeholder is a property, else as a MapLibre expression."""
    if all(is_published(collection, name) for name in PLACEHOLDER.findall(collection.label)):
        return collection.label
    parts: list[Any] = ["concat"]
    position = 0
    for match in PLACEHOLDER.finditer(collection.label):
        if match.start() > position:
            parts.append(collection.label[position : match.start()])
        parts.append(_placeholder(collection, match[1]))
        position = match.end()
    if position < len(collection.label):
        parts.append(collection.label[position:])
    return parts


def _placeholder(collection: Collection, name: str) -> Any:
    if is_published(collection, name):
        return ["to-string", ["coalesce", ["get", name], ""]]
    return _by_class(collection, name, "")


def _by_class(collection: Collection, name: str, otherwise: str) -> Any:
    """A value of the feature's class; a plain value where the collection is not classified."""
    if collection.class_field is None or not collection.classes:
        return otherwise
    pairs: list[Any] = []
    for entry in {entry.code: entry for entry in collection.classes}.values():
        pairs += [[entry.code], class_text(entry, name)]
    return ["match", ["get", collection.class_field], *pairs, otherwise]


def _is_one_of(field: str, codes: list[str], *, is_not: bool = False) -> list[Any]:
    """Whether a text property is one of the codes: written with `match`, the one form that QGIS reads too."""
    return ["match", ["get", field], codes, not is_not, is_not]


def _widths(narrow_px: float, wide_px: float) -> list[Any]:
    """A width in pixels that grows from zoom 10 to zoom 18."""
    return ["interpolate", ["linear"], ["zoom"], 10, narrow_px, 18, wide_px]


def is_published(collection: Collection, name: str) -> bool:
    """Whether a placeholder of the label is a property; else it is a word about the feature's class."""
    published = set(collection.fields) | {f"{collection.class_field}_name"}
    return name in published or name not in ("short", "title", "code", "colour")
