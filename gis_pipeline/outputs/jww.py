"""features_E…_N….jww: the drawing for Jw_cad, experimental: only ezjww, which writes it, reads it back."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import shapely

from gis_pipeline.errors import MachineError
from gis_pipeline.members import Array, Product
from gis_pipeline.model import Act
from gis_pipeline.outputs import _drawing, _files
from gis_pipeline.outputs._drawing import Drawing, Figure

TITLE = "JWW（実験的）"
VERSION = 1
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "application/octet-stream"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets"})
ALWAYS = False
SUFFIX = "jww"
FRAMES: Final[Literal["any", "lonlat", "town"]] = "town"
EFFORT = 40

PAPER_MM = (594.5, 420.5)
"""From the middle of an A0 sheet, where Jw_cad has its origin, to its right and upper edge."""

SCALES = (250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000)
LAYERS = 16
"""Layers in a group, and groups in a drawing."""

PENS = {1: (0, 192, 192), 2: (0, 0, 0), 3: (0, 192, 0), 4: (192, 192, 0), 5: (192, 0, 192), 6: (0, 0, 255)}
PENS |= {7: (0, 128, 128), 8: (255, 0, 128)}
"""Jw_cad's pens 1–8 on white: 水色, 黒, 緑, 黄, ピンク, 青, 深緑, 赤."""

STYLES = {"none": 1, "hatch": 2, "cross": 3, "dots": 4, "dash": 2}
CORNERS = tuple(f"point{number}_{axis}" for number in (1, 4, 2, 3) for axis in "xy")
"""The corners of a solid in the order of a ring, as ezjww names them."""

PLACES = {"SOLID": CORNERS, "POINT": ("x", "y")}
PLACES |= dict.fromkeys(("LINE", "TEXT"), ("start_x", "start_y", "end_x", "end_y"))
"""The names of the coordinates of each kind of entity."""

