"""One source value → one published value, by the declared type. Pure; nothing is corrected without saying so."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gis_pipeline.codelists import RateName, rate_of
from gis_pipeline.japanese import fold_dashes, nfkc, read_date
from gis_pipeline.model import Field, Severity


@dataclass(frozen=True, slots=True)
class Converted:
    """A published value (None = missing) and what has to be said about it (`severity` None = nothing)."""

    value: str | int | float | None
    severity: Severity | None = None
    message: str = ""
    advice: str = ""


MISSING = Converted(None)

_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d*)?([eE][+-]?\d+)?|[+-]?\.\d+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_INT64 = 2**63


def converter(field: Field) -> Callable[[object], Converted]:
    """The function that converts one non-class value to the field's type.

    It takes what a reader may give: str, int, float, bool, datetime, list, None or NaN.
    """
    match field.type:
        case "text":
            return _text
        case "code":
            return _code
        case "integer":
            return lambda value: _integer(value, field.unit)
        case "number":
            return lambda value: _number(value, field.unit)
        case "percent":
            rate = rate_of(field.title, *field.sources)
            return lambda value: _percent(value, rate)
        case "date":
            return _date
        case "class":
            raise ValueError("区分は gis_pipeline.conform.classify で読みます。")


def is_missing(value: object) -> bool:
    """None, NaN, NaT, pandas.NA, an empty text or an empty list."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    if isinstance(value, str):
        return not value.strip()
    return type(value).__name__ in {"NAType", "NaTType"} or (isinstance(value, list | tuple) and not value)


def canonical_text(value: object) -> str:
    """How a value reads as text: 101.0 → "101", "０１０１" → "0101", a date as ISO, a list joined with 、."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        midnight = value.tzinfo is None and value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "、".join(canonical_text(part) for part in value)
    if isinstance(value, bytes):
        return value.hex()
    return nfkc(str(value))


def shown(value: object) -> str:
    """A value as a message may quote it: canonical, without control characters, not too long."""
    return _CONTROL.sub("", canonical_text(value))[:100]


def plain(value: Any) -> Any:
    """A numpy scalar or array as the Python value it stands for."""
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime()
    if hasattr(value, "tolist"):
        return value.tolist()
    return value


def _text(value: object) -> Converted:
    if is_missing(value):
        return MISSING
    text = canonical_text(value)
    if _CONTROL.search(text):
        cleaned = _CONTROL.sub("", text).strip()
        advice = "元の資料で値が途中で切れていないか確かめてください。"
        return Converted(cleaned or None, "warn", "見えない制御文字を取り除きました。", advice)
    return Converted(text or None)


def _code(value: object) -> Converted:
    converted = _text(value)
    if isinstance(converted.value, str):
        return Converted(fold_dashes(converted.value), converted.severity, converted.message, converted.advice)
    return converted


def _read_number(value: object, unit: str) -> float | int:
    """The number; raises ValueError with a Japanese reason."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        if math.isinf(value):
            raise ValueError("無限大です。")
        return value
    text = fold_dashes(canonical_text(value))
    if unit:
        text = text.removesuffix(nfkc(unit)).rstrip()
    if not _NUMBER.fullmatch(text):
        raise ValueError("数として読めません。")
    digits = text.replace(",", "")
    return int(digits) if re.fullmatch(r"[+-]?\d+", digits) else float(digits)


def _no_number(reason: str) -> Converted:
    return Converted(None, "block", reason, '数でない書き方を残すときは type = "text" にしてください。')


def _integer(value: object, unit: str) -> Converted:
    if is_missing(value):
        return MISSING
    try:
        number = _read_number(value, unit)
    except ValueError as error:
        return _no_number(str(error))
    if isinstance(number, float) and not number.is_integer():
        return Converted(None, "block", "整数ではありません。", '小数を残すときは type = "number" にしてください。')
    if abs(number) >= _INT64:
        return _no_number("整数として大きすぎます。")
    return Converted(int(number))


def _number(value: object, unit: str) -> Converted:
    if is_missing(value):
        return MISSING
    try:
        number = float(_read_number(value, unit))
    except (ValueError, OverflowError) as error:
        return _no_number(str(error) if isinstance(error, ValueError) else "数として大きすぎます。")
    return Converted(number) if math.isfinite(number) else _no_number("数として大きすぎます。")


def _percent(value: object, rate: RateName | None) -> Converted:
    """A whole number of percent.

    With a percent sign the number is taken as written. Without: no legal 建蔽率 or 容積率 is below 20 % or above
    1300 % (建築基準法52条・53条), so for those fields a number up to 13 is a ratio and one from 20 is percent.
    For any other field only a number below 1 is a ratio, and 1 to 20 is ambiguous.
    """
    if is_missing(value):
        return MISSING
    text = fold_dashes(canonical_text(value))
    signed = text.endswith("%")
    try:
        number = float(_read_number(text.removesuffix("%").rstrip() if signed else value, ""))
    except ValueError as error:
        return Converted(None, "block", str(error), "200、200%、2.0 のどれかで書いてください。")
    if number == 0:
        advice = "元の資料で値が抜けていないか確かめてください。"
        return Converted(None, "warn", "0 は率ではないため、値なしとしました。", advice)
    if number < 0:
        return Converted(None, "block", "率が負の数です。", "元の資料を直してください。")
    if not signed:
        if number <= 13 if rate else number < 1:
            number *= 100
        elif number < 20:
            return Converted(None, "block", "比率か % か決められません。", "% を付けて書いてください (例 15%)。")
    return _whole_percent(number)


def unsigned_rate(value: object) -> float | None:
    """The number of a rate written without a percent sign, as number or as text; None for anything else."""
    try:
        return None if is_missing(value) else float(_read_number(value, ""))
    except (ValueError, OverflowError):
        return None


def _whole_percent(number: float) -> Converted:
    whole = round(number)
    if abs(number - whole) > 1e-6:
        advice = '小数を残すときは type = "number", unit = "%" にしてください。'
        return Converted(None, "block", "整数の % になりません。", advice)
    if whole > 1300:
        return Converted(None, "block", "率が 1300 % を超えています。", "元の資料の単位を確かめてください。")
    return Converted(whole)


def _date(value: object) -> Converted:
    if is_missing(value):
        return MISSING
    try:
        written = read_date(canonical_text(value))
    except ValueError as error:
        advice = "平成21年8月10日、H21.8.10、2009-08-10 のどれかの書き方に直してください。"
        return Converted(None, "block", str(error), advice)
    match written.note:
        case "unknown":
            return Converted(None, "info", "日付は不明とされているため、値なしとしました。")
        case "outside era":
            return Converted(
                written.iso,
                "warn",
                f"その元号にない日です。{written.iso} としました。",
                "正しい元号に直すか、この読み方でよいことを確かめてください。",
            )
        case "moved to Japan":
            message = f"標準時が日本でない時刻です。日本の日付 {written.iso} としました。"
            return Converted(written.iso, "warn", message, "元の資料の日付を確かめてください。")
    return Converted(written.iso)
