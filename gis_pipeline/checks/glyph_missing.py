"""描けない文字: characters that the font of the maps has not; pictures would show 〓 in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from fontTools.ttLib import TTFont

from gis_pipeline.findings import Pointer, listed
from gis_pipeline.members import Context
from gis_pipeline.model import Finding

TITLE = "描けない文字"
_ADVICE = "地図の画像では〓になります。資料の字のままでよいか、常用の字に直せるかを決めてください。"


@cache
def _drawn() -> frozenset[str]:
    """The characters of the packaged font; none at all where the package was made without it."""
    path = files("web_viewer") / "dist" / "fonts" / "NotoSansJP-Medium.ttf"
    if not path.is_file():
        return frozenset()
    return frozenset(map(chr, TTFont(BytesIO(path.read_bytes()), lazy=True).getBestCmap()))


def _without(text: str) -> str:
    """The characters that cannot be drawn, once each; what prints nothing is not a character that is missed."""
    return "".join(dict.fromkeys(one for one in text if one.isprintable() and one not in _drawn()))


def check(context: Context) -> Iterator[Finding]:
    """Warns of every text value, and every word of the legend, that a map cannot show as it is."""
    collection = context.collection
    if not _drawn():
        yield Finding(
            rule="glyph_missing",
            severity="warn",
            message="地図の文字の書体がないため、描けない文字があるか確かめられません。",
            advice="make viewer を実行してから、もう一度 build してください。",
        )
        return
    told = "".join([collection.title, *(word for one in collection.classes for word in (one.title, one.short))])
    if _without(told):
        yield Finding(
            rule="glyph_missing",
            severity="warn",
            message=f"凡例の文字「{_without(told)}」は、地図の書体にありません。",
            advice=_ADVICE,
            field="classes",
        )
    frame = context.features.frame
    pointer = Pointer("glyph_missing", context.features)
    for name, field in collection.fields.items():
        if field.type in ("text", "code"):
            values = frame[name].dropna().astype(str)
            odd = _without("".join(set("".join(values.unique()))))
            if odd:
                found = frame[name].map(lambda value, odd=odd: not set(odd).isdisjoint(str(value)), na_action="ignore")
                at = np.flatnonzero(found.fillna(False).to_numpy(dtype=bool)).tolist()
                yield from listed(at, _maker(pointer, name, field.title))


def _maker(pointer: Pointer, name: str, title: str) -> Callable[[int], Finding]:
    values = pointer.features.frame[name]

    def finding(position: int) -> Finding:
        value = str(values.iloc[position])
        message = f"「{title}」の値「{value}」の文字「{_without(value)}」は、地図の書体にありません。"
        return pointer.finding(position, "warn", message, _ADVICE, field=name, value=value)

    return finding
