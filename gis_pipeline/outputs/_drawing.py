"""A product as a drawing, before any CAD format: layers, figures in metres, labels, and the sentences that go with it.

x is east and y is north of the town frame in every drawing (平面直角座標系 calls them Y and X), and every
drawing says so.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Literal

import numpy as np
import pyproj
import shapely

from gis_pipeline import cartography, crs
from gis_pipeline.errors import MachineError
from gis_pipeline.members import Array, Product
from gis_pipeline.model import Collection, FeatureClass
from gis_pipeline.outputs import _table

DECIMALS = 4
"""Coordinates are written to 0.1 mm."""

TEXT_MM = 2.5
"""Height of the labels on paper at the map level's scale."""

LINE_GAP = 1.8
"""From one line of the sentences to the next, in text heights."""

CORNER_M = 100
"""Where a format cannot hold the frame's coordinates, the origin moves to a multiple of this."""

ZONES = [
    "I",
    "II",
    "III",
    "IV",
    "V",
    "VI",
    "VII",
    "VIII",
    "IX",
    "X",
    "XI",
    "XII",
    "XIII",
    "XIV",
    "XV",
    "XVI",
    "XVII",
    "XVIII",
    "XIX",
]

Colour = tuple[int, int, int]
Rings = tuple[Array, ...]
"""A polygon: its outer ring, then its holes, each closed by repeating the first vertex; a line or point: one array."""


@dataclass(frozen=True)
class Layer:
    """画層: one class of the collection. `colour` is the declared one (red, green, blue)."""

    name: str
    title: str
    colour: Colour
    pattern: str


@dataclass(frozen=True)
class Label:
    """A text in the middle of its figure; `angle_deg` counterclockwise from east, always readable (-90 to 90)."""

    text: str
    easting_m: float
    northing_m: float
    angle_deg: float = 0.0


@dataclass(frozen=True)
class Figure:
    """One feature: `layer` is an index, `parts` its pieces, arrays of shape (n, 2) with easting, northing in metres."""

    fid: str
    layer: int
    parts: tuple[Rings, ...]
    label: Label | None
    attributes: dict[str, _table.Value]


@dataclass(frozen=True)
class Drawing:
    """`shape` says what the parts are; `filled` whether polygons are painted (the outlines of scans are not)."""

    title: str
    shape: Literal["polygon", "line", "point"]
    filled: bool
    map_level: int
    layers: tuple[Layer, ...]
    figures: tuple[Figure, ...]
    bounds: tuple[float, float, float, float]
    sentences: tuple[str, ...]

    @property
    def text_m(self) -> float:
        """Height of a label on the ground."""
        return self.map_level * TEXT_MM / 1000

    def corner(self) -> tuple[int, int]:
        """easting_m, northing_m of the south-west corner of all figures, rounded outward to CORNER_M."""
        west_m, south_m = self.bounds[:2]
        return math.floor(west_m / CORNER_M) * CORNER_M, math.floor(south_m / CORNER_M) * CORNER_M

    def notes(self) -> Iterator[tuple[str, float, float]]:
        """The sentences with the easting and northing of their left end, below the figures."""
        west_m, south_m = self.bounds[:2]
        for number, sentence in enumerate(self.sentences, start=2):
            yield sentence, west_m, round(south_m - number * LINE_GAP * self.text_m, 3)


def drawing(product: Product) -> Drawing:
    """The drawing of a product; features without geometry are not drawn."""
    collection = product.collection
    shape: Literal["polygon", "line", "point"] = "polygon"
    if collection.scan is None and collection.geometry in ("line", "point"):
        shape = "line" if collection.geometry == "line" else "point"
    layers, of_class = _layers(collection)
    figures = tuple(_figures(product, shape, of_class))
    return Drawing(
        title=collection.title,
        shape=shape,
        filled=collection.scan is None,
        map_level=collection.map_level,
        layers=layers,
        figures=figures,
        bounds=_bounds(figures),
        sentences=tuple(sentences(product)),
    )


def library(name: str) -> ModuleType:
    """A CAD library of the extra [cad], loaded when the first drawing is written; MachineError without it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MachineError(
            f"CAD の図面を書くには {name} が要ります。pip install 'machizu[cad]' で入れてください。"
        ) from error


def drawn(product: Product) -> int:
    """How many features have a geometry to draw."""
    return int(_table.town_geometry(product).notna().sum())


# ------------------------------------------------------------------ figures


def _layers(collection: Collection) -> tuple[tuple[Layer, ...], dict[str, int]]:
    """The layers and, by class code, their index; the last is for features of no declared class."""
    other = FeatureClass(code="", title="区分なし", colour=cartography.FALLBACK)
    entries = {entry.code: entry for entry in collection.classes}
    if not collection.classes:
        return (Layer(collection.title, collection.title, rgb(other.colour), "none"),), {}
    layers = [
        Layer(f"{collection.title}_{entry.title}", entry.title, rgb(entry.colour), entry.pattern)
        for entry in [*entries.values(), other]
    ]
    return tuple(layers), {code: index for index, code in enumerate(entries)}


def rgb(colour: str) -> Colour:
    """#rrggbb → red, green, blue."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def darker(colour: Colour) -> Colour:
    """A shade for outlines and patterns over a fill of that colour, visible on white and on black."""
    red, green, blue = (round(value * 0.55) for value in colour)
    return red, green, blue


