"""features.gpkg: OGC GeoPackage 1.3 in the town frame, full precision."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, Literal

import numpy as np
import shapely

from gis_pipeline.members import Product, Reread
from gis_pipeline.model import Act
from gis_pipeline.outputs import _geopackage

TITLE = "GeoPackage"
VERSION = 2
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "application/geopackage+sqlite3"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets", "register"})
ALWAYS = False
SUFFIX = "gpkg"
FRAMES: Final[Literal["any", "lonlat", "town"]] = "any"


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes features.gpkg: one layer named after the collection, its title as identifier.

    Town metres, x = easting, y = northing (GeoPackage's order whatever the CRS says). What must travel with the data
    (source, permission, date, accuracy) is the layer's description. The integer key is
    `seq`, from 1 in published order; the stable feature id is the text column `fid`. A register becomes an
    attribute table. Version 1.3: older readers and validators refuse 1.4.
    """
    return (_geopackage.write(product, folder),)


_ENVELOPE_BYTES = (0, 32, 48, 48, 64)


def reread(path: Path) -> Reread:
    """By sqlite and the standard's own words (GeoPackage §2.1.3), not by GDAL."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        ((table, kind),) = database.execute("SELECT table_name, data_type FROM gpkg_contents").fetchall()
        shape = "geom" if kind == "features" else "NULL"
        rows = database.execute(f'SELECT fid, {shape} FROM "{table}" ORDER BY 1').fetchall()
    # 8 bytes, an envelope whose size bits 1–3 of the flags say, then WKB.
    blobs = [None if blob is None else blob[8 + _ENVELOPE_BYTES[(blob[3] >> 1) & 7] :] for _, blob in rows]
    return Reread(np.asarray(shapely.from_wkb(np.array(blobs, dtype=object)), dtype=object), [fid for fid, _ in rows])
