"""features.fgb: FlatGeobuf with a spatial index, in the town frame, full precision."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import numpy as np
import pyogrio
import shapely

from gis_pipeline.members import Product, Reread
from gis_pipeline.model import Act
from gis_pipeline.outputs import _about, _files, _layer

TITLE = "FlatGeobuf"
VERSION = 2
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "application/vnd.flatgeobuf"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets"})
ALWAYS = False
SUFFIX = "fgb"
FRAMES: Final[Literal["any", "lonlat", "town"]] = "any"


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes features.fgb in town metres, x = easting, y = northing; the stable feature id is the column `fid`.

    The index sorts features by place, so their order is not the published one. A spatial index has no room
    for a feature without geometry: with one of those, or without any feature, the file has no index.
    """
    target = folder / "features.fgb"
    shapes = product.frame.geometry.array
    indexed = len(shapes) > 0 and not bool((shapely.is_missing(shapes) | shapely.is_empty(shapes)).any())
    options = {
        "SPATIAL_INDEX": "YES" if indexed else "NO",
        "TITLE": product.collection.title,
        "DESCRIPTION": _about.text(product),
    }
    with _files.beside(target) as part:
        _layer.write(product, part, "FlatGeobuf", options)
        _files.expect(target, int(pyogrio.read_info(part, force_feature_count=True)["features"]), len(shapes))
    return (target,)


def reread(path: Path) -> Reread:
    """By GDAL's reader: there is no second library for this format here."""
    read = pyogrio.read_dataframe(path, columns=["fid"])
    return Reread(np.asarray(read.geometry.array, dtype=object), [str(fid) for fid in read["fid"]])