def _figures(product: Product, shape: str, of_class: dict[str, int]) -> Iterator[Figure]:
    collection = product.collection
    names = _table.fields(product)
    columns = [_table.values(product.frame[name]) for name in names]
    geometry = _table.town_geometry(product).to_numpy()
    middle = shapely.point_on_surface(geometry) if shape != "line" else geometry
    for row, (fid, place) in enumerate(zip(_table.fids(product), geometry, strict=True)):
        if place is None:
            continue
        attributes = {name: column[row] for name, column in zip(names, columns, strict=True)}
        code = str(attributes.get(collection.class_field or "") or "")
        text = cartography.label_text(collection, attributes) if collection.label else ""
        yield Figure(
            fid=fid,
            layer=of_class.get(code, len(of_class)),
            parts=tuple(_rings(part) for part in shapely.get_parts(place)),
            label=_label(printable(text), middle[row], collection.map_level * TEXT_MM / 1000) if text else None,
            attributes=attributes,
        )


def _rings(part: shapely.Geometry) -> Rings:
    rings = shapely.get_rings(part) if isinstance(part, shapely.Polygon) else [part]
    return tuple(np.round(shapely.get_coordinates(ring), DECIMALS) for ring in rings)


def _label(text: str, place: shapely.Geometry, text_m: float) -> Label:
    """A label at a point, or along the longest part of a line, above its middle."""
    if isinstance(place, shapely.Point):
        return Label(text, round(place.x, 3), round(place.y, 3))
    parts = shapely.get_parts(place)
    longest = parts[int(np.argmax(shapely.length(parts)))]
    middle = shapely.line_interpolate_point(longest, 0.5, normalized=True)
    ends = shapely.get_coordinates(shapely.line_interpolate_point(longest, [0.48, 0.52], normalized=True))
    east_m, north_m = ends[1] - ends[0]
    angle_deg = math.degrees(math.atan2(north_m, east_m))
    if angle_deg > 90 or angle_deg <= -90:
        angle_deg -= math.copysign(180, angle_deg)
    angle = math.radians(angle_deg)
    east_m, north_m = middle.x - text_m * math.sin(angle), middle.y + text_m * math.cos(angle)
    return Label(text, round(float(east_m), 3), round(float(north_m), 3), round(angle_deg, 3))


def printable(text: str) -> str:
    """One line without control characters, which no CAD format takes in a text."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _bounds(figures: tuple[Figure, ...]) -> tuple[float, float, float, float]:
    rings = [ring for figure in figures for part in figure.parts for ring in part]
    if not rings:
        return 0.0, 0.0, 0.0, 0.0
    pairs = np.concatenate(rings)
    (west_m, south_m), (east_m, north_m) = pairs.min(axis=0), pairs.max(axis=0)
    return float(west_m), float(south_m), float(east_m), float(north_m)


# ------------------------------------------------------------------ sentences


def frame_title(frame: str) -> str:
    """The town frame in the words of a surveyor."""
    label = crs.label(crs.frame_crs(frame))
    number = int(label.removeprefix("EPSG:")) - 6668 if label.startswith("EPSG:") else 0
    if 1 <= number <= len(ZONES):
        return f"JGD2011 平面直角座標系 第{ZONES[number - 1]}系 ({label})"
    return f"{pyproj.CRS.from_user_input(frame).name} ({label})"


def axes(frame: str) -> str:
    """Which way x and y of a drawing run, said for people who know 平面直角座標系."""
    plane = "第" in frame_title(frame)
    north, east = ("（平面直角座標のX）", "（平面直角座標のY）") if plane else ("", "")
    return f"図面のX軸は東{east}、Y軸は北{north}です。測量の座標とはXとYが入れ替わります。"


def accuracy(collection: Collection) -> str:
    """Map level and standard deviation of position."""
    return f"地図情報レベル {collection.map_level}、位置の標準偏差 {collection.tolerance_m:g} m"


MISSING = "〓"
"""Stands for a sign that the format has no code for."""


def cp932(text: str) -> str:
    """The text with 〓 for each sign that CP932 lacks."""
    try:
        text.encode("cp932")
    except UnicodeEncodeError:
        return "".join(sign if _in_cp932(sign) else MISSING for sign in text)
    return text


def _in_cp932(sign: str) -> bool:
    try:
        return bool(sign.encode("cp932"))
    except UnicodeEncodeError:
        return False


def shifted(drawing: Drawing) -> Iterator[str]:
    """The sentences of a drawing whose origin is its corner."""
    east_m, north_m = drawing.corner()
    yield "実験的な形式です。別のソフトで読めることを確かめていません。正確な位置は DXF で確かめてください。"
    yield f"原点 (0, 0) は町の座標系の 東 {east_m} m、北 {north_m} m です。図面の座標にこれを足すと元の座標になります。"
    yield from drawing.sentences
    yield f"この形式で表せない文字は「{MISSING}」にしています。"


def sentences(product: Product) -> Iterator[str]:
    """What must be read with the drawing: edition, frame, axes, accuracy, source, terms, permissions."""
    service, collection = product.service, product.collection
    if service.fictional:
        yield "見本・架空: この図面は架空の町の見本です。"
    yield f"{collection.title}　{product.edition_id} 版（{product.edition_id[:10]} から有効）　{service.name}"
    yield f"座標系: {frame_title(service.crs)}　単位: m"
    yield axes(service.crs)
    yield accuracy(collection)
    yield f"範囲: {printable(product.part.sentence)}" if product.part.sentence else "範囲: 全体"
    yield from (printable(text) for text in _terms(product) if text)


def _terms(product: Product) -> Iterator[str]:
    service, collection = product.service, product.collection
    attribution = collection.attribution or service.attribution
    yield f"出典: {attribution}" if attribution else ""
    licence = f"（{collection.licence}）" if collection.licence else ""
    yield f"利用条件: {collection.permission}{licence}" if collection.permission else ""
    yield collection.document
    yield from collection.notices
    yield service.disclaimer
