"""Dates that cannot all be true."""

from __future__ import annotations

from collections.abc import Iterator

from gis_pipeline.findings import Pointer, listed
from gis_pipeline.members import Context
from gis_pipeline.model import Finding

TITLE = "日付の前後"

_FIRST, _LAST = ("当初", "認定"), ("最終", "変更")


def check(context: Context) -> Iterator[Finding]:
    """Warns where a first decision (当初決定日) is later than the last (最終告示日), and where a decision of the past
    (決定・告示・認定) is later than the day the edition takes effect."""
    frame = context.features.frame
    dates = {name: field.title for name, field in context.collection.fields.items() if field.type == "date"}
    pointer = Pointer("dates_in_order", context.features)
    firsts = [name for name, title in dates.items() if any(word in title for word in _FIRST)]
    lasts = [name for name, title in dates.items() if any(word in title for word in _LAST)]
    for first in firsts:
        for last in lasts:
            wrong = _later(frame[first].tolist(), frame[last].tolist())
            message = f"「{dates[first]}」が「{dates[last]}」より後です"
            yield from _findings(pointer, wrong, message, first)
    limit = context.takes_effect.isoformat()
    for name, title in dates.items():
        if any(word in title for word in ("決定", "告示", "認定")):
            wrong = _later(frame[name].tolist(), [limit] * len(frame))
            yield from _findings(pointer, wrong, f"「{title}」が版の施行日 {limit} より後です", name)


def _later(first: list[object], second: list[object]) -> list[int]:
    """Positions where the first of two ISO dates, cut to the coarser one's precision, is later."""
    positions = []
    for position, (a, b) in enumerate(zip(first, second, strict=True)):
        if isinstance(a, str) and isinstance(b, str):
            length = min(len(a), len(b))
            if a[:length] > b[:length]:
                positions.append(position)
    return positions


def _findings(pointer: Pointer, wrong: list[int], message: str, name: str) -> Iterator[Finding]:
    values = pointer.features.frame[name].tolist()

    def finding(position: int) -> Finding:
        said = f"{message} ({values[position]})。"
        return pointer.finding(
            position, "warn", said, "元の図書で日付を確かめてください。", field=name, value=values[position]
        )

    yield from listed(wrong, finding)
