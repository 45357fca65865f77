"""features.gpkg: OGC GeoPackage 1.3 in the town frame, full precision."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

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


def reread(path: Path) -> Reread:
    """By sqlite and the standard's own words, not by GDAL."""
    return _geopackage.reread(path)
