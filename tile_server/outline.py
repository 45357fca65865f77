"""area=: a polygon that a client draws, as GeoJSON or WKT in longitude and latitude; bounded before it is parsed."""

from __future__ import annotations

import re
from typing import Annotated

import numpy as np
import orjson
import shapely
from fastapi import Depends, Query

from tile_server.errors import RequestError

MOST_CHARACTERS = 8_000
MOST_CORNERS = 500
_DEEPEST = 6
_WKT = re.compile(r"\s*(MULTI)?POLYGON\s*\([0-9eE+\-., ()\s]*\)\s*", re.IGNORECASE)


def _bad(message: str, english: str) -> RequestError:
    return RequestError(f"area: {message}", f"area: {english}", "area")


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest


def outline_of(
    area: Annotated[str | None, Query(description="範囲の多角形（GeoJSON か WKT、経度・緯度）")] = None,
) -> shapely.Geometry | None:
    """A valid Polygon or MultiPolygon in degrees (lon, lat); None where no area is asked for."""
    if area is None:
        return None
    if len(area) > MOST_CHARACTERS or _depth(area) > _DEEPEST:
        raise _bad(f"{MOST_CHARACTERS} 文字までの多角形にしてください。", f"at most {MOST_CHARACTERS} characters.")
    shape = _parsed(area)
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon) or shapely.is_empty(shape):
        raise _bad("多角形 (Polygon か MultiPolygon) にしてください。", "a Polygon or MultiPolygon is needed.")
    if shapely.get_num_coordinates(shape) > MOST_CORNERS:
        raise _bad(f"角は {MOST_CORNERS} 個までです。", f"at most {MOST_CORNERS} corners.")
    lon, lat = shapely.get_coordinates(shape).T
    if not (np.isfinite(lon).all() and np.isfinite(lat).all() and abs(lon).max() <= 180 and abs(lat).max() <= 90):
        raise _bad("経度は ±180、緯度は ±90 の範囲です。", "longitudes within ±180, latitudes within ±90.")
    if not shapely.is_valid(shape):
        raise _bad("輪郭が自分と交わっています。", "the outline crosses itself.")
    return shapely.force_2d(shape)


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
