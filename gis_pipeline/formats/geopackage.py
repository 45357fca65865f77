"""GeoPackage (.gpkg), opened as immutable so that SQLite writes nothing beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

from gis_pipeline.errors import EncodingError, MaterialError, Where
from gis_pipeline.formats._files import check_file, check_magic, no_such_layer, plain_path
from gis_pipeline.formats._layers import read_layer
from gis_pipeline.members import SourceTable
from gis_pipeline.model import Source

KIND: Literal["vector"] = "vector"
TITLE = "GeoPackage"
SUFFIXES: tuple[str, ...] = (".gpkg",)

_NUMERIC = ("INTEGER", "INT", "MEDIUMINT", "SMALLINT", "TINYINT", "REAL", "DOUBLE", "FLOAT", "BOOLEAN")


class _Text(bytes):
    """The bytes of a text value, to tell it from a blob."""


def read(path: Path, name: str, source: Source) -> Iterator[SourceTable]:
    """One layer, x = easting or longitude, y = northing or latitude; `source.layer` is needed where there are several.

    Tables without geometry count as layers. Raises MaterialError for a file that is none, is broken or still open
    in another program; EncodingError for text that is not UTF-8, naming record and field.
    """
    check_file(path, name)
    check_magic(path, name, (b"SQLite format 3\0",), TITLE)
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        raise MaterialError(
            "ほかのソフトが開いたままで、保存されていない変更があります。",
            Where(file=name),
            "QGIS などを閉じてから、ファイルをコピーし直してください。",
        )
    layers = _layers(path, name)
    layer = _choose(name, source.layer, tuple(layers))
    _check_values(path, name, layer)
    yield read_layer(
        plain_path(path, name),
        name,
        layer,
        shown=layer,
        spatial=layers[layer] == "features",
        options={"IMMUTABLE": "YES"},
    )


def _choose(name: str, asked: str | None, layers: tuple[str, ...]) -> str:
    if asked is None and len(layers) == 1:
        return layers[0]
    if asked is None:
        listed = "、".join(layers) if layers else "なし"
        raise MaterialError(
            f"レイヤを一つに決められません。このファイルのレイヤ: {listed}。",
            Where(file=name),
            "宣言の [source] に layer を書いてください。",
        )
    if asked not in layers:
        raise no_such_layer(name, asked, layers)
    return asked


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    connection.text_factory = _Text
    return connection


def _layers(path: Path, name: str) -> dict[str, str]:
    """Layer name → "features" or "attributes" (OGC 12-128r19, table 3)."""
    try:
        with closing(_connect(path)) as connection:
            rows = connection.execute(
                "SELECT table_name, data_type FROM gpkg_contents "
                "WHERE data_type IN ('features', 'attributes') ORDER BY rowid"
            ).fetchall()
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise MaterialError(
            f"GeoPackage として読めません (SQLite: {error})。", Where(file=name), "元のソフトから出力し直してください。"
        ) from error
    return {table.decode("utf-8", "replace"): kind.decode("ascii", "replace") for table, kind in rows}


def _check_values(path: Path, name: str, layer: str) -> None:
    """SQLite stores anything in any column, and GDAL makes 0 of a text in a number column: look at every value."""
    quoted = layer.replace('"', '""')
    try:
        with closing(_connect(path)) as connection:
            columns = connection.execute(f'PRAGMA table_info("{quoted}")').fetchall()
            titles = [column[1].decode("utf-8", "replace") for column in columns]
            numeric = [column[2].decode("ascii", "replace").upper().startswith(_NUMERIC) for column in columns]
            for record, row in enumerate(connection.execute(f'SELECT * FROM "{quoted}"'), 1):
                for title, number, value in zip(titles, numeric, row, strict=True):
                    if isinstance(value, _Text):
                        _check_value(value, number, Where(file=name, layer=layer, record=record, field=title))
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise MaterialError(
            f"ファイルが壊れていて読めません (SQLite: {error})。",
            Where(file=name, layer=layer),
            "元のソフトから出力し直してください。",
        ) from error


def _check_value(value: _Text, number: bool, where: Where) -> None:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"UTF-8 として読めない文字があります (バイト {value[error.start : error.start + 8].hex(' ').upper()})。",
            where,
            "元のソフトから UTF-8 で出力し直してください。",
        ) from error
    if "\0" in text:
        raise MaterialError(
            f"値「{text.split(chr(0))[0]}」の途中に NUL 文字があり、その後が失われます。",
            where,
            "元のソフトで値を入れ直してください。",
        )
    if number:
        raise MaterialError(f"数の列に文字「{text[:40]}」が入っています。", where, "元のソフトで値を直してください。")
