"""store.sqlite: what the server answers features from: prepared JSON, an R-tree, typed attributes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, Literal

import numpy as np
import orjson
import shapely

from gis_pipeline.members import Product
from gis_pipeline.model import Act, Field
from gis_pipeline.outputs import _files, _geojson, _table

TITLE = "検索用の索引"
VERSION = 2
ACT: Final[Act] = "screen"
MEDIA_TYPE = "application/vnd.sqlite3"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets", "register"})
ALWAYS = True

PRAGMAS = (
    "page_size = 8192",
    "cache_size = -65536",
    "journal_mode = OFF",
    "synchronous = OFF",
    "locking_mode = EXCLUSIVE",
)
"""Of writing only (64 MB of pages in memory), but for the size of a page."""

EXTENT = "SELECT min(west), min(south), max(east), max(north) FROM box"

SQL_TYPES = {"integer": "INTEGER", "percent": "INTEGER", "number": "REAL"}


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes store.sqlite.

    - `feature(seq, fid, geojson, town)`: seq from 1 in published order, the feature's GeoJSON text (lon/lat),
      its WKB in the town frame (NULL without geometry).
    - `box(seq, west, east, south, north)`: R-tree in degrees; 32-bit, rounded outward, so an exact test must
      follow.
    - `attribute(seq, …)`: one typed column per published property.
    - `meta(key, value)`: collection, edition, count, frame; placed: how many features have a place; extent: west,
      south, east, north of all boxes as JSON, nulls if none has. The server would have to look at every box for them.
    """
    target = folder / "store.sqlite"
    with _files.beside(target) as part:
        with closing(sqlite3.connect(part, isolation_level=None)) as database:
            for pragma in PRAGMAS:
                database.execute(f"PRAGMA {pragma}")
            database.execute("BEGIN")
            _tables(database, product)
            seq = 1
            for prepared in _geojson.prepared_chunks(product):
                _features(database, prepared, seq)
                _boxes(database, prepared, seq)
                _attributes(database, prepared, seq)
                seq += len(prepared.product.frame)
            _meta(database, product)
            database.execute("COMMIT")
            database.execute("ANALYZE")
            database.execute("VACUUM")
        with closing(sqlite3.connect(f"{part.absolute().as_uri()}?mode=ro", uri=True)) as database:
            (count,) = database.execute("SELECT count(*) FROM feature").fetchone()
            _files.expect(target, count, len(product.frame))
    return (target,)


def _tables(database: sqlite3.Connection, product: Product) -> None:
    names, declared = _table.fields(product), product.collection.fields
    columns = "".join(f", {quoted(name)} {_sql_type(declared.get(name))}" for name in names)
    database.execute(
        "CREATE TABLE feature(seq INTEGER PRIMARY KEY, fid TEXT UNIQUE NOT NULL, geojson BLOB NOT NULL, town BLOB)"
    )
    database.execute("CREATE VIRTUAL TABLE box USING rtree(seq, west, east, south, north)")
    database.execute(f"CREATE TABLE attribute(seq INTEGER PRIMARY KEY{columns})")


def _features(database: sqlite3.Connection, prepared: _geojson.Prepared, first: int) -> None:
    town = shapely.to_wkb(_table.town_geometry(prepared.product).to_numpy())
    rows = zip(_table.fids(prepared.product), prepared.texts(), town, strict=True)
    database.executemany(
        "INSERT INTO feature VALUES (?, ?, ?, ?)", ((seq, *row) for seq, row in enumerate(rows, start=first))
    )


def _boxes(database: sqlite3.Connection, prepared: _geojson.Prepared, first: int) -> None:
    database.executemany(
        "INSERT INTO box VALUES (?, ?, ?, ?, ?)",
        (
            (seq, west, east, south, north)
            for seq, (west, south, east, north) in enumerate(prepared.bounds.tolist(), start=first)
            if not np.isnan(west)
        ),
    )


def _attributes(database: sqlite3.Connection, prepared: _geojson.Prepared, first: int) -> None:
    places = ", ?" * len(_table.fields(prepared.product))
    database.executemany(
        f"INSERT INTO attribute VALUES (?{places})",
        ((seq, *row.values()) for seq, row in enumerate(prepared.properties, start=first)),
    )


def _meta(database: sqlite3.Connection, product: Product) -> None:
    (placed,) = database.execute("SELECT count(*) FROM box").fetchone()
    extent = database.execute(EXTENT).fetchone()
    database.execute("CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT)")
    database.executemany(
        "INSERT INTO meta VALUES (?, ?)",
        (
            ("collection", product.collection.id),
            ("edition", product.edition_id),
            ("count", str(len(product.frame))),
            ("frame", product.service.crs),
            ("placed", str(placed)),
            ("extent", orjson.dumps(extent).decode()),
        ),
    )


def _sql_type(field: Field | None) -> str:
    return SQL_TYPES.get(field.type, "TEXT") if field is not None else "TEXT"


def quoted(name: str) -> str:
    """An SQL identifier, quoted although the declaration's pattern admits no quotes in names."""
    return '"' + name.replace('"', '""') + '"'
