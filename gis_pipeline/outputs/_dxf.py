"""A drawing as DXF: ezdxf writes the document, `_dxf_entities` its figures, `_dxf_read` finds them again."""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gis_pipeline.cartography import DASHES
from gis_pipeline.errors import MachineError
from gis_pipeline.members import Product
from gis_pipeline.outputs import _drawing, _dxf_read, _files
from gis_pipeline.outputs._drawing import Drawing, Layer
from gis_pipeline.outputs._dxf_entities import APPID, STYLE, Entities, Written, escaped, layer_name

Version = Literal["R2018", "R2000"]

TRANSPARENCY = 0.5

REREAD_BYTES = 8_000_000
"""Up to this size ezdxf reads the file again too (several times the time of writing); GDAL reads every file."""


def write(product: Product, target: Path, version: Version, drawing: Drawing | None = None) -> Path:
    """Writes and proves one DXF. R2018 is UTF-8; R2000 is CP932 with \\U+XXXX for what CP932 lacks.

    `drawing` is that of the product where it is at hand. Raises MachineError if ezdxf's audit finds an error, or if
    ezdxf or GDAL reads another number of entities or a coordinate that differs by more than a millimetre.
    """
    drawing = drawing or _drawing.drawing(product)
    document = _document(drawing, version)
    if errors := document.audit().errors:
        raise MachineError(f"{target.name} に誤りがあります (ezdxf audit): {errors[0].message}")
    content, written = _content(document, drawing, product, version)
    with _files.beside(target) as part:
        part.write_bytes(content)
        _files.expect(target, len(drawing.figures), _drawing.drawn(product))
        _dxf_read.verify_by_gdal(target, part, written)
        if len(content) <= REREAD_BYTES:
            _dxf_read.verify_by_ezdxf(target, part, written)
    return target


def _document(drawing: Drawing, version: Version) -> Any:
    """The document without its figures: header, layers, line types, text style, what is seen first."""
    ezdxf = _drawing.library("ezdxf")
    document = ezdxf.new(version)
    if version == "R2000":
        document.encoding = "cp932"
    document.header["$INSUNITS"] = 6
    document.header["$MEASUREMENT"] = 1
    document.header["$LUNITS"] = 2
    document.header["$LUPREC"] = 3
    document.header["$PDMODE"] = 33
    document.header["$PDSIZE"] = drawing.text_m / 2
    document.appids.add(APPID)
    style = document.styles.add(STYLE, font="msgothic.ttc")
    style.set_extended_font_data("ＭＳ ゴシック")
    _Tables(document, drawing, _escape(version)).layers(transparent=version != "R2000")
    _extents(document, drawing)
    if version != "R2000":
        for number, sentence in enumerate(drawing.sentences, start=1):
            document.header.custom_vars.append(f"machizu {number:02d}", sentence)
    return document


def _escape(version: Version) -> Callable[[str], str]:
    return escaped if version == "R2000" else str


@dataclass(frozen=True)
class _Tables:
    document: Any
    drawing: Drawing
    escape: Callable[[str], str]

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
            self.document.layers.add(layer_name(self.drawing, None, role, self.escape), color=7)

    def _layer(self, layer: Layer, role: str, colour: _drawing.Colour, linetype: str, weight: int) -> Any:
        name = layer_name(self.drawing, layer, role, self.escape)
        added = self.document.layers.add(name, color=nearest_aci(colour), linetype=linetype)
        added.rgb = colour
        added.dxf.lineweight = weight
        added.description = self.escape(layer.title)
        return added


def _extents(document: Any, drawing: Drawing) -> None:
    """$EXTMIN/$EXTMAX over figures and sentences; the first view shows the figures."""
    space = document.modelspace()
    west_m, south_m, east_m, north_m = drawing.bounds
    lowest_m = min([south_m, *(north_m for _, _, north_m in drawing.notes())])
    space.reset_extents((west_m, lowest_m, 0), (east_m, north_m, 0))
    space.reset_limits((west_m, lowest_m), (east_m, north_m))
    document.update_extents()
    document.update_limits()
    size_m = max(north_m - lowest_m, (east_m - west_m) * 0.7, 10.0)
    document.set_modelspace_vport(size_m, ((west_m + east_m) / 2, (lowest_m + north_m) / 2))


def nearest_aci(colour: _drawing.Colour) -> int:
    """The AutoCAD colour index (1–255) whose red, green and blue are nearest."""
    colors = _drawing.library("ezdxf.colors")
    palette = np.array([colors.int2rgb(value) for value in colors.DXF_DEFAULT_COLORS[1:256]], dtype=np.int64)
    return 1 + int(((palette - np.array(colour)) ** 2).sum(axis=1).argmin())


_NO_ENTITIES = "  2\nENTITIES\n  0\nENDSEC\n"


def _content(document: Any, drawing: Drawing, product: Product, version: Version) -> tuple[bytes, Written]:
    """The file's bytes: the edition's day and a GUID of the edition stand where ezdxf puts the moment and chance."""
    handles = document.entitydb.handles
    owner = document.modelspace().layout_key
    entities = Entities(drawing, _escape(version), owner, int(str(handles), 16))
    drawn = entities.draw()
    handles.reset(f"{entities.number:X}")
    stream = io.StringIO()
    document.write(stream)
    before, mark, after = _settled(stream.getvalue(), product).partition(_NO_ENTITIES)
    if not mark:
        raise MachineError("DXF の図形を入れる場所がありません。ezdxf の版を確かめてください。")
    text = f"{before}  2\nENTITIES\n{drawn}  0\nENDSEC\n{after}".replace("\n", "\r\n")
    return text.encode("cp932" if version == "R2000" else "utf-8"), entities.written


def _settled(text: str, product: Product) -> str:
    head, mark, body = text.partition("ENDSEC")
    day = dt.date.fromisoformat(product.edition_id[:10]).toordinal() + 1721424.5
    for name in ("TDCREATE", "TDUCREATE", "TDUPDATE", "TDUUPDATE"):
        head = re.sub(rf"(\${name}\n *40\n)[^\n]*", rf"\g<1>{day}", head)
    seed = f"{product.collection.id}@{product.edition_id}"
    for name in ("FINGERPRINTGUID", "VERSIONGUID"):
        guid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{seed} {name}")).upper()
        head = re.sub(rf"(\${name}\n *2\n)[^\n]*", rf"\g<1>{{{guid}}}", head)
    return head + mark + re.sub(r"(\n *1\n)\d+\.\d+[^\n]* @ \d{4}-[^\n]*", r"\1machizu", body)
