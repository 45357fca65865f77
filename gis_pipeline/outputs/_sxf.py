"""A drawing as SXF (SFC or P21) by ezsxf, read back by ezsxf: no independent reader is known, so it is 実験的."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gis_pipeline.errors import MachineError
from gis_pipeline.members import Array, Product
from gis_pipeline.outputs import _drawing, _files
from gis_pipeline.outputs._drawing import Drawing, Figure

MARGIN_MM = 20
LINE_MM = 5
TOLERANCE_M = 1e-3
NAME_BYTES = 250
TEXT_BYTES = 256
"""The longest text that SXF knows, in Shift_JIS."""
COLOURS = 240
"""Colours that a drawing can define for itself."""


def write(product: Product, folder: Path, suffix: Literal["sfc", "p21"]) -> Path:
    """Writes features_E<corner>_N<corner>.<suffix>: a sheet at the map level's scale with one 部分図 in millimetres.

    The origin of the 部分図 is the south-west corner of the map, rounded outward to 100 m; its easting and northing
    stand in the file's name and among the sentences on the sheet. Fills are opaque. Signs beyond CP932 become 〓.
    Labels longer than SXF's texts end with …, and the sheet says how many; long sentences go on in the next line.
    Raises MachineError if ezsxf cannot write it or reads anything else than was drawn.
    """
    drawing = _drawing.drawing(product)
    east_m, north_m = drawing.corner()
    target = folder / f"features_E{east_m}_N{north_m}.{suffix}"
    sheet = _Sheet(drawing, product.edition_id[:10])
    with _files.beside(target) as part:
        _files.expect(target, len(drawing.figures), _drawing.drawn(product))
        try:
            part.write_bytes(sheet.bytes(suffix))
            found = _drawing.library("ezsxf").build_drawing(part.read_bytes())
        except ValueError as error:
            raise MachineError(f"{target.name} を SXF として書けません: {error}") from error
        sheet.verify(target, found)
    return target


class _Sheet:
    """The elements of one sheet, and what must be read back: paths, circles and texts in their order."""

    def __init__(self, drawing: Drawing, day: str) -> None:
        self.drawing, self.day = drawing, day
        self.east_m, self.north_m = drawing.corner()
        self.elements: list[dict[str, Any]] = []
        self.fills: list[list[Array]] = []
        self.paths: list[Array] = []
        self.texts: list[str] = []
        labels = [_drawing.cp932(figure.label.text) for figure in drawing.figures if figure.label]
        said = [*_drawing.shifted(drawing), *_shortened(sum(_size(text) > TEXT_BYTES for text in labels))]
        self.sentences = [line for sentence in said for line in _lines(_drawing.cp932(sentence))]
        self.south_mm = MARGIN_MM + LINE_MM * (len(self.sentences) + 1)

    def bytes(self, suffix: str) -> bytes:
        """The file's bytes; the edition's day stands where the moment of writing would."""
        east_m, north_m = self.drawing.bounds[2:]
        per_mm = 1000 / self.drawing.map_level
        document = _drawing.library("ezsxf").new_sfc(
            f"features.{suffix}",
            name="map",
            width_mm=math.ceil((east_m - self.east_m) * per_mm) + 2 * MARGIN_MM,
            height_mm=math.ceil((north_m - self.north_m) * per_mm) + self.south_mm + MARGIN_MM,
            timestamp=f"{self.day}T00:00:00",
            target=suffix,
        )
        self._draw(document)
        scale = round(1 / self.drawing.map_level, 12)
        notes = [
            {"kind": "text", "text": text, "anchor": (MARGIN_MM, self.south_mm - LINE_MM * number), "height": 2.5}
            for number, text in enumerate(self.sentences, start=1)
        ]
        whole = {"kind": "partial_drawing", "name": "map", "scale": (scale, scale), "elements": self.elements}
        placed = [whole | {"position": (MARGIN_MM, self.south_mm)}] if self.elements else []
        document.extend([*placed, *notes])
        self.texts.extend(self.sentences)
        return bytes(document.to_bytes() if suffix == "sfc" else document.to_p21_bytes())

    def _draw(self, document: Any) -> None:
        layers = [_name(layer.name) for layer in self.drawing.layers]
        codes = [document.add_layer(name) for name in layers]
        colours = [document.add_color(layer.colour) for layer in self.drawing.layers[:COLOURS]]
        colours += [1] * (len(layers) - len(colours))
        lettering = document.add_layer(_name(f"{self.drawing.title}_文字"))
        if self.drawing.shape == "polygon" and self.drawing.filled:
            for figure in self.drawing.figures:
                self._fill(figure, {"layer": codes[figure.layer], "color": colours[figure.layer]})
        outlined = self.drawing.shape == "polygon"
        for figure in self.drawing.figures:
            colour = 1 if outlined else colours[figure.layer]
            self._lines(figure, {"layer": codes[figure.layer], "color": colour})
        for figure in self.drawing.figures:
            self._label(figure, {"layer": lettering, "color": 1})

    def _fill(self, figure: Figure, style: dict[str, int]) -> None:
        for part in figure.parts:
            rings = [self._mm(ring[:-1]) for ring in part]
            holes = [ring.tolist() for ring in rings[1:]]
            self.elements.append({"kind": "fill", "outer": rings[0].tolist(), "holes": holes, **style})
            self.fills.append(rings)

    def _lines(self, figure: Figure, style: dict[str, int]) -> None:
        for ring in (ring for part in figure.parts for ring in part):
            pairs = self._mm(ring)
            self.paths.append(pairs)
            if self.drawing.shape == "point":
                radius = round(self.drawing.text_m * 250, 3)
                self.elements.append({"kind": "circle", "center": tuple(pairs[0].tolist()), "radius": radius, **style})
            else:
                self.elements.append({"kind": "polyline", "points": pairs.tolist(), **style})

    def _label(self, figure: Figure, style: dict[str, int]) -> None:
        if figure.label is None:
            return
        text = _drawing.cp932(figure.label.text)
        if _size(text) > TEXT_BYTES:
            text = next(_lines(text, TEXT_BYTES - 2)) + "…"
        (place,) = self._mm(np.array([[figure.label.easting_m, figure.label.northing_m]])).tolist()
        height, angle_deg = round(self.drawing.text_m * 1000, 3), round(figure.label.angle_deg % 360, 3) % 360
        element = {"kind": "text", "text": text, "anchor": tuple(place), "height": height, "angle": angle_deg}
        self.elements.append(element | {"base_point": 5} | style)
        self.texts.append(text)

    def _mm(self, pairs: Array) -> Array:
        """Town metres → millimetres from the corner, to a tenth."""
        millimetres: Array = np.round((pairs - np.array([self.east_m, self.north_m])) * 1000, 1)
        return millimetres

    def verify(self, target: Path, found: Any) -> None:
        """Numbers of fills, lines and texts, every text, and every vertex to a millimetre on the ground."""
        _files.expect(target, len(found.paths), len(self.paths), "線")
        _files.expect(target, len(found.fills), len(self.fills), "塗り")
        if [text.text for text in found.texts] != self.texts:
            raise MachineError(f"{target.name} の文字が書いたとおりに読めません。")
        pairs = [(_open(np.asarray(path.points)), wanted) for path, wanted in zip(found.paths, self.paths, strict=True)]
        if self.drawing.shape == "point":
            pairs = [((circle.min(axis=0) + circle.max(axis=0))[None] / 2, wanted) for circle, wanted in pairs]
        else:
            pairs = [(one, _open(other)) for one, other in pairs]
        for fill, rings in zip(found.fills, self.fills, strict=True):
            pairs += zip(map(np.asarray, (fill.outer, *fill.holes)), rings, strict=True)
        if any(len(one) != len(other) for one, other in pairs):
            raise MachineError(f"{target.name} の頂点の数が書いたものと違います。")
        if pairs:
            per_m = self.drawing.map_level / 1000
            read = np.concatenate([one for one, _ in pairs]) - np.array([MARGIN_MM, self.south_mm])
            off_m = np.abs(read * per_m - np.concatenate([other for _, other in pairs]) / 1000).max()
            if not off_m <= TOLERANCE_M:
                raise MachineError(f"{target.name} の座標が書いたものと {off_m:.4f} m 違います。")


def _open(pairs: Array) -> Array:
    """Without the first vertex repeated at the end."""
    return pairs[:-1] if len(pairs) > 2 and np.abs(pairs[0] - pairs[-1]).max() < 1e-9 else pairs


def _size(text: str) -> int:
    return len(text.encode("cp932"))


def _lines(text: str, most: int = TEXT_BYTES) -> Iterator[str]:
    """The text in pieces of at most so many bytes of Shift_JIS."""
    line, size = "", 0
    for sign in text:
        if size + _size(sign) > most:
            yield line
            line, size = "", 0
        line, size = line + sign, size + _size(sign)
    yield line


def _shortened(count: int) -> Iterator[str]:
    if count:
        why = f"この形式の上限 {TEXT_BYTES} バイトを超えるため"
        yield f"{count} 件の文字は、{why}「…」で終わります。全文は CSV などにあります。"


def _name(text: str) -> str:
    """A layer's name: CP932, no longer than SXF allows."""
    return _drawing.cp932(text).encode("cp932")[:NAME_BYTES].decode("cp932", errors="ignore")
