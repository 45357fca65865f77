"""A product as GeoPackage, for the output of that name and for sets that carry one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pyogrio
import shapely

from gis_pipeline.members import Product, Reread
from gis_pipeline.outputs import _about, _files, _layer


def write(product: Product, folder: Path) -> Path:
    """Writes features.gpkg, the same bytes for the same product; MachineError if it cannot be read back."""
    target = folder / "features.gpkg"
    collection = product.collection
    register = collection.geometry == "none" and collection.scan is None
    options = {"FID": "seq", "IDENTIFIER": collection.title, "DESCRIPTION": _about.text(product)}
    if not register:
        options |= {"GEOMETRY_NAME": "geom", "SPATIAL_INDEX": "YES"}
    with _files.beside(target) as part:
        _layer.write(product, part, "GPKG", options, {"VERSION": "1.3", "ADD_GPKG_OGR_CONTENTS": "YES"})
        _settle(part, product)
        written = int(pyogrio.read_info(part, layer=collection.id)["features"])
        _files.expect(target, written, len(product.frame))
    return target


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
