"""What readers find in a written DXF: GDAL every entity, ezdxf those of smaller files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely

from gis_pipeline.errors import MachineError
from gis_pipeline.members import Array, Reread
from gis_pipeline.outputs import _drawing, _files
from gis_pipeline.outputs._dxf_entities import Written, uncareted, unescaped

TOLERANCE_M = 1e-3


def reread(path: Path) -> Reread:
    """The features by GDAL's driver, which did not write them: outlines and points, together by their id.

    The ids stand in extended data, which that driver passes over: they are read from the file's own lines.
    """
    geometry = _by_handle(path)
    parts: dict[str, list[Array]] = {}
    rings: set[str] = set()
    for handle, (fid, ring) in _ids(path).items():
        if handle not in geometry:
            raise MachineError(f"{path.name} の図形 {handle} を GDAL が読めません。")
        parts.setdefault(fid, []).append(shapely.get_coordinates(geometry[handle]))
        if ring:
            rings.add(fid)
    shapes = np.empty(len(parts), dtype=object)
    shapes[:] = [_feature(pairs, fid in rings) for fid, pairs in parts.items()]
    return Reread(shapes, list(parts), placed_only=True)


def _by_handle(path: Path) -> dict[str, shapely.Geometry]:
    _, _, shapes, (handles,) = pyogrio.raw.read(path, columns=["EntityHandle"])
    return dict(zip(handles.tolist(), shapely.from_wkb(shapes), strict=True))


def _ids(path: Path) -> dict[str, tuple[str, bool]]:
    """Handle → feature id of every entity that carries one, and whether the entity is a ring (group 70 of a line)."""
    content = path.read_bytes()
    old = b"$ACADVER\r\n  1\r\nAC1015" in content[:2000]
    text = content.decode("cp932" if old else "utf-8")
    found = {}
    for entity in text[text.index("\r\nENTITIES\r\n") :].split("\r\n  0\r\n"):
        lead, mark, rest = entity.partition("1002\r\n{\r\n1000\r\nfid\r\n1000\r\n")
        if mark:
            coded = rest[: rest.index("\r\n1002\r\n}")].replace("\r\n1000\r\n", "")
            fid = uncareted(unescaped(coded) if old else coded)
            found[lead.split("\r\n", 3)[2]] = fid, "\r\n 70\r\n1\r\n" in lead
    return found


def _feature(parts: list[Array], rings: bool) -> shapely.Geometry:
    """One feature of its entities; of rings, what lies in an odd number of them is inside."""
    if len(parts[0]) == 1:
        return shapely.MultiPoint(np.concatenate(parts))
    if not rings:
        return shapely.MultiLineString(parts)
    return shapely.Polygon(parts[0]) if len(parts) == 1 else shapely.build_area(shapely.MultiLineString(parts))


def verify_by_ezdxf(target: Path, part: Path, written: Written) -> None:
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


def verify_by_gdal(target: Path, part: Path, written: Written) -> None:
    """GDAL's own DXF driver: every entity by its handle; the vertices of lines and points, the boxes of fills."""
    geometry = _by_handle(part)
    _files.expect(target, len(geometry), len(written.vertices) + len(written.texts), "図形")
    pairs = []
    for handle, wanted in written.vertices.items():
        if handle in written.fills:
            box = np.array([*wanted.min(axis=0), *wanted.max(axis=0)])
            pairs.append((shapely.bounds(geometry[handle]).reshape(2, 2), box.reshape(2, 2)))
        else:
            # A closed polyline comes back with its first vertex repeated.
            pairs.append((shapely.get_coordinates(geometry[handle])[: len(wanted)], wanted))
    _same(target, pairs)


def _same(target: Path, pairs: list[tuple[Array, Array]]) -> None:
    if any(found.shape != wanted.shape for found, wanted in pairs):
        raise MachineError(f"{target.name} の頂点の数が書いたものと違います。")
    if pairs:
        off_m = np.abs(np.concatenate([a for a, _ in pairs]) - np.concatenate([b for _, b in pairs])).max()
        if not off_m <= TOLERANCE_M:
            raise MachineError(f"{target.name} の座標が書いたものと {off_m:.4f} m 違います。")
