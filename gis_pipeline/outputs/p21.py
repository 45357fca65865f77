"""features_E…_N….p21: the drawing as SXF (P21), experimental."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from gis_pipeline.members import Product
from gis_pipeline.model import Act
from gis_pipeline.outputs import _sxf

TITLE = "SXF (P21)（実験的）"
VERSION = 2
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "application/octet-stream"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets"})
ALWAYS = False
SUFFIX = "p21"
FRAMES: Final[Literal["any", "lonlat", "town"]] = "town"
EFFORT = 40


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes one P21 file whose origin is the map's south-west corner: `_sxf.write` says how."""
    return (_sxf.write(product, folder, "p21"),)
