"""The attribute table of a Shapefile, byte by byte (dBASE III file structure; ESRI Shapefile Technical Description).

Read here and not by GDAL, because GDAL guesses the encoding, cuts values at a NUL, and makes null of what it
cannot read, all without a word.
"""

from __future__ import annotations

import datetime as dt
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis_pipeline.errors import EncodingError, MaterialError, Where
from gis_pipeline.formats import _text
from gis_pipeline.formats._files import LIMITS, check_count
from gis_pipeline.model import Finding

Bytes = NDArray[np.uint8]

_LANGUAGE_CP932 = {0x13, 0x7B}
"""Language driver bytes of Japanese Windows and DOS."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_LEADING_ZERO = re.compile(r"[+-]?0\d")
_UNKNOWN_DATES = {"00000000", ""}
_TRUTH = {"T": True, "t": True, "Y": True, "y": True, "F": False, "f": False, "N": False, "n": False}


@dataclass(frozen=True)
class Column:
    """One field descriptor: the name's bytes, dBASE type letter, and where it lies in a record."""

    name: bytes
    type: str
    start: int
    width: int


@dataclass(frozen=True)
class Dbf:
    """The table: `cells` is (records, record length) bytes; `deleted` marks records with a deletion flag."""

    file: str
    columns: tuple[Column, ...]
    cells: Bytes
    cp932_flag: bool

    @property
    def deleted(self) -> NDArray[np.bool_]:
        """Records with the flag `*` in their first byte."""
        return np.asarray(self.cells[:, 0] == 0x2A)

    def raw(self, column: Column) -> Bytes:
        """The bytes of one column, (records, width)."""
        return self.cells[:, column.start : column.start + column.width]

    def text_values(self) -> Iterator[_text.Value]:
        """Every text value with a byte beyond ASCII (plain ASCII reads the same in every encoding tried)."""
        for column in self.columns:
            if column.type != "C":
                continue
            raw = self.raw(column)
            for row in np.flatnonzero((raw >= 0x80).any(axis=1)):
                data = raw[row].tobytes()
                value = _stripped(data)
                yield _text.Value(value, int(row) + 1, _shown(column.name), full=len(value) == column.width)


