"""Numbers out of a request, taken strictly: Python itself would also read "NaN", "1_000" and full-width digits."""

from __future__ import annotations

import math
import re

from tile_server.errors import RequestError

_LONGEST = 400
"""Characters of a number: the largest finite one has 309 digits before its point."""
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


def number(text: str, name: str) -> float:
    """A finite decimal number; not NaN, Infinity, full-width digits or underscores."""
    if len(text) <= _LONGEST and _NUMBER.fullmatch(text):
        value = float(text)
        if math.isfinite(value):
            return value
    raise RequestError(f"{name} は数で書いてください。", f"{name} must be a finite number.", name)


def whole(text: str, name: str, low: int, high: int) -> int:
    """A whole number within [low, high]."""
    if re.fullmatch(r"[0-9]{1,18}", text) and low <= int(text) <= high:
        return int(text)
    raise RequestError(
        f"{name} は {low} から {high} までの整数で書いてください。",
        f"{name} must be a whole number from {low} to {high}.",
        name,
    )


def at_most(text: str, name: str, most: int) -> int:
    """A positive whole number; what exceeds `most`, however long, is clamped to it."""
    digits = text.lstrip("0")
    if not re.fullmatch(r"[0-9]+", text) or not digits:
        raise RequestError(f"{name} は 1 以上の整数で書いてください。", f"{name} must be a positive integer.", name)
    return most if len(digits) > 18 else min(int(digits), most)
