"""用途地域: the legal values of 建蔽率 and 容積率 per district, and districts without a rate."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gis_pipeline.codelists import CODE_LISTS, CodeListName, RateName, rate_of
from gis_pipeline.conform.classify import district_of
from gis_pipeline.findings import Pointer, listed
from gis_pipeline.members import Context
from gis_pipeline.model import Collection, Field, Finding

TITLE = "用途地域の建蔽率・容積率"


def check(context: Context) -> Iterator[Finding]:
    """Blocks a rate that the law does not offer for the district (建築基準法52条・53条); warns of a missing one."""
    collection = context.collection
    name = collection.class_field
    if name is None:
        return
    pointer = Pointer("codes", context.features)
    if collection.role == "use_district":
        for rate_name, rate_field in collection.fields.items():
            rate = rate_of(rate_field.title, *rate_field.sources)
            if rate_field.type in ("percent", "integer", "number") and rate is not None:
                yield from _rates(pointer, collection, name, rate_name, rate)


def _rates(pointer: Pointer, collection: Collection, name: str, rate_name: str, rate: RateName) -> Iterator[Finding]:
    frame = pointer.features.frame
    codes, percents = frame[name].tolist(), frame[rate_name].tolist()
    legal = {
        code: _legal(collection.fields[name], collection, code, rate) for code in set(codes) if isinstance(code, str)
    }
    pairs = list(zip(codes, percents, strict=True))
    illegal = [
        at
        for at, (code, percent) in enumerate(pairs)
        if legal.get(code) and not _is_missing(percent) and percent not in legal[code]
    ]
    missing = [at for at, (code, percent) in enumerate(pairs) if legal.get(code) and _is_missing(percent)]
    hint = _other_list(collection.fields[name], [pairs[at] for at in illegal], rate)
    titles = frame[f"{name}_name"]

    def finding(position: int) -> Finding:
        code, percent = pairs[position]
        offered = "・".join(map(str, legal[code]))
        message = f"{titles.iloc[position]}の{rate} {percent} % は法の定める値 ({offered}) にありません。"
        return pointer.finding(position, "block", message, hint, field=rate_name, value=percent)

    yield from listed(illegal, finding)
    if missing and len(missing) < len(pairs):
        yield from listed(
            missing,
            lambda at: pointer.finding(
                at,
                "warn",
                f"{titles.iloc[at]}に{rate}の値がありません。",
                "元の図書で率を確かめてください。",
                field=rate_name,
            ),
        )


def _legal(field: Field, collection: Collection, code: str, rate: RateName) -> tuple[int, ...]:
    district = district_of(field, collection.classes, code)
    return district.legal_percent(rate) if district else ()


def _other_list(field: Field, illegal: list[tuple[str, int]], rate: RateName) -> str:
    """Advice: another code list under which every illegal pair is legal, or to look at the plan."""
    others: list[CodeListName] = [codes for codes in CODE_LISTS if field.codes and codes != field.codes]
    for codes in others:
        listed_as = CODE_LISTS[codes]
        if illegal and all(
            code in listed_as and value in listed_as[code].legal_percent(rate) for code, value in illegal
        ):
            return f'codes = "{codes}" ならすべて法の値です。コード表の宣言と、元の図書の率を確かめてください。'
    return "元の図書で用途地域と率を確かめてください。"


def _is_missing(value: object) -> bool:
    return bool(pd.isna(value))  # type: ignore[call-overload]
