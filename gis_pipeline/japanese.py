"""How Japanese office files write text, numbers and dates, and what they mean. Pure functions over strings."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

JST = dt.timezone(dt.timedelta(hours=9), "Asia/Tokyo")

# NFKC would turn 10① into 101, m² into m2 beside a digit, and a name's own glyph (神, 隆) into another one.
_KEPT = re.compile(
    "(["
    "\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209f\u2150-\u215f\u2189"  # superscripts, subscripts, fractions
    "\u2460-\u24ff\u2776-\u2793\u3251-\u325f\u32b1-\u32bf"  # ① ⑴ ⓪ ❶ ㉑
    "\uf900-\ufaff\U0002f800-\U0002fa1f"  # 互換漢字
    "])"
)

DASHES = "-‐‑‒–—―−─━－﹣﹘"
"""Characters that are a dash wherever they stand. The long vowel marks ー and ｰ are only sometimes."""

_DASH = re.compile(f"[{re.escape(DASHES)}]")
_LONG_VOWEL_AS_DASH = re.compile(r"(?:(?<=[0-9A-Za-z])|^)[ーｰ](?=[0-9A-Za-z])")

_DIGIT_ROWS = ("〇零", "一壱", "二弐", "三参", "四", "五", "六", "七", "八", "九")
KANJI_DIGITS = {kanji: digit for digit, row in enumerate(_DIGIT_ROWS) for kanji in row}
_KANJI_UNITS = {"十": 10, "拾": 10, "百": 100, "千": 1000}
_KANJI_NUMBER = re.compile(f"[{''.join(KANJI_DIGITS)}{''.join(_KANJI_UNITS)}]+")


def nfkc(text: str) -> str:
    """NFKC but for what it would damage, trimmed of white space at both ends.

    Kept as written: circled and parenthesised numbers, superscripts, fractions, compatibility ideographs (a name's
    own glyph). Roman numerals (Ⅳ) become letters as in NFKC. Dashes stay distinct: see `fold_dashes`.
    """
    if text.isascii():
        return text.strip()
    parts = _KEPT.split(text)
    return "".join(
        part if index % 2 else unicodedata.normalize("NFKC", part) for index, part in enumerate(parts)
    ).strip()


def fold_dashes(text: str) -> str:
    """Every dash → "-"; ー and ｰ only between letters or digits of ASCII (２０１ー２ but not センター)."""
    return _LONG_VOWEL_AS_DASH.sub("-", _DASH.sub("-", text))


def kanji_number(text: str) -> int | None:
    """二十一 → 21, 二一 → 21, 千二百 → 1200 (up to 9999); None if it is not a number so written."""
    if not text or not _KANJI_NUMBER.fullmatch(text):
        return None
    if not any(char in _KANJI_UNITS for char in text):
        return int("".join(str(KANJI_DIGITS[char]) for char in text))
    total, digit, last_unit = 0, None, 10_000
    for char in text:
        if char in KANJI_DIGITS:
            if digit is not None:
                return None
            digit = KANJI_DIGITS[char]
            continue
        unit = _KANJI_UNITS[char]
        if unit >= last_unit or digit == 0:
            return None
        total += (1 if digit is None else digit) * unit
        digit, last_unit = None, unit
    return total + (digit or 0)


# ------------------------------------------------------------------ dates


@dataclass(frozen=True)
class Era:
    """元号: `year_one` is its first Western year; in force from `first` to `last` (None: still)."""

    name: str
    year_one: int
    first: dt.date
    last: dt.date | None


ERAS = (
    Era("明治", 1868, dt.date(1868, 10, 23), dt.date(1912, 7, 30)),
    Era("大正", 1912, dt.date(1912, 7, 30), dt.date(1926, 12, 25)),
    Era("昭和", 1926, dt.date(1926, 12, 25), dt.date(1989, 1, 7)),
    Era("平成", 1989, dt.date(1989, 1, 8), dt.date(2019, 4, 30)),
    Era("令和", 2019, dt.date(2019, 5, 1), None),
)

DateNote = Literal["", "unknown", "outside era", "moved to Japan"]


@dataclass(frozen=True)
class WrittenDate:
    """A date as a file writes it.

    `iso` is "YYYY-MM-DD", "YYYY-MM" or "YYYY"; None if the file says that it is unknown. `note` is "outside era"
    for 平成32年 and the like, "moved to Japan" where a time zone changed the day.
    """

    iso: str | None
    note: DateNote = ""


_ERA_OF = {key: era for era in ERAS for key in (era.name, era.name[0])} | dict(zip("MTSHR", ERAS, strict=True))
_ERA_DATE = re.compile(
    r"(?P<era>明治|大正|昭和|平成|令和|[明大昭平令MTSHR])\.?"
    r"(?:(?P<y>元|\d{1,2})(?:(?:年|[./-])(?:(?P<m>\d{1,2})(?:(?:月|[./-])(?:(?P<d>\d{1,2})日?)?)?)?)?"
    r"|(?P<yy>\d{2})(?P<mm>\d{2})(?P<dd>\d{2}))"
)
_WESTERN_DATE = re.compile(
    r"(?:西暦)?(?P<y>\d{4})(?:(?:年|[./-])(?:(?P<m>\d{1,2})(?:(?:月|[./-])(?:(?P<d>\d{1,2})日?)?)?)?)?"
)
_COMPACT_DATE = re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})?")
_TIME = re.compile(r"(?<=\d)[T ]+\d{1,2}:\d{2}.*$")
_WEEKDAY = re.compile(r"\([日月火水木金土](曜日?)?\)$")
_UNKNOWN = frozenset({"", "0", "00000000", "不明", "未詳", "不詳", "未定", "なし", "-", "--", "---", "?", "NULL"})
_YEARS = range(1868, 2101)


def read_date(text: str) -> WrittenDate:
    """A date from 和暦 (平成21年8月10日, 令和元年, 平成二十一年八月十日, 昭48, S48.11.20) or Western writing.

    平成32年 counts on past the era's end (2020). 0001-01-01 and 不明 are unknown. A day of month 00 is left out.
    Raises ValueError with a Japanese reason for what is no date, no possible date, or a two-digit year without era.
    """
    folded = fold_dashes(nfkc(text))
    if folded.upper() in _UNKNOWN:
        return WrittenDate(None, "unknown")
    moved = _aware(folded)
    if moved is not None:
        return moved
    folded = _WEEKDAY.sub("", _TIME.sub("", folded).replace(" ", ""))
    folded = _KANJI_NUMBER.sub(_arabic, folded)
    match = _ERA_DATE.fullmatch(folded.upper())
    if match:
        return _era_date(match)
    match = _WESTERN_DATE.fullmatch(folded) or _COMPACT_DATE.fullmatch(folded)
    if match:
        return _western_date(match)
    raise ValueError(_why_no_date(folded))


def _arabic(match: re.Match[str]) -> str:
    value = kanji_number(match.group())
    return match.group() if value is None else str(value)


def _aware(text: str) -> WrittenDate | None:
    """A date and time with a time zone: the day it is in Japan (2009-08-09T15:00Z is 10 August here)."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*(Z|[+-]\d{2}:?\d{2})", text):
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
        there = moment.astimezone(JST)
    except (ValueError, OverflowError):
        return None
    if there.year not in _YEARS:
        return None
    return WrittenDate(there.date().isoformat(), "" if there.date() == moment.date() else "moved to Japan")


