"""A drawing as DXF by ezdxf, and what two readers find in it: ezdxf itself and GDAL."""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyogrio
import shapely

from gis_pipeline.cartography import DASHES
from gis_pipeline.errors import MachineError
from gis_pipeline.members import Array, Product
from gis_pipeline.outputs import _drawing, _files
from gis_pipeline.outputs._drawing import Drawing, Figure, Layer

Version = Literal["R2018", "R2000"]

STYLE = "日本語"
APPID = "MACHIZU"
TRANSPARENCY = 0.5
TOLERANCE_M = 1e-3

XDATA_BYTES = 250
"""An extended string holds 255 bytes."""

LONGEST_BYTES = 14
"""One sign beyond the basic plane as two \\U+XXXX."""

REREAD_BYTES = 8_000_000
"""Up to this size ezdxf reads its own file again too (half the time of a large one); GDAL reads every file."""

PATTERNS: dict[str, list[tuple[float, tuple[float, float], tuple[float, float], list[float]]]] = {
    "hatch": [(45.0, (0, 0), (-5.6569, 5.6569), [])],
    "cross": [(45.0, (0, 0), (-5.6569, 5.6569), []), (135.0, (0, 0), (-5.6569, -5.6569), [])],
    "dots": [(0.0, (0, 0), (3.0, 6.0), [0.0, -6.0])],
    "dash": [(0.0, (0, 0), (3.0, 6.0), [4.0, -2.0])],
}
"""Families of lines for each pattern in millimetres on paper: angle, base, offset of the next line, dashes."""


@dataclass
class Written:
    """What was put into the model space, by entity handle."""

    vertices: dict[str, Array] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    fills: set[str] = field(default_factory=set)

    def add(self, entity: Any, vertices: Array) -> None:
        """Notes the vertices of one entity."""
        self.vertices[entity.dxf.handle] = vertices


def write(product: Product, target: Path, version: Version) -> Path:
    """Writes and proves one DXF. R2018 is UTF-8; R2000 is CP932 with \\U+XXXX for what CP932 lacks.

    Raises MachineError if ezdxf's audit finds an error, or if ezdxf or GDAL reads another number of entities
    or a coordinate that differs by more than a millimetre.
    """
    drawing = _drawing.drawing(product)
    expected = _drawing.drawn(product)
    document, written = _document(drawing, version)
    if errors := document.audit().errors:
        raise MachineError(f"{target.name} に誤りがあります (ezdxf audit): {errors[0].message}")
    with _files.beside(target) as part:
        part.write_bytes(_encoded(document, product, version))
        _files.expect(target, len(drawing.figures), expected)
        _verify_gdal(target, part, written)
        if part.stat().st_size <= REREAD_BYTES:
            _verify(target, part, written)
    return target


# ------------------------------------------------------------------ write


def _document(drawing: Drawing, version: Version) -> tuple[Any, Written]:
    ezdxf = _drawing.library("ezdxf")
    document = ezdxf.new(version)
    if version == "R2000":
        document.encoding = "cp932"
    escape = escaped if version == "R2000" else str
    document.header["$INSUNITS"] = 6
    document.header["$MEASUREMENT"] = 1
    document.header["$LUNITS"] = 2
    document.header["$LUPREC"] = 3
    document.header["$PDMODE"] = 33
    document.header["$PDSIZE"] = drawing.text_m / 2
    document.appids.add(APPID)
    style = document.styles.add(STYLE, font="msgothic.ttc")
    style.set_extended_font_data("ＭＳ ゴシック")
    pen = _Pen(document, drawing, document.modelspace(), escape)
    pen.layers(transparent=version != "R2000")
    pen.figures()
    pen.texts()
    pen.extents()
    if version != "R2000":
        for number, sentence in enumerate(drawing.sentences, start=1):
            document.header.custom_vars.append(f"machizu {number:02d}", sentence)
    return document, pen.written


