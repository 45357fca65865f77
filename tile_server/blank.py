"""The picture of nothing. Image tiles are always images: many clients take an answer without one for a fault."""

from __future__ import annotations

from functools import cache
from io import BytesIO

from PIL import Image

_PILLOW = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}


@cache
def blank(form: str, size_px: int = 256) -> bytes | None:
    """A transparent square (white in a JPEG); None for `mvt`, where an empty tile is no content at all."""
    if form not in _PILLOW:
        return None
    picture = Image.new("RGB", (size_px, size_px), "white") if form == "jpg" else Image.new("RGBA", (size_px, size_px))
    out = BytesIO()
    picture.save(out, _PILLOW[form], **({"lossless": True} if form == "webp" else {"optimize": True}))
    return out.getvalue()
