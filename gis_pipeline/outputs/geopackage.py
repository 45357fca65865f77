"""features.gpkg: OGC GeoPackage 1.3 in the town frame, full precision."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, Literal

import pyogrio

from gis_pipeline.members import Product
from gis_pipeline.model import Act
from gis_pipeline.outputs import _files, _table

TITLE = "GeoPackage"
VERSION = 1
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "application/geopackage+sqlite3"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets", "register"})
ALWAYS = False


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes features.gpkg: one layer named after the collection, its title as identifier.

    Town metres, x = easting, y = northing (GeoPackage's order whatever the CRS says). The integer key is
    `seq`, from 1 in published order; the stable feature id is the text column `fid`. A register becomes an
    attribute table. Version 1.3: older readers and validators refuse 1.4.
    """
    target = folder / "features.gpkg"
    collection = product.collection
    register = collection.geometry == "none" and collection.scan is None
    table = _table.table(product) if register else _table.geo_table(product)
    with _files.beside(target) as part:
        pyogrio.write_dataframe(
            table,
            part,
            driver="GPKG",
            layer=collection.id,
            geometry_type=None if register else _table.geometry_type(collection, _table.town_geometry(product)),
            promote_to_multi=True if collection.geometry in ("polygon", "line") or collection.scan else None,
            dataset_options={"VERSION": "1.3", "ADD_GPKG_OGR_CONTENTS": "YES"},
            layer_options={
                "FID": "seq",
                "IDENTIFIER": collection.title,
                "DESCRIPTION": f"{collection.description} {product.edition_id}".strip(),
            }
            | ({} if register else {"GEOMETRY_NAME": "geom", "SPATIAL_INDEX": "YES"}),
        )
        _settle(part, product)
        _files.expect(target, int(pyogrio.read_info(part, layer=collection.id)["features"]), len(table))
    return (target,)


def _settle(part: Path, product: Product) -> None:
    """Puts the edition's day where the time of writing stands: the same material gives the same bytes."""
    moment = f"{product.edition_id[:10]}T00:00:00.000Z"
    with closing(sqlite3.connect(part, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("UPDATE gpkg_contents SET last_change = ?", (moment,))
        # What was overwritten stays in free pages, times and all, until they are dropped.
        database.execute("VACUUM")
    # The change counter and its copy (SQLite file format §1.3.8, §1.3.18): GDAL's number of commits varies.
    with part.open("rb+") as stream:
        for offset in (24, 92):
            stream.seek(offset)
            stream.write((1).to_bytes(4, "big"))