@dataclass
class _Pen:
    document: Any
    drawing: Drawing
    space: Any
    escape: Callable[[str], str]
    written: Written = field(default_factory=Written)
    names: dict[str, str] = field(default_factory=dict)

    def name(self, layer: Layer | None, role: str = "") -> str:
        """The name of a layer in the file; signs that DXF forbids in names are replaced."""
        text = f"{layer.name if layer else self.drawing.title}{role}"
        if text not in self.names:
            allowed = re.sub(r'[<>/\\":;?*|=`,]', "・", _drawing.printable(text))
            self.names[text] = self.escape(allowed[:200])
        return self.names[text]

    def layers(self, transparent: bool) -> None:
        paper_m = self.drawing.map_level / 1000
        for pattern, dashes in DASHES.items():
            lengths = [length * paper_m * (1 if index % 2 == 0 else -1) for index, length in enumerate(dashes)]
            description = f"machizu {pattern}"
            self.document.linetypes.add(pattern.upper(), [sum(map(abs, lengths)), *lengths], description=description)
        for layer in self.drawing.layers:
            line = "Continuous" if layer.pattern == "none" else layer.pattern.upper()
            if self.drawing.shape != "polygon":
                self._layer(layer, "", layer.colour, line, 50)
                continue
            self._layer(layer, "_境界", _drawing.darker(layer.colour), line, 25)
            if self.drawing.filled:
                fill = self._layer(layer, "_塗り", layer.colour, "Continuous", 0)
                if transparent:
                    fill.transparency = TRANSPARENCY
                if layer.pattern != "none":
                    self._layer(layer, "_模様", _drawing.darker(layer.colour), "Continuous", 13)
        for role in ("_文字", "_説明"):
            self.document.layers.add(self.name(None, role), color=7)

    def _layer(self, layer: Layer, role: str, colour: _drawing.Colour, linetype: str, weight: int) -> Any:
        added = self.document.layers.add(self.name(layer, role), color=nearest_aci(colour), linetype=linetype)
        added.rgb = colour
        added.dxf.lineweight = weight
        added.description = self.escape(layer.title)
        return added

    def figures(self) -> None:
        """Fills first, so that outlines and lines lie over them."""
        if self.drawing.shape == "polygon" and self.drawing.filled:
            for figure in self.drawing.figures:
                self._fill(figure, None)
            for figure in self.drawing.figures:
                if (pattern := self.drawing.layers[figure.layer].pattern) != "none":
                    self._fill(figure, pattern)
        for figure in self.drawing.figures:
            self._lines(figure)

    def _fill(self, figure: Figure, pattern: str | None) -> None:
        """One hatch for all parts of a feature: what lies inside an odd number of rings is filled."""
        layer = self.drawing.layers[figure.layer]
        role = "_模様" if pattern else "_塗り"
        hatch = self.space.add_hatch(color=256, dxfattribs={"layer": self.name(layer, role), "hatch_style": 0})
        if pattern:
            hatch.set_pattern_fill(pattern.upper(), color=256, style=0, definition=self._lines_of(pattern))
        rings = [ring for part in figure.parts for ring in part]
        for part in figure.parts:
            for number, ring in enumerate(part):
                hatch.paths.add_polyline_path(ring[:-1].tolist(), is_closed=True, flags=1 if number == 0 else 16)
        self.written.add(hatch, np.concatenate([ring[:-1] for ring in rings]))
        self.written.fills.add(hatch.dxf.handle)

    def _lines_of(self, pattern: str) -> list[list[Any]]:
        paper_m = self.drawing.map_level / 1000
        return [
            [angle, base, (offset[0] * paper_m, offset[1] * paper_m), [dash * paper_m for dash in dashes]]
            for angle, base, offset, dashes in PATTERNS[pattern]
        ]

    def _lines(self, figure: Figure) -> None:
        layer = self.drawing.layers[figure.layer]
        attributes = {"layer": self.name(layer, "_境界" if self.drawing.shape == "polygon" else "")}
        whole = figure.attributes
        for vertices in (ring for part in figure.parts for ring in part):
            ring = vertices[:-1] if self.drawing.shape == "polygon" else vertices
            if self.drawing.shape == "point":
                entity = self.space.add_point(tuple(ring[0].tolist()), dxfattribs=attributes)
            else:
                closed = self.drawing.shape == "polygon"
                entity = self.space.add_lwpolyline(ring.tolist(), format="xy", close=closed, dxfattribs=attributes)
            entity.set_xdata(APPID, list(self._xdata(figure.fid, whole)))
            self.written.add(entity, ring)
            whole = {}

    def _xdata(self, fid: str, attributes: dict[str, Any]) -> Iterator[tuple[int, str]]:
        """The feature id, and with its first entity all attributes that have a value, as name and text."""
        for name, value in {"fid": fid, **attributes}.items():
            if value is not None:
                yield from ((1002, "{"), (1000, name))
                yield from ((1000, chunk) for chunk in _chunks(_careted(str(value)), self.escape))
                yield (1002, "}")

    def texts(self) -> None:
        align = _drawing.library("ezdxf.enums").TextEntityAlignment
        name = self.name(None, "_文字")
        for label in (figure.label for figure in self.drawing.figures if figure.label):
            place = (label.easting_m, label.northing_m)
            self._text(label.text, name, place, label.angle_deg, align.MIDDLE_CENTER)
        for sentence, east_m, north_m in self.drawing.notes():
            self._text(sentence, self.name(None, "_説明"), (east_m, north_m), 0.0, align.LEFT)

    def _text(self, text: str, layer: str, place: tuple[float, float], angle_deg: float, align: Any) -> None:
        attributes = {"style": STYLE, "layer": layer, "rotation": angle_deg}
        coded = self.escape(_careted(text).replace("%%", "%%%%%%"))
        entity = self.space.add_text(coded, height=self.drawing.text_m, dxfattribs=attributes)
        entity.set_placement(place, align=align)
        self.written.texts[entity.dxf.handle] = coded

    def extents(self) -> None:
        """$EXTMIN/$EXTMAX over figures and sentences; the first view shows the figures."""
        west_m, south_m, east_m, north_m = self.drawing.bounds
        lowest_m = min([south_m, *(north_m for _, _, north_m in self.drawing.notes())])
        self.space.reset_extents((west_m, lowest_m, 0), (east_m, north_m, 0))
        self.space.reset_limits((west_m, lowest_m), (east_m, north_m))
        self.document.update_extents()
        self.document.update_limits()
        size_m = max(north_m - lowest_m, (east_m - west_m) * 0.7, 10.0)
        self.document.set_modelspace_vport(size_m, ((west_m + east_m) / 2, (lowest_m + north_m) / 2))


