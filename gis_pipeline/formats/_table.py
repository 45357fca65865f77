"""From well-known binary and columns to a SourceTable: flat geometries, honest findings, the CRS as found."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError

from gis_pipeline.errors import MaterialError, Where
from gis_pipeline.formats._curves import CURVED, straighten
from gis_pipeline.formats._files import LIMITS, check_count
from gis_pipeline.members import SourceTable
from gis_pipeline.model import Finding

_PLAIN = {1, 2, 3, 4, 5, 6}
"""WKB codes of point, line string, polygon and their multiples (OGC 06-103r4, table 7)."""
_NAMES = {
    0: "形の種類が不明",
    7: "GeometryCollection (種類の混ざった集まり)",
    8: "CircularString (円弧)",
    9: "CompoundCurve (曲線)",
    10: "CurvePolygon (曲線の面)",
    11: "MultiCurve (曲線)",
    12: "MultiSurface (曲面)",
    13: "Curve (曲線)",
    14: "Surface (曲面)",
    15: "PolyhedralSurface (多面体)",
    16: "TIN (三角網)",
    17: "Triangle (三角形)",
}
Shapes = NDArray[np.object_]
Mask = NDArray[np.bool_]

_STATED = re.compile(r',(AUTHORITY\["[^"]*","[^"]*"\]|ID\["[^"]*",[^\]]*\]|AXIS\["[^"]*",(EAST|NORTH)\])')

LISTED = 20
"""So many records are named one by one; the rest are counted."""


@dataclass(frozen=True)
class Found:
    """Where a table comes from: file (relative to the edition's folder), layer, CRS and encoding as found."""

    file: str
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None


def identify(text: str) -> tuple[str | None, bool]:
    """A CRS as its authority code where that is certain, else as WKT, without its height axis; None if it is none.

    Certain = PROJ's confidence 100: the same parameters and a name known for them. Never by the name alone: PROJ
    gives 70 to equal parameters under an unknown name, 25 to an equal name with other parameters. The second value
    says whether a height axis was left out.
    """
    try:
        crs = pyproj.CRS.from_user_input(text)
    except CRSError:
        return None, False
    if crs.to_authority(min_confidence=100) == ("OGC", "CRS84"):
        return "OGC:CRS84", False
    heights = len(crs.axis_info) > 2
    flat = crs.sub_crs_list[0] if crs.is_compound else crs.to_2d() if heights else crs
    authority = flat.to_authority(min_confidence=100) or _authority_by_content(flat)
    return (":".join(authority) if authority else flat.to_wkt()), heights


def _authority_by_content(crs: pyproj.CRS) -> tuple[str, str] | None:
    """The code of a CRS that states one itself, if its content says the same without it.

    WKT 1 with an AUTHORITY mostly lacks the axes, and PROJ then holds back the code for their order alone, which
    means nothing to a file whose x is the easting.
    """
    stated = crs.to_json_dict().get("id")
    if stated is None:
        return None
    try:
        bare = pyproj.CRS.from_wkt(_STATED.sub("", crs.to_wkt("WKT1_GDAL") or ""))
    except CRSError:
        return None
    found = bare.to_authority(min_confidence=100)
    return found if found == (stated["authority"], str(stated["code"])) else None


def table(
    found: Found, columns: dict[str, pd.Series], wkb: Sequence[bytes | None], findings: Iterable[Finding] = ()
) -> SourceTable:
    """Builds the table; records are numbered from 1. Kinds other than point, line and polygon become None and block."""
    where = Where(file=found.file, layer=found.layer)
    check_count(len(wkb), "地物", LIMITS.features, where)
    check_count(len(columns), "列", LIMITS.fields, where)
    _check_nul(found, columns)
    geometries, noticed = _geometries(found, wkb)
    index = pd.RangeIndex(1, len(wkb) + 1)
    data = {name: pd.Series(values.array, index=index) for name, values in columns.items() if name != "geometry"}
    if "geometry" in columns:
        data["geometry_"] = pd.Series(columns["geometry"].array, index=index)
    frame = gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(geometries, index=index), index=index)
    return SourceTable(found.file, found.layer, frame, found.crs, found.encoding, (*findings, *noticed))


