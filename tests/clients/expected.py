"""What a client must have read: the published GeoPackage of the sample, by SQL alone, so by none of the clients."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from gis_pipeline.catalog import Catalog, Published
from tests.conftest import ROOT

COLLECTIONS = tuple(sorted(path.parent.name for path in (ROOT / "data/source").glob("*/collection.toml")))
MATRIX_SETS = {"WebMercatorQuad": "EPSG:3857", "EPSG6677Scales": "EPSG:6677"}
Value = str | float | None
Row = dict[str, Value]


def published(sample: Path, collection: str) -> Published:
    """The edition in force."""
    return Catalog(sample / "published").snapshot().edition(collection)


@cache
def rows(sample: Path, collection: str) -> dict[str, Row]:
    """The attributes of every feature by its id."""
    one = published(sample, collection)
    with closing(sqlite3.connect(one.file("features.gpkg"))) as database:
        database.row_factory = sqlite3.Row
        found = [dict(row) for row in database.execute(f'SELECT * FROM "{collection}"')]
    assert len(found) == one.edition.count > 0
    return {str(row["fid"]): plain(row, leave=("fid", "seq", "geom")) for row in found}


def plain(properties: dict[str, Any], leave: Iterable[str] = ()) -> Row:
    """Text as it is, every number as one kind of number, nothing as None."""
    return {name: _value(value) for name, value in properties.items() if name not in set(leave)}


def texts(row: Row) -> Row:
    """The attributes that are text, for clients that know no other type."""
    return {name: value for name, value in row.items() if not isinstance(value, float)}


def _value(value: Any) -> Value:
    if value is None or value == "" or value != value:
        return None
    if isinstance(value, int | float):
        return float(value)
    return str(value)


def colour(sample: Path, collection: str, code: str) -> tuple[int, int, int]:
    """The declared colour of a class."""
    (entry,) = [entry for entry in published(sample, collection).declaration.classes if entry.code == code]
    red, green, blue = (int(entry.colour[place : place + 2], 16) for place in (1, 3, 5))
    return red, green, blue
