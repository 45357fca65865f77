"""features.r2000.dxf: the drawing for older CAD programs, R2000 in CP932: indexed colours, opaque fills."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from gis_pipeline.members import Product, Reread
from gis_pipeline.model import Act
from gis_pipeline.outputs import _dxf, _dxf_read

TITLE = "DXF (R2000、Shift_JIS)"
VERSION = 2
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "image/vnd.dxf"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets"})
ALWAYS = False
SUFFIX = "r2000.dxf"
FRAMES: Final[Literal["any", "lonlat", "town"]] = "town"
EFFORT = 4


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes features.r2000.dxf in metres of the town frame: x = easting, y = northing.

    Layers are named 地図_区分 in the declared colours (polygons: …_境界 outlines in a darker shade, …_塗り fills,
    …_模様 patterns), labels and the sentences that go with the map lie on 地図_文字 and 地図_説明. Each entity
    carries the feature id, the first of a feature its attributes too (XDATA of MACHIZU: a name, then its text).
    Features without geometry are not drawn.
    """
    return (_dxf.write(product, folder / "features.r2000.dxf", "R2000"),)


def reread(path: Path) -> Reread:
    """By GDAL, which did not write it."""
    return _dxf_read.reread(path)
