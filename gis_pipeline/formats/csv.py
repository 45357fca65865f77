"""CSV, with the columns of the coordinates named by the declaration; without them a register (台帳) of rows."""

from __future__ import annotations

import csv as csv_module
import io
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pandas as pd
import shapely

from gis_pipeline.errors import DeclarationError, EncodingError, MaterialError, Where
from gis_pipeline.formats import _text
from gis_pipeline.formats._files import LIMITS, check_count, read_bytes, sole_layer
from gis_pipeline.formats._table import Found, table
from gis_pipeline.members import SourceTable
from gis_pipeline.model import Source

KIND: Literal["vector"] = "vector"
TITLE = "CSV"
SUFFIXES: tuple[str, ...] = (".csv",)

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def read(path: Path, name: str, source: Source) -> Iterator[SourceTable]:
    """One table, every column as text as it stands (leading zeros kept, empty = None), record 1 after the header.

    Points at x = `source.easting` (easting or longitude), y = `source.northing` (northing or latitude), both empty
    for a row without a place. The encoding is declared, or proven: UTF-8 (BOM allowed), then CP932.
    Raises EncodingError, or MaterialError naming record and field.
    """
    sole_layer(name, source, (path.stem,))
    data = read_bytes(path, name)
    text, encoding = _decode(data, name, source)
    header, rows = _rows(text, name)
    columns = {
        title: pd.Series([row[number] or None for row in rows], dtype="string") for number, title in enumerate(header)
    }
    wkb = _points(header, rows, name, source)
    yield table(Found(name, None, None, encoding), columns, wkb)


def _decode(data: bytes, name: str, source: Source) -> tuple[str, str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise EncodingError(
            "UTF-16 で保存されています (Excel の「Unicode テキスト」など)。",
            Where(file=name),
            "「CSV UTF-8 (コンマ区切り)」か「CSV (コンマ区切り)」で保存し直してください。",
        )
    body = data.removeprefix(b"\xef\xbb\xbf")

    def lines() -> Iterator[_text.Value]:
        # A line is the smallest piece that can be named before the text is known; 0x0A is no trail byte of CP932.
        for number, line in enumerate(body.split(b"\n")):
            if not line.isascii():
                yield _text.Value(line.rstrip(b"\r"), number, None)

    if source.encoding is not None:
        encoding = _text.codec(source.encoding)
        if encoding is None:
            raise DeclarationError(
                f"{name}: [source] の encoding「{source.encoding}」は使えません。cp932 か utf-8 などを書いてください。"
            )
        _text.must_hold(lines, encoding, name)
    elif body is not data:
        encoding = "utf-8"
        _text.must_hold(lines, encoding, name)
    else:
        encoding = _text.choose(lines, name)
    return _text.decode(body, encoding), encoding


def _rows(text: str, name: str) -> tuple[list[str], list[list[str]]]:
    if "\0" in text:
        raise MaterialError("NUL 文字があります。", Where(file=name), "CSV (コンマ区切り) で保存し直してください。")
    rows: list[list[str]] = []
    try:
        for row in csv_module.reader(io.StringIO(text, newline=""), strict=True):
            if not row:
                continue
            if rows and len(row) != len(rows[0]):
                raise MaterialError(
                    f"列の数が合いません (見出しは {len(rows[0])} 列、この行は {len(row)} 列)。",
                    Where(file=name, record=len(rows)),
                    "値の中のコンマは引用符で囲んでください。",
                )
            rows.append(row)
            check_count(len(rows) - 1, "行", LIMITS.features, Where(file=name))
    except csv_module.Error as error:
        raise MaterialError(
            f"CSV として読めません ({error})。",
            Where(file=name, record=max(len(rows), 1)),
            "引用符を確かめてください。",
        ) from error
    if not rows:
        raise MaterialError("見出しの行がありません。", Where(file=name), "1 行目に列の名前を書いてください。")
    _check_header(rows[0], name)
    return rows[0], rows[1:]


def _check_header(header: list[str], name: str) -> None:
    for number, title in enumerate(header, 1):
        if not title.strip():
            raise MaterialError(
                f"{number} 番目の列に名前がありません。", Where(file=name), "列の名前を書いてください。"
            )
        if header.index(title) != number - 1:
            raise MaterialError(
                f"列の名前「{title}」が二度あります ({header.index(title) + 1} 番目と {number} 番目)。",
                Where(file=name, field=title),
                "別の名前にしてください。",
            )


def _points(header: list[str], rows: list[list[str]], name: str, source: Source) -> list[bytes | None]:
    declared = (source.easting, source.northing)
    if declared == (None, None):
        return [None] * len(rows)
    if source.easting is None or source.northing is None:
        raise DeclarationError(f"{name}: [source] の easting と northing は両方書いてください。")
    for title in (source.easting, source.northing):
        if title not in header:
            raise MaterialError(
                f"座標の列「{title}」がありません。この CSV の列: {'、'.join(header)}。",
                Where(file=name),
                "宣言の [source] の easting と northing を直してください。",
            )
    x, y = header.index(source.easting), header.index(source.northing)
    points: list[bytes | None] = []
    for record, row in enumerate(rows, 1):
        if not row[x].strip() and not row[y].strip():
            points.append(None)
            continue
        easting = _number(row[x], Where(file=name, record=record, field=source.easting))
        northing = _number(row[y], Where(file=name, record=record, field=source.northing))
        points.append(shapely.to_wkb(shapely.Point(easting, northing)))
    return points


def _number(text: str, where: Where) -> float:
    """A coordinate in plain decimal notation; full-width digits are taken, 度分秒 and thousands separators are not."""
    folded = unicodedata.normalize("NFKC", text).strip()
    if not _NUMBER.fullmatch(folded):
        shown = f"「{text}」" if text.strip() else "空の値"
        raise MaterialError(
            f"座標が数ではありません: {shown}。", where, "十進の数 (例: 139.267101、-51212.1) で書いてください。"
        )
    return float(folded)