def _careted(text: str) -> str:
    """Control characters as DXF writes them in one line: ^J for a line feed, "^ " for the caret itself."""
    if text.isprintable() and "^" not in text:
        return text
    return "".join("^ " if sign == "^" else f"^{chr(ord(sign) + 64)}" if ord(sign) < 32 else sign for sign in text)


def escaped(text: str) -> str:
    """What CP932 lacks as \\U+XXXX, UTF-16 units as AutoCAD writes them: two of them beyond the basic plane."""
    try:
        text.encode("cp932")
        return text
    except UnicodeEncodeError:
        return "".join(_escape(sign) for sign in text)


def _escape(sign: str) -> str:
    try:
        sign.encode("cp932")
        return sign
    except UnicodeEncodeError:
        units = sign.encode("utf-16-be")
        return "".join(f"\\U+{units[i] << 8 | units[i + 1]:04X}" for i in range(0, len(units), 2))


def unescaped(text: str) -> str:
    """The inverse of `escaped`."""
    units = re.sub(r"\\U\+([0-9A-Fa-f]{4})", lambda match: chr(int(match[1], 16)), text)
    return units.encode("utf-16", "surrogatepass").decode("utf-16")


def _chunks(text: str, escape: Callable[[str], str]) -> Iterator[str]:
    """Pieces of at most XDATA_BYTES, cut between signs."""
    if len(text) * LONGEST_BYTES <= XDATA_BYTES:
        yield escape(text)
        return
    chunk, size = "", 0
    for sign in text:
        coded = escape(sign)
        length = len(coded.encode())
        if size + length > XDATA_BYTES:
            yield chunk
            chunk, size = "", 0
        chunk, size = chunk + coded, size + length
    yield chunk


def nearest_aci(colour: _drawing.Colour) -> int:
    """The AutoCAD colour index (1–255) whose red, green and blue are nearest."""
    colors = _drawing.library("ezdxf.colors")
    palette = np.array([colors.int2rgb(value) for value in colors.DXF_DEFAULT_COLORS[1:256]], dtype=np.int64)
    return 1 + int(((palette - np.array(colour)) ** 2).sum(axis=1).argmin())