def parse(data: bytes, file: str) -> Dbf:
    """Raises MaterialError if the header contradicts itself or the file is shorter than it says."""
    where = Where(file=file)
    broken = MaterialError(
        "属性ファイル (.dbf) の見出しが壊れています。", where, "元のソフトから出力し直してください。"
    )
    if len(data) < 33:
        raise broken
    count, header, width = struct.unpack("<IHH", data[4:12])
    check_count(count, "レコード", LIMITS.features, where)
    columns: list[Column] = []
    offset, start = 32, 1
    while offset + 32 <= min(header, len(data)) and data[offset] != 0x0D:
        name, kind = data[offset : offset + 11].split(b"\0")[0], chr(data[offset + 11])
        columns.append(Column(name, kind, start, data[offset + 16]))
        start += data[offset + 16]
        offset += 32
    if start != width or not columns:
        raise broken
    if header + count * width > len(data):
        complete = max(0, (len(data) - header) // width)
        raise MaterialError(
            f"属性ファイル (.dbf) が途中で切れています ({count} 件のうち {complete} 件まで)。",
            where,
            "コピーし直すか、元のソフトから出力し直してください。",
        )
    cells = np.frombuffer(data, np.uint8, count * width, header).reshape(count, width)
    return Dbf(file, tuple(columns), cells, data[29] in _LANGUAGE_CP932)


def names(table: Dbf, encoding: str) -> tuple[list[str], list[Finding]]:
    """Field names, unique; a name cut in mid-character (ten bytes are three kanji in UTF-8) keeps what is readable."""
    found: list[str] = []
    findings: list[Finding] = []
    for number, column in enumerate(table.columns, 1):
        name, cut = _name(table, column, number, encoding)
        unique, n = name, 1
        while unique in found:
            n += 1
            unique = f"{name}_{n}"
        found.append(unique)
        if cut or unique != name:
            reason = " 10 バイトの制限で文字の途中で切れている" if cut else "前の列と同じ名前な"
            findings.append(
                Finding(
                    rule="read",
                    severity="warn",
                    message=f"{number} 番目の列の名前が{reason}ため、「{unique}」として読みました。",
                    advice=f"宣言の source には「{unique}」と書いてください。",
                    file=table.file,
                    field=unique,
                )
            )
    return found, findings


def name_encoding(table: Dbf, candidates: tuple[str, ...]) -> str:
    """The first candidate in which all field names can be read, for a table whose values are all ASCII."""
    for encoding in candidates:
        try:
            for column in table.columns:
                _text.cut_name(column.name, encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return candidates[0]


def _name(table: Dbf, column: Column, number: int, encoding: str) -> tuple[str, bool]:
    stripped = column.name.strip(b" ")
    for candidate in dict.fromkeys((encoding, *_text.JAPANESE)):
        try:
            name, cut = _text.cut_name(stripped, candidate)
        except UnicodeDecodeError:
            continue
        return name or f"列{number}", cut
    raise EncodingError(
        f"{number} 番目の列の名前が読めません (バイト {column.name.hex(' ').upper()})。",
        Where(file=table.file, field=_shown(column.name)),
        "元のソフトから出力し直してください。",
    )


def series(table: Dbf, column: Column, name: str, encoding: str) -> tuple[pd.Series | None, list[Finding]]:
    """One column as text, numbers, truth values or ISO dates; None for a type that holds no plain value (memo …)."""
    if column.type == "C":
        return _texts(table, column, name, encoding)
    values = [_stripped(row.tobytes()).decode("latin-1").strip() for row in table.raw(column)]
    if column.type in "NF":
        return _numbers(table, values, name)
    if column.type == "D":
        return pd.Series([_date(value) for value in values], dtype="string"), []
    if column.type == "L":
        return pd.Series([_TRUTH.get(value) for value in values], dtype="boolean"), []
    return None, [
        Finding(
            rule="read",
            severity="warn",
            message=f"型「{column.type}」の列は読めないので除きました。",
            advice="必要な列なら、文字か数の列にして出力し直してください。",
            file=table.file,
            field=name,
        )
    ]


def _texts(table: Dbf, column: Column, name: str, encoding: str) -> tuple[pd.Series, list[Finding]]:
    raw = table.raw(column)
    after_nul = np.logical_or.accumulate(raw == 0, axis=1) & (raw > 0x20)
    if after_nul.any():
        record = int(after_nul.any(axis=1).argmax()) + 1
        value = raw[record - 1].tobytes()
        readable = value.split(b"\0")[0].decode(encoding, "replace")
        raise MaterialError(
            f"値「{readable}」の途中に NUL 文字があり、その後が失われます。",
            Where(file=table.file, record=record, field=name),
            "元のソフトで値を入れ直してください。",
        )
    values = [_text.decode(_stripped(row.tobytes()), encoding).strip(" ") or None for row in raw]
    findings = []
    own = [row for row, value in enumerate(values, 1) if value is not None and _text.gaiji(value)]
    if own:
        findings.append(
            Finding(
                rule="read",
                severity="warn",
                message=f"外字 (私用領域の文字) があり、ほかの環境では表示されません ({len(own)} 件)。",
                advice="標準の漢字に置き換えてください。",
                file=table.file,
                record=own[0],
                field=name,
                value=values[own[0] - 1],
            )
        )
    return pd.Series(values, dtype="string"), findings


def _numbers(table: Dbf, values: list[str], name: str) -> tuple[pd.Series, list[Finding]]:
    """Integers where all are, else floats; text where a leading zero or a long integer would be lost."""
    good = [value if _NUMBER.fullmatch(value) else None for value in values]
    findings = _not_numbers(table, values, name)
    present = [value for value in good if value is not None]
    whole = all(value.lstrip("+-").isdigit() for value in present)
    if _only_as_text(present, whole):
        return pd.Series(good, dtype="string"), findings
    if whole:
        return pd.Series([None if value is None else int(value) for value in good], dtype="Int64"), findings
    return pd.Series([None if value is None else float(value) for value in good], dtype="Float64"), findings


def _only_as_text(numbers: list[str], whole: bool) -> bool:
    """A leading zero is part of a code; nineteen digits do not all fit 64 bits."""
    return any(_LEADING_ZERO.match(number) or (whole and len(number) > 18) for number in numbers)


def _not_numbers(table: Dbf, values: list[str], name: str) -> list[Finding]:
    bad = [(record, value) for record, value in enumerate(values, 1) if value and not _NUMBER.fullmatch(value)]
    if not bad:
        return []
    record, value = bad[0]
    overflow = "桁あふれか、GIS ソフトが書いた「値なし」です。" if value.startswith("*") else ""
    return [
        Finding(
            rule="read",
            severity="warn",
            message=f"数の列に数でない値「{value}」があり、値なしとして読みました ({len(bad)} 件)。{overflow}",
            advice="元のソフトで値を確かめてください。",
            file=table.file,
            record=record,
            field=name,
            value=value,
        )
    ]


def _date(value: str) -> str | None:
    """YYYYMMDD → ISO 8601; what is no date stays as it stands, for the conforming to report.

    GDAL writes the i-UR unknown date 0001-01-01 as "   10101".
    """
    if value in _UNKNOWN_DATES:
        return None
    try:
        return dt.datetime.strptime(value.zfill(8), "%Y%m%d").date().isoformat()
    except ValueError:
        return value


def _stripped(data: bytes) -> bytes:
    """A value without its padding."""
    return data.split(b"\0")[0].rstrip(b" ")


def _shown(name: bytes) -> str:
    """A field name for a message, before its encoding is known."""
    for encoding in _text.JAPANESE:
        try:
            return _text.cut_name(name, encoding)[0]
        except UnicodeDecodeError:
            continue
    return name.decode("ascii", "backslashreplace")
