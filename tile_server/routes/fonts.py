"""/fonts/{fontstack}/{range}.pbf: the glyphs that MapLibre styles of this service name."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request, Response

from gis_pipeline.errors import UnknownItem
from tile_server.openapi import described
from tile_server.respond import reply
from tile_server.sdf import FONTSTACK, glyph_range
from tile_server.site import Asked

router = APIRouter()

GLYPHS = "application/x-protobuf"
_RANGE = re.compile(r"(0|[1-9][0-9]{2,4})-([1-9][0-9]{2,4})")


@router.get("/fonts/{fontstack}/{range}.pbf", **described("", GLYPHS, summary="地図の文字の字形"))
def glyphs(view: Asked, request: Request, fontstack: str, range: str) -> Response:
    """256 characters of the one font there is; the ranges are 0-255, 256-511 … 65280-65535."""
    asked = _RANGE.fullmatch(range)
    first, last = (int(asked[1]), int(asked[2])) if asked else (-1, -1)
    if fontstack != FONTSTACK or first % 256 or last != first + 255 or last > 0xFFFF:
        raise UnknownItem(f"字形は「{FONTSTACK}」の 0-255 から 65280-65535 までの範囲ごとにあります。")
    return reply(view, request, glyph_range(first), GLYPHS)