def _encoded(document: Any, product: Product, version: Version) -> bytes:
    """The file's bytes: the edition's day and a GUID of the edition stand where ezdxf puts the moment and chance."""
    stream = io.StringIO()
    document.write(stream)
    head, mark, body = stream.getvalue().partition("ENDSEC")
    day = dt.date.fromisoformat(product.edition_id[:10]).toordinal() + 1721424.5
    for name in ("TDCREATE", "TDUCREATE", "TDUPDATE", "TDUUPDATE"):
        head = re.sub(rf"(\${name}\n *40\n)[^\n]*", rf"\g<1>{day}", head)
    seed = f"{product.collection.id}@{product.edition_id}"
    for name in ("FINGERPRINTGUID", "VERSIONGUID"):
        guid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{seed} {name}")).upper()
        head = re.sub(rf"(\${name}\n *2\n)[^\n]*", rf"\g<1>{{{guid}}}", head)
    body = re.sub(r"(\n *1\n)\d+\.\d+[^\n]* @ \d{4}-[^\n]*", r"\1machizu", body)
    text = f"{head}{mark}{body}".replace("\n", "\r\n")
    return text.encode("cp932" if version == "R2000" else "utf-8")


# ------------------------------------------------------------------ read back


def _verify(target: Path, part: Path, written: Written) -> None:
    """What stands in the file is what was drawn, for ezdxf."""
    ezdxf = _drawing.library("ezdxf")
    try:
        document = ezdxf.readfile(part)
    except ezdxf.DXFError as error:
        raise MachineError(f"{target.name} を読み返せません: {error}") from error
    if errors := document.audit().errors:
        raise MachineError(f"{target.name} に誤りがあります (ezdxf audit): {errors[0].message}")
    found = {entity.dxf.handle: entity for entity in document.modelspace()}
    _files.expect(target, len(found), len(written.vertices) + len(written.texts), "図形")
    _same(target, [(_vertices(found[handle]), pairs) for handle, pairs in written.vertices.items()])
    for handle, text in written.texts.items():
        if found[handle].dxf.text != text:
            raise MachineError(f"{target.name} の文字「{unescaped(text)}」が書いたとおりに読めません。")


def _vertices(entity: Any) -> Array:
    kind = entity.dxftype()
    if kind == "LWPOLYLINE":
        return np.asarray(entity.get_points("xy"), dtype=np.float64)
    if kind == "HATCH":
        pairs = [vertex[:2] for path in entity.paths for vertex in path.vertices]
        return np.asarray(pairs, dtype=np.float64)
    return np.asarray([tuple(entity.dxf.location.vec2)], dtype=np.float64)


def _verify_gdal(target: Path, part: Path, written: Written) -> None:
    """GDAL's own DXF driver: every entity by its handle; the vertices of lines and points, the boxes of fills."""
    _, _, shapes, (handles,) = pyogrio.raw.read(part, columns=["EntityHandle"])
    _files.expect(target, len(handles), len(written.vertices) + len(written.texts), "図形")
    geometry = dict(zip(handles.tolist(), shapely.from_wkb(shapes), strict=True))
    lines = [handle for handle in written.vertices if handle not in written.fills]
    pairs = []
    for handle in lines:
        vertices = shapely.get_coordinates(geometry[handle])
        wanted = written.vertices[handle]
        # A closed polyline comes back with its first vertex repeated.
        pairs.append((vertices[: len(wanted)], wanted))
    for handle in written.fills:
        wanted = written.vertices[handle]
        box = np.array([*wanted.min(axis=0), *wanted.max(axis=0)])
        pairs.append((np.array(geometry[handle].bounds).reshape(2, 2), box.reshape(2, 2)))
    _same(target, pairs)


def _same(target: Path, pairs: list[tuple[Array, Array]]) -> None:
    if any(found.shape != wanted.shape for found, wanted in pairs):
        raise MachineError(f"{target.name} の頂点の数が書いたものと違います。")
    if pairs:
        off_m = np.abs(np.concatenate([a for a, _ in pairs]) - np.concatenate([b for _, b in pairs])).max()
        if not off_m <= TOLERANCE_M:
            raise MachineError(f"{target.name} の座標が書いたものと {off_m:.4f} m 違います。")