def _era_date(match: re.Match[str]) -> WrittenDate:
    era = _ERA_OF[match["era"]]
    written_year = match["y"] or match["yy"]
    year_of_era = 1 if written_year == "元" else int(written_year)
    if year_of_era == 0:
        raise ValueError(f"{era.name}0年という年はありません。")
    year = era.year_one + year_of_era - 1
    iso = _iso(year, match["m"] or match["mm"], match["d"] or match["dd"])
    return WrittenDate(iso, "" if _within(era, iso) else "outside era")


def _within(era: Era, iso: str) -> bool:
    """Whether any day of a (possibly partial) date lies in the era."""
    first, last = era.first.isoformat(), era.last.isoformat() if era.last else "9999"
    return first[: len(iso)] <= iso <= last[: len(iso)]


def _western_date(match: re.Match[str]) -> WrittenDate:
    year, month, day = int(match["y"]), match["m"], match["d"]
    if year == 1 and int(month or 1) == 1 and int(day or 1) == 1:  # i-UR: unknown date
        return WrittenDate(None, "unknown")
    if year not in _YEARS:
        raise ValueError(f"{year}年は{_YEARS[0]}〜{_YEARS[-1]}年の外です。")
    return WrittenDate(_iso(year, month, day))


def _iso(year: int, month: str | None, day: str | None) -> str:
    if month is None or int(month) == 0:
        if day is not None and int(day) != 0:
            raise ValueError("月のない日付です。")
        return f"{year:04d}"
    if not 1 <= int(month) <= 12:
        raise ValueError(f"{int(month)}月という月はありません。")
    if day is None or int(day) == 0:
        return f"{year:04d}-{int(month):02d}"
    try:
        return dt.date(year, int(month), int(day)).isoformat()
    except ValueError as error:
        raise ValueError(f"{year}年{int(month)}月{int(day)}日という日はありません。") from error


def _why_no_date(text: str) -> str:
    if "年度" in text:
        return "年度は日付ではありません。"
    if re.fullmatch(r"\d{5}", text):
        return "表計算ソフトの通し番号のようです。"
    if re.fullmatch(r"\d{1,2}([./-]|年).*", text):
        return "年が二桁で、元号がないため決められません。"
    return "日付として読めません。"
