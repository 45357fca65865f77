"""area=: a polygon that a client draws, as GeoJSON or WKT in longitude and latitude; bounded before it is parsed."""

from __future__ import annotations

import re
from typing import Annotated

import numpy as np
import orjson
import shapely
from fastapi import Depends, Query

from tile_server.errors import Nowhere, RequestError

MOST_CHARACTERS = 8_000
MOST_CORNERS = 500
_DEEPEST = 6
_WKT = re.compile(r"\s*(MULTI)?POLYGON\s*\([0-9eE+\-., ()\s]*\)\s*", re.IGNORECASE)


def _bad(message: str, english: str) -> RequestError:
    return RequestError(f"area: {message}", f"area: {english}", "area")


def nowhere(message: str, english: str) -> Nowhere:
    """A polygon as it is written, but none that encloses a part of the ground."""
    return Nowhere(f"area: {message}", f"area: {english}", "area")


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest


def polygon(text: str, most_characters: int, most_corners: int) -> shapely.Geometry:
    """A valid Polygon or MultiPolygon in degrees (lon, lat), from GeoJSON (also a Feature of one) or WKT."""
    if len(text) > most_characters or _depth(text) > _DEEPEST:
        raise _bad(f"{most_characters} 文字までの多角形にしてください。", f"at most {most_characters} characters.")
    shape = _parsed(text)
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon) or shapely.is_empty(shape):
        raise _bad("多角形 (Polygon か MultiPolygon) にしてください。", "a Polygon or MultiPolygon is needed.")
    if shapely.get_num_coordinates(shape) > most_corners:
        raise _bad(f"角は {most_corners} 個までです。", f"at most {most_corners} corners.")
    lon, lat = shapely.get_coordinates(shape).T
    if not (np.isfinite(lon).all() and np.isfinite(lat).all() and abs(lon).max() <= 180 and abs(lat).max() <= 90):
        raise nowhere("経度は ±180、緯度は ±90 の範囲です。", "longitudes within ±180, latitudes within ±90.")
    if not shapely.is_valid(shape):
        raise nowhere("輪郭が自分と交わっています。", "the outline crosses itself.")
    return shapely.force_2d(shape)


def outline_of(
    area: Annotated[str | None, Query(description="範囲の多角形（GeoJSON か WKT、経度・緯度）")] = None,
) -> shapely.Geometry | None:
    """The polygon asked for; None where no area is."""
    return None if area is None else polygon(area, MOST_CHARACTERS, MOST_CORNERS)


def _parsed(text: str) -> shapely.Geometry:
    unreadable = _bad("GeoJSON か WKT として読めません。", "neither GeoJSON nor WKT.")
    try:
        if text.lstrip().startswith("{"):
            document = orjson.loads(text)
            inner = document.get("geometry") if document.get("type") == "Feature" else document
            found = shapely.from_geojson(orjson.dumps(inner))
        elif _WKT.fullmatch(text):
            with np.errstate(over="ignore"):  # a number beyond the doubles becomes infinite and is refused by its size
                found = shapely.from_wkt(text)
        else:
            raise unreadable
    except (ValueError, shapely.errors.ShapelyError) as error:
        raise unreadable from error
    if found is None:
        raise unreadable
    return found


AskedOutline = Annotated[shapely.Geometry | None, Depends(outline_of)]
