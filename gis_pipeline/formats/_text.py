"""Which encoding a file's text has: declared, or proven by decoding every value strictly.

GDAL reads CP932 without a `.cpg` as ISO-8859-1 without an error, so nothing here trusts it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gis_pipeline.errors import EncodingError, Where

JAPANESE = ("utf-8", "cp932")
"""What is tried, in this order, when nothing is declared."""

_CODECS = {
    "utf8": "utf-8",
    "utf8sig": "utf-8",
    "65001": "utf-8",
    "cp65001": "utf-8",
    "ascii": "utf-8",
    "usascii": "utf-8",
    # "Shift_JIS" in a .cpg means Windows-31J: ㎡ ① 﨑 髙 exist only there.
    "cp932": "cp932",
    "932": "cp932",
    "ansi932": "cp932",
    "windows932": "cp932",
    "ms932": "cp932",
    "mskanji": "cp932",
    "windows31j": "cp932",
    "sjis": "cp932",
    "shiftjis": "cp932",
    "xsjis": "cp932",
    "shiftjis2004": "shift_jis_2004",
    "shiftjisx0213": "shift_jisx0213",
    "eucjp": "euc_jp",
    "ujis": "euc_jp",
    "euc": "euc_jp",
}
# Bytes 80, A0, FD–FF are no characters of Windows-31J; Python's cp932 maps them all the same.
_NOT_CP932 = re.compile("[\x80\xa0\uf8f0-\uf8f3]")
_GAIJI = re.compile("[\ue000-\uf8ff]")


@dataclass(frozen=True)
class Value:
    """The bytes of one text value and where they stand; `full` = they fill the width of a fixed-width field."""

    data: bytes
    record: int | None
    field: str | None
    full: bool = False


@dataclass(frozen=True)
class Proof:
    """What trying one encoding on every value gave: how many fail, and the first that does."""

    encoding: str
    failures: int
    first: Value | None
    beyond_latin: bool
    """Some character from U+0800 on: three UTF-8 bytes do not fall into place by chance."""

    @property
    def holds(self) -> bool:
        """Every value decodes."""
        return self.failures == 0


def codec(label: str) -> str | None:
    """The Python codec for what a `.cpg` or a declaration calls an encoding; None if it is no Japanese one."""
    return _CODECS.get(re.sub(r"[\s_\-:]", "", unicodedata.normalize("NFKC", label)).casefold())


def decode(data: bytes, encoding: str) -> str:
    """Strict: raises UnicodeDecodeError also for single bytes that CP932 leaves undefined."""
    text = data.decode(encoding)
    if encoding == "cp932" and (found := _NOT_CP932.search(text)):
        start = len(text[: found.start()].encode("cp932"))
        raise UnicodeDecodeError(encoding, data, start, start + 1, "not a character of Windows-31J")
    return text


def gaiji(text: str) -> bool:
    """外字: a character of the private use area, which shows only where its maker's font is installed."""
    return _GAIJI.search(text) is not None


def prove(values: Iterable[Value], encoding: str) -> Proof:
    """Tries `encoding` on every value."""
    failures, first, beyond = 0, None, False
    for value in values:
        try:
            text = decode(value.data, encoding)
        except UnicodeDecodeError:
            failures += 1
            first = first or value
        else:
            beyond = beyond or any(character >= "\u0800" for character in text)
    return Proof(encoding, failures, first, beyond)


def choose(values: Callable[[], Iterator[Value]], file: str, hint: str | None = None) -> str:
    """The encoding of all values, proven; `hint` (a language byte in the file) decides only between two that hold.

    Raises EncodingError naming file, record and field when neither holds, and when both do with different text.
    """
    utf8, cp932 = (prove(values(), encoding) for encoding in JAPANESE)
    if utf8.holds and cp932.holds:
        if utf8.beyond_latin or _ascii(values()):
            return "utf-8"
        if hint is not None:
            return hint
        raise EncodingError(
            "文字コードが UTF-8 とも CP932 とも読めて、決められません。",
            Where(file=file),
            '宣言の [source] に encoding = "cp932" か "utf-8" を書いてください。',
        )
    if utf8.holds:
        return "utf-8"
    if cp932.holds:
        return "cp932"
    raise undecodable(min(utf8, cp932, key=lambda proof: proof.failures), file)


def must_hold(values: Callable[[], Iterator[Value]], encoding: str, file: str) -> None:
    """Raises EncodingError unless every value decodes as the declared `encoding`, and is not plainly UTF-8 instead."""
    proof = prove(values(), encoding)
    if not proof.holds:
        raise undecodable(proof, file)
    if encoding != "utf-8" and proven_utf8(values):
        raise EncodingError(
            f"宣言の encoding は {encoding} ですが、中身は UTF-8 です。", Where(file=file), "宣言を直してください。"
        )


def proven_utf8(values: Callable[[], Iterator[Value]]) -> bool:
    """Every value is UTF-8 and some have characters that other encodings do not give by chance."""
    proof = prove(values(), "utf-8")
    return proof.holds and proof.beyond_latin


def undecodable(proof: Proof, file: str) -> EncodingError:
    """The error for a failed proof: names the first failing record and field and counts the others."""
    value = proof.first
    assert value is not None
    others = f"ほかに {proof.failures - 1} 件あります。" if proof.failures > 1 else ""
    where = Where(file=file, record=value.record, field=value.field)
    readable, rest = _split(value.data, proof.encoding)
    if value.full and _is_start(rest, proof.encoding):
        return EncodingError(
            f"値「{readable}…」が項目の幅 {len(value.data)} バイトで、文字の途中で切れています。{others}",
            where,
            "項目の幅を広げて出力し直してください。",
        )
    shown = rest[:8].hex(" ").upper()
    return EncodingError(
        f"{proof.encoding} として読めない文字があります (「{readable}」の後のバイト {shown})。{others}",
        where,
        "宣言の [source] の encoding を確かめるか、元のソフトから出力し直してください。",
    )


def _split(data: bytes, encoding: str) -> tuple[str, bytes]:
    """The readable beginning of a value and the bytes after it."""
    try:
        return decode(data, encoding), b""
    except UnicodeDecodeError as error:
        return data[: error.start].decode(encoding), data[error.start :]


def _is_start(rest: bytes, encoding: str) -> bool:
    """Whether `rest` is the beginning of one character, cut off."""
    if not rest or len(rest) > 3:
        return False
    try:
        decode(rest, encoding)
    except UnicodeDecodeError as error:
        return error.start == 0 and (error.end == len(rest) and _truncated(rest, encoding))
    return False


def _truncated(rest: bytes, encoding: str) -> bool:
    if encoding == "utf-8":
        return rest[0] >= 0xC2 and all(0x80 <= byte < 0xC0 for byte in rest[1:])
    return len(rest) == 1 and (0x81 <= rest[0] <= 0x9F or 0xE0 <= rest[0] <= 0xFC)


def cut_name(data: bytes, encoding: str) -> tuple[str, bool]:
    """A field name, and whether its last character was cut off (a dbf name holds ten bytes, three kanji in UTF-8).

    Raises UnicodeDecodeError if the name is not in `encoding` even so.
    """
    readable, rest = _split(data, encoding)
    if rest and not _is_start(rest, encoding):
        decode(data, encoding)
    return readable, bool(rest)


def _ascii(values: Iterator[Value]) -> bool:
    return all(value.data.isascii() for value in values)
