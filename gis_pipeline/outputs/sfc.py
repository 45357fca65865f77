"""features_E…_N….sfc: the drawing as SXF (SFC), experimental."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from gis_pipeline.members import Product
from gis_pipeline.model import Act
from gis_pipeline.outputs import _sxf

TITLE = "SXF (SFC)（実験的）"
VERSION = 2
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "application/octet-stream"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets"})
ALWAYS = False
SUFFIX = "sfc"
FRAMES: Final[Literal["any", "lonlat", "town"]] = "town"
EFFORT = 20


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes one SFC file whose origin is the map's south-west corner: `_sxf.write` says how."""
    return (_sxf.write(product, folder, "sfc"),)
