"""Declared classes → the styles of desktop programs: QML (QGIS) and SLD 1.1 (pure, over the same facts)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping

from gis_pipeline.cartography import (
    DASHES,
    FALLBACK,
    FILL_OPACITY,
    INK,
    PLACEHOLDER,
    class_text,
    is_published,
)
from gis_pipeline.model import Collection, FeatureClass

# ------------------------------------------------------------------ QML (QGIS)

_KIND = {"polygon": "fill", "line": "line", "point": "marker"}
_LINE_PATTERNS: dict[str, tuple[int, ...]] = {"hatch": (45,), "cross": (45, 135), "dash": (0,)}
"""Degrees of the lines of each pattern."""


def _drawn_classes(collection: Collection) -> tuple[FeatureClass, ...]:
    """The classes that a value of the class field chooses; none where the collection is not classified."""
    if collection.class_field is None:
        return ()
    return tuple({entry.code: entry for entry in collection.classes}.values())


def _other(collection: Collection) -> FeatureClass:
    """What a class that is not declared is drawn as: never left out."""
    title = "その他" if _drawn_classes(collection) else collection.title
    return FeatureClass(code="", title=title, short=title, colour=FALLBACK)


def qml(collection: Collection) -> str:
    """A QGIS layer style (QML): one category per class, its pattern and label; the last takes every other value.

    Raises ValueError for a collection without geometry, which nothing can draw.
    """
    entries = (*_drawn_classes(collection), _other(collection))
    labelled = "1" if collection.label else "0"
    root = ET.Element("qgis", version="3.22", styleCategories="Symbology|Labeling", labelsEnabled=labelled)
    classified = len(entries) > 1
    renderer = ET.SubElement(root, "renderer-v2", type="categorizedSymbol" if classified else "singleSymbol")
    renderer.attrib |= {"forceraster": "0", "symbollevels": "0", "enableorderby": "0"}
    if classified:
        renderer.set("attr", collection.class_field or "")
        categories = ET.SubElement(renderer, "categories")
        for number, entry in enumerate(entries):
            category = {"symbol": str(number), "value": entry.code, "label": entry.title, "render": "true"}
            ET.SubElement(categories, "category", category, type="string" if entry.code else "NULL")
    symbols = ET.SubElement(renderer, "symbols")
    for number, entry in enumerate(entries):
        _qml_symbol(symbols, collection, entry, str(number))
    if collection.label:
        _qml_labels(root, collection)
    doctype = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    ET.indent(root)
    return doctype + ET.tostring(root, encoding="unicode") + "\n"


def _qml_symbol(symbols: ET.Element, collection: Collection, entry: FeatureClass, name: str) -> None:
    if collection.geometry == "none":
        raise ValueError(f"「{collection.title}」には形がありません。")
    opacity = 1.0 if collection.geometry != "polygon" else 0.05 if collection.scan else FILL_OPACITY
    symbol = ET.SubElement(symbols, "symbol", type=_KIND[collection.geometry], name=name, alpha=str(opacity))
    colour = _rgba(entry.colour)
    if collection.geometry == "point":
        marker = {"name": "circle", "color": colour, "size": "2.4", "outline_color": "255,255,255,255"}
        _qml_layer(symbol, "SimpleMarker", marker)
    elif collection.geometry == "line":
        _qml_layer(symbol, "SimpleLine", {"line_color": colour, **_qml_stroke(entry.pattern, 0.6)})
    else:
        fill = {"color": colour, "style": "solid", "outline_color": _rgba(FALLBACK), "outline_width": "0.3"}
        _qml_layer(symbol, "SimpleFill", fill | {"outline_style": "solid"})
        _qml_pattern(symbol, entry.pattern, name)


def _qml_pattern(symbol: ET.Element, pattern: str, name: str) -> None:
    if pattern == "dots":
        dots = {f"distance_{axis}": "2" for axis in "xy"} | {"displacement_x": "1"}
        inner = ET.SubElement(_qml_layer(symbol, "PointPatternFill", dots), "symbol", type="marker", name=f"@{name}@1")
        _qml_layer(inner, "SimpleMarker", {"name": "circle", "color": _rgba(INK), "size": "0.6", "outline_style": "no"})
    for place, angle in enumerate(_LINE_PATTERNS.get(pattern, ()), 1):
        lines = _qml_layer(symbol, "LinePatternFill", {"angle": str(angle), "distance": "2", "color": _rgba(INK)})
        inner = ET.SubElement(lines, "symbol", type="line", name=f"@{name}@{place}")
        stroke = _qml_stroke("dash" if pattern == "dash" else "none", 0.2)
        _qml_layer(inner, "SimpleLine", {"line_color": _rgba(INK), **stroke})


def _qml_stroke(pattern: str, width_mm: float) -> dict[str, str]:
    stroke = {"line_width": str(width_mm), "line_width_unit": "MM", "line_style": "solid", "joinstyle": "round"}
    if pattern == "none":
        return stroke
    dashes = ";".join(f"{length * width_mm:g}" for length in DASHES[pattern])
    return stroke | {"use_custom_dash": "1", "customdash": dashes, "customdash_unit": "MM"}


def _qml_layer(symbol: ET.Element, kind: str, properties: Mapping[str, str]) -> ET.Element:
    """A symbol layer; properties both ways, as QGIS 3.0 to 3.24 and later versions look for them."""
    layer = ET.SubElement(symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    options = ET.SubElement(layer, "Option", type="Map")
    for name, value in properties.items():
        ET.SubElement(options, "Option", name=name, value=value, type="QString")
    for name, value in properties.items():
        ET.SubElement(layer, "prop", k=name, v=value)
    return layer


def _rgba(colour: str) -> str:
    return ",".join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5)) + ",255"


def _qml_labels(root: ET.Element, collection: Collection) -> None:
    settings = ET.SubElement(ET.SubElement(root, "labeling", type="simple"), "settings", calloutType="simple")
    text = {"fontFamily": "Noto Sans JP", "fontSize": "9", "textColor": _rgba("#1a1a1a"), "isExpression": "1"}
    style = ET.SubElement(settings, "text-style", text, fieldName=_qgis_label(collection))
    ET.SubElement(style, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferColor=_rgba("#ffffff"))
    placement = {"polygon": "1", "line": "2", "point": "0"}[collection.geometry]
    ET.SubElement(settings, "placement", placement=placement)


def _qgis_label(collection: Collection) -> str:
    """The label template as a QGIS expression; a missing value is no text."""
    parts: list[str] = []
    for text, name in _template(collection.label):
        if text:
            parts.append(_quoted(text))
        if name and is_published(collection, name):
            parts.append(f'"{name}"')
        elif name:
            field = collection.class_field
            cases = "".join(
                f' WHEN "{field}" = {_quoted(entry.code)} THEN {_quoted(class_text(entry, name))}'
                for entry in _drawn_classes(collection)
            )
            parts.append(f"CASE{cases} ELSE '' END" if cases else "''")
    return f"trim(concat({', '.join(parts)}))"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _template(label: str) -> list[tuple[str, str]]:
    """The template in pairs of a text and the placeholder after it ("" at the end)."""
    pieces = PLACEHOLDER.split(label)
    return list(zip(pieces[::2], [*pieces[1::2], ""], strict=True))


# ------------------------------------------------------------------ SLD 1.1

_SLD = {
    "xmlns": "http://www.opengis.net/sld",
    "xmlns:se": "http://www.opengis.net/se",
    "xmlns:ogc": "http://www.opengis.net/ogc",
}
_MARKS = {"hatch": "slash", "cross": "x", "dots": "circle", "dash": "horline"}
"""Well-known marks: "x" and "circle" are in the standard, "slash" and "horline" are understood by QGIS."""


def sld(collection: Collection) -> str:
    """Styled Layer Descriptor 1.1.0 with Symbology Encoding (OGC 05-078r4, 05-077r4): one rule per class.

    Raises ValueError for a collection without geometry.
    """
    if collection.geometry == "none":
        raise ValueError(f"「{collection.title}」には形がありません。")
    root = ET.Element("StyledLayerDescriptor", {**_SLD, "version": "1.1.0"})
    layer = ET.SubElement(root, "NamedLayer")
    _text(layer, "se:Name", collection.id)
    _titled(layer, collection.title)
    style = ET.SubElement(layer, "UserStyle")
    _text(style, "se:Name", collection.id)
    _text(style, "IsDefault", "1")
    rules = ET.SubElement(style, "se:FeatureTypeStyle")
    for entry in (*_drawn_classes(collection), _other(collection)):
        rule = ET.SubElement(rules, "se:Rule")
        _text(rule, "se:Name", entry.code or "other")
        _titled(rule, entry.title)
        if entry.code:
            equal = ET.SubElement(ET.SubElement(rule, "ogc:Filter"), "ogc:PropertyIsEqualTo")
            _text(equal, "ogc:PropertyName", collection.class_field or "")
            _text(equal, "ogc:Literal", entry.code)
        elif _drawn_classes(collection):
            ET.SubElement(rule, "se:ElseFilter")
        _sld_symbols(rule, collection, entry)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _sld_symbols(rule: ET.Element, collection: Collection, entry: FeatureClass) -> None:
    if collection.geometry == "point":
        graphic = ET.SubElement(ET.SubElement(rule, "se:PointSymbolizer"), "se:Graphic")
        _sld_mark(graphic, "circle", entry.colour, "#ffffff")
        _text(graphic, "se:Size", "8")
    elif collection.geometry == "line":
        _sld_stroke(ET.SubElement(rule, "se:LineSymbolizer"), entry.colour, 2, entry.pattern)
    else:
        polygon = ET.SubElement(rule, "se:PolygonSymbolizer")
        fill = ET.SubElement(polygon, "se:Fill")
        _parameters(fill, {"fill": entry.colour, "fill-opacity": "0.05" if collection.scan else str(FILL_OPACITY)})
        _sld_stroke(polygon, FALLBACK, 1, entry.pattern)
        if entry.pattern != "none":
            over = ET.SubElement(ET.SubElement(rule, "se:PolygonSymbolizer"), "se:Fill")
            graphic = ET.SubElement(ET.SubElement(over, "se:GraphicFill"), "se:Graphic")
            _sld_mark(graphic, _MARKS[entry.pattern], INK, INK)
            _text(graphic, "se:Size", "3" if entry.pattern == "dots" else "8")
    if collection.label:
        _sld_label(rule, collection, entry)


def _sld_mark(graphic: ET.Element, name: str, fill: str, stroke: str) -> None:
    mark = ET.SubElement(graphic, "se:Mark")
    _text(mark, "se:WellKnownName", name)
    _parameters(ET.SubElement(mark, "se:Fill"), {"fill": fill})
    _parameters(ET.SubElement(mark, "se:Stroke"), {"stroke": stroke, "stroke-width": "1"})


def _sld_stroke(symbolizer: ET.Element, colour: str, width_px: float, pattern: str) -> None:
    stroke = {"stroke": colour, "stroke-width": f"{width_px:g}", "stroke-linejoin": "round"}
    if pattern != "none":
        stroke["stroke-dasharray"] = " ".join(f"{length * width_px:g}" for length in DASHES[pattern])
    _parameters(ET.SubElement(symbolizer, "se:Stroke"), stroke)


def _sld_label(rule: ET.Element, collection: Collection, entry: FeatureClass) -> None:
    symbolizer = ET.SubElement(rule, "se:TextSymbolizer")
    label = ET.SubElement(symbolizer, "se:Label")
    last: ET.Element | None = None
    for text, name in _template(collection.label):
        written = text
        if name and not is_published(collection, name):
            written += class_text(entry, name) if entry.code else ""
        if last is None:
            label.text = (label.text or "") + written
        else:
            last.tail = (last.tail or "") + written
        if name and is_published(collection, name):
            last = _text(label, "ogc:PropertyName", name)
    _parameters(ET.SubElement(symbolizer, "se:Font"), {"font-family": "Noto Sans JP", "font-size": "12"})
    halo = ET.SubElement(symbolizer, "se:Halo")
    _text(halo, "se:Radius", "1")
    _parameters(ET.SubElement(halo, "se:Fill"), {"fill": "#ffffff"})
    _parameters(ET.SubElement(symbolizer, "se:Fill"), {"fill": "#1a1a1a"})


def _parameters(parent: ET.Element, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        _text(parent, "se:SvgParameter", value, name=name)


def _titled(parent: ET.Element, title: str) -> None:
    _text(ET.SubElement(parent, "se:Description"), "se:Title", title)


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    element.text = text
    return element