AREA_TOLERANCE = 1e-6
TOLERANCE_M = 1e-3


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes features_E<corner>_N<corner>.jww: coordinates are real metres from the map's south-west corner.

    The corner (rounded outward to 100 m) lies at Jw_cad's origin; its easting and northing stand in the file's name
    and in the drawing. The scale is the first from the map level on at which the map fits A0. Layers beyond
    16 × 16 share the last. Fills are solids of triangles; lines use the nearest pen.
    """
    drawing = _drawing.drawing(product)
    east_m, north_m = drawing.corner()
    target = folder / f"features_E{east_m}_N{north_m}.jww"
    ezjww = _drawing.library("ezjww")
    sheet = _Sheet(drawing, _scale(drawing))
    sheet.draw()
    with _files.beside(target) as part:
        _files.expect(target, len(drawing.figures), _drawing.drawn(product))
        try:
            document = ezjww.new(paper_size=0, memo=f"{drawing.title} {product.edition_id}")
            sheet.settle(document)
            part.write_bytes(document.to_jww_bytes())
            found = ezjww.readfile(part).jww_document
        except ValueError as error:
            raise MachineError(f"{target.name} を JWW として書けません: {error}") from error
        sheet.verify(target, found)
    return (target,)


def _scale(drawing: Drawing) -> int:
    corner = np.array(drawing.corner())
    reach_m = np.array(drawing.bounds[2:]) - corner
    fitting = [scale for scale in SCALES if (reach_m / scale * 1000 <= PAPER_MM).all()]
    return next((scale for scale in fitting if scale >= drawing.map_level), SCALES[-1])


@dataclass
class _Sheet:
    """The entities of a drawing in millimetres on paper, fills first."""

    drawing: Drawing
    scale: int
    entities: list[dict[str, Any]] = field(default_factory=list)
    area_mm2: float = 0.0

    def draw(self) -> None:
        if self.drawing.shape == "polygon" and self.drawing.filled:
            for figure in self.drawing.figures:
                self._fill(figure)
        for figure in self.drawing.figures:
            self._lines(figure)
        last = len(self.drawing.layers)
        size = self.drawing.text_m * 1000 / self.scale
        for label in (figure.label for figure in self.drawing.figures if figure.label):
            self._text(label.text, (label.easting_m, label.northing_m), label.angle_deg, last, size, centred=True)
        for number, sentence in enumerate(_drawing.shifted(self.drawing), start=1):
            place = np.array(self.drawing.corner()) - (0, number * 5 * self.scale / 1000)
            self._text(sentence, (float(place[0]), float(place[1])), 0.0, last + 1, 2.5, centred=False)

    def settle(self, document: Any) -> None:
        """Names and scales of the layers, and the entities."""
        names = [layer.name for layer in self.drawing.layers]
        names += [f"{self.drawing.title}_文字", f"{self.drawing.title}_説明"]
        for group in document.options["layer_groups"]:
            group["scale"] = float(self.scale)
        for number, name in enumerate(names[: LAYERS * LAYERS]):
            group = document.options["layer_groups"][number // LAYERS]
            group["layers"][number % LAYERS]["name"] = _drawing.cp932(name)
        document.modelspace().extend(self.entities)

    def _base(self, layer: int, pen: int, style: int = 1) -> dict[str, int]:
        group, place = divmod(min(layer, LAYERS * LAYERS - 1), LAYERS)
        shared = {"group": 0, "pen_width": 0, "flag": 0, "layer": place, "layer_group": group}
        return {**shared, "pen_style": style, "pen_color": pen}

    def _mm(self, pairs: Any) -> Any:
        return (np.asarray(pairs) - np.array(self.drawing.corner())) * 1000 / self.scale

    def _fill(self, figure: Figure) -> None:
        red, green, blue = self.drawing.layers[figure.layer].colour
        solid = {"type": "SOLID", "base": self._base(figure.layer, 10), "color": red | green << 8 | blue << 16}
        for part in figure.parts:
            rings = [self._mm(ring) for ring in part]
            polygon = shapely.Polygon(rings[0], rings[1:])
            self.area_mm2 += polygon.area
            corners = shapely.get_coordinates(shapely.constrained_delaunay_triangles(polygon)).reshape(-1, 8)
            for ax, ay, bx, by, cx, cy, _, _ in corners.tolist():
                # A triangle is a solid whose last two corners are one.
                place = dict(zip(CORNERS, (ax, ay, bx, by, cx, cy, cx, cy), strict=True))
                self.entities.append({**solid, **place})

    def _lines(self, figure: Figure) -> None:
        layer = self.drawing.layers[figure.layer]
        pen = 2 if self.drawing.shape == "polygon" else _pen(layer.colour)
        base = self._base(figure.layer, pen, 1 if self.drawing.shape == "point" else STYLES[layer.pattern])
        for ring in (ring for part in figure.parts for ring in part):
            pairs = self._mm(ring).tolist()
            if self.drawing.shape == "point":
                x, y = pairs[0]
                point = {"is_temporary": False, "code": 0, "angle": 0.0, "scale": 0.0}
                self.entities.append({"type": "POINT", "base": base, "x": x, "y": y, **point})
                continue
            for (x1, y1), (x2, y2) in itertools.pairwise(pairs):
                ends = {"start_x": x1, "start_y": y1, "end_x": x2, "end_y": y2}
                self.entities.append({"type": "LINE", "base": base, **ends})

    def _text(
        self, text: str, place: tuple[float, float], angle_deg: float, layer: int, size_mm: float, *, centred: bool
    ) -> None:
        length = size_mm * sum(1.0 if ord(sign) > 255 else 0.5 for sign in text)
        along = np.array([np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))])
        start = self._mm(place) - (along * length / 2 if centred else 0)
        end = start + along * length
        sizes = {"size_x": size_mm, "size_y": size_mm, "spacing": 0.0, "angle": angle_deg % 360, "text_type": 0}
        ends = {"start_x": start[0], "start_y": start[1], "end_x": end[0], "end_y": end[1]}
        ends = {name: float(value) for name, value in ends.items()}
        words = {"font_name": "ＭＳ ゴシック", "content": text}
        self.entities.append({"type": "TEXT", "base": self._base(layer, 2), **ends, **sizes, **words})

    def verify(self, target: Path, document: Any) -> None:
        """Every entity in its order: kind, text, and each coordinate to a millimetre on the ground; the filled area."""
        read = document["entities"]
        _files.expect(target, len(read), len(self.entities), "図形")
        kinds = [(entity["type"], entity.get("content")) for entity in read]
        if kinds != [(entity["type"], entity.get("content")) for entity in self.entities]:
            raise MachineError(f"{target.name} の図形か文字が書いたとおりに読めません。")
        for kind in PLACES:
            found = _places(read, kind)
            off_m = np.abs(found - _places(self.entities, kind)).max(initial=0.0) * self.scale / 1000
            if not off_m <= TOLERANCE_M:
                raise MachineError(f"{target.name} の座標が書いたものと {off_m:.4f} m 違います。")
        x1, y1, x2, y2, x3, y3, _, _ = _places(read, "SOLID").T
        filled = float(np.abs((x2 - x1) * (y3 - y1) - (x3 - x1) * (y2 - y1)).sum() / 2)
        if abs(filled - self.area_mm2) > AREA_TOLERANCE * max(self.area_mm2, 1.0):
            raise MachineError(f"{target.name} の塗りの面積が書いたものと違います。")


def _pen(colour: _drawing.Colour) -> int:
    return min(PENS, key=lambda pen: sum((one - other) ** 2 for one, other in zip(PENS[pen], colour, strict=True)))


def _places(entities: list[dict[str, Any]], kind: str) -> Array:
    """The coordinates of the entities of one kind, a row each."""
    names = PLACES[kind]
    take = itemgetter(*names)
    rows = [take(entity) for entity in entities if entity["type"] == kind]
    return np.array(rows, dtype=np.float64).reshape(-1, len(names))
