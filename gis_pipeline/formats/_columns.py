"""Columns from Python values of mixed kinds, nothing lost: what fits no common type becomes text."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_INT64 = 1 << 63
_EXACT = 1 << 53
"""Whole numbers up to here are exact as floats."""


def column(values: Sequence[Json]) -> pd.Series:
    """boolean, Int64 or Float64 where all values are; otherwise text, with lists and objects as JSON."""
    present = [value for value in values if value is not None]
    kinds = {type(value) for value in present}
    if kinds == {bool}:
        return pd.Series(values, dtype="boolean")
    numbers = [value for value in present if isinstance(value, int | float)]
    if kinds == {int} and all(-_INT64 <= number < _INT64 for number in numbers):
        return pd.Series(values, dtype="Int64")
    exact = all(isinstance(number, float) or abs(number) <= _EXACT for number in numbers)
    if kinds in ({float}, {int, float}) and exact:
        return pd.Series(values, dtype="Float64")
    return pd.Series([_text(value) for value in values], dtype="string")


def _text(value: Json) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
