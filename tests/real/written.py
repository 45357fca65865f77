"""How a value of the source must be published: small formulas of their own, none of them the project's."""

from __future__ import annotations

import re
import unicodedata

from gis_pipeline.model import Field
from tests.real.second import Value

_FIRST_YEARS = {"昭和": 1926, "平成": 1989, "令和": 2019}
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−─", "-"))


def expected(field: Field, raw: Value) -> Value:
    """The published value of one field that is not a class; None where the source has none."""
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    match field.type:
        case "text":
            return text(raw)
        case "code":
            return text(raw).translate(_DASHES)
        case "percent":
            number = float(raw)
            return round(number * 100) if number <= 13 else round(number)
        case "date":
            return date(text(raw))
        case "integer":
            return int(raw)
        case _:
            return float(raw)


def text(raw: Value) -> str:
    """NFKC and trimmed; a whole number without its .0."""
    if isinstance(raw, float) and raw == int(raw):
        return str(int(raw))
    return unicodedata.normalize("NFKC", str(raw)).strip()


def date(written: str) -> str | None:
    """平成21年8月10日 → 2009-08-10; ISO stays; the first day of the year 1 means unknown (i-UR)."""
    if written == "0001-01-01":
        return None
    japanese = re.fullmatch(r"(昭和|平成|令和)(\d+)年(\d+)月(\d+)日", written)
    if japanese:
        era, year, month, day = japanese.groups()
        return f"{_FIRST_YEARS[era] + int(year) - 1:04d}-{int(month):02d}-{int(day):02d}"
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", written), written
    return written


def class_name(raw: str) -> str:
    """第1種… and 第１種… → 第一種…, as the law writes it."""
    return re.sub("第([12])種", lambda match: f"第{'一二'[int(match[1]) - 1]}種", unicodedata.normalize("NFKC", raw))