def _geometries(found: Found, wkb: Sequence[bytes | None]) -> tuple[Shapes, list[Finding]]:
    wkb = [straighten(value) or value if value is not None and _kind(value) in CURVED else value for value in wkb]
    kinds = np.array([_kind(value) for value in wkb], dtype=np.int64)
    plain = np.isin(kinds, list(_PLAIN))
    values = np.array([value if ok else None for value, ok in zip(wkb, plain, strict=True)], dtype=object)
    shapes = np.asarray(shapely.from_wkb(values, on_invalid="ignore"), dtype=object).reshape(len(values))
    findings = [*_refused(found, kinds), *_unreadable(found, plain & (shapes == np.array(None)))]
    shapes, flattened = _flat(found, shapes)
    empty = np.asarray(shapely.is_empty(shapes), dtype=bool).reshape(len(shapes))
    shapes[empty] = None
    findings += flattened
    missing = np.flatnonzero((kinds < 0) | empty)
    if len(missing):
        listed = "、".join(str(row + 1) for row in missing[:LISTED]) + ("…" if len(missing) > LISTED else "")
        findings.append(
            _finding(found, "warn", f"形のない地物が {len(missing)} 件あります ({listed} 番目)。", int(missing[0]) + 1)
        )
    return shapes, findings


def _kind(wkb: bytes | None) -> int:
    """The WKB geometry code without its Z and M flags; -1 for no geometry, 0 for bytes that are none."""
    if wkb is None:
        return -1
    if len(wkb) < 5 or wkb[0] > 1:
        return 0
    code = int(struct.unpack("<I" if wkb[0] else ">I", wkb[1:5])[0])
    return (code & 0x0FFFFFFF) % 1000


def _refused(found: Found, kinds: NDArray[np.int64]) -> list[Finding]:
    rows = np.flatnonzero((kinds >= 0) & ~np.isin(kinds, list(_PLAIN)))
    findings = [
        _finding(
            found,
            "block",
            f"扱えない種類の形です: {_NAMES.get(int(kinds[row]), f'WKB {kinds[row]}')}。",
            int(row) + 1,
            "点・線・面 (マルチを含む) に直し、円弧は折れ線にして出力し直してください。",
        )
        for row in rows[:LISTED]
    ]
    return findings + _more(found, len(rows), "扱えない種類の形")


def _unreadable(found: Found, broken: Mask) -> list[Finding]:
    rows = np.flatnonzero(broken)
    findings = [
        _finding(
            found,
            "block",
            "形が壊れていて読めません (頂点が足りない、輪が閉じていないなど)。",
            int(row) + 1,
            "元のソフトで形を直してください。",
        )
        for row in rows[:LISTED]
    ]
    return findings + _more(found, len(rows), "壊れた形")


def _more(found: Found, count: int, what: str) -> list[Finding]:
    return [_finding(found, "block", f"{what}はあわせて {count} 件あります。")] if count > LISTED else []


def _flat(found: Found, shapes: Shapes) -> tuple[Shapes, list[Finding]]:
    """Drops heights, and says how many and between which."""
    findings = []
    with_z = shapely.has_z(shapes)
    if with_z.any():
        heights = shapely.get_coordinates(shapes[with_z], include_z=True)[:, 2]
        known = heights[np.isfinite(heights)]
        span = f"{known.min():g}〜{known.max():g}" if known.size else "値なし"
        findings.append(_finding(found, "info", f"高さ (Z) を除きました: {int(with_z.sum())} 件、高さ {span}。"))
        shapes[with_z] = shapely.force_2d(shapes[with_z])
    return shapes, findings


def _check_nul(found: Found, columns: dict[str, pd.Series]) -> None:
    """Raises MaterialError for a text with a NUL: other software would cut it there."""
    for name, values in columns.items():
        if not pd.api.types.is_string_dtype(values.dtype):
            continue
        cut = np.flatnonzero(values.str.contains("\0", regex=False, na=False).to_numpy(dtype=bool))
        if len(cut):
            raise MaterialError(
                f"値「{values.iloc[cut[0]].split(chr(0))[0]}」の途中に NUL 文字があり、その後が失われます。",
                Where(file=found.file, layer=found.layer, record=int(cut[0]) + 1, field=name),
                "元のソフトで値を入れ直してください。",
            )


def _finding(found: Found, severity: str, message: str, record: int | None = None, advice: str = "") -> Finding:
    return Finding.model_validate(
        {
            "rule": "read",
            "severity": severity,
            "message": message,
            "advice": advice,
            "file": found.file,
            "layer": found.layer,
            "record": record,
        }
    )
