"""bbox, bbox-crs and crs: what area is asked for, and in which coordinate reference system the answer stands."""

from __future__ import annotations

from functools import cache
from typing import Annotated

import numpy as np
from fastapi import Depends, Query

from gis_pipeline.crs import OutputCrs, output_crs, parse, to_lonlat
from gis_pipeline.model import BBox
from tile_server.area import MERCATOR_EDGE_M, Area, FrameBox
from tile_server.errors import Nowhere, RequestError
from tile_server.numbers import number
from tile_server.site import Asked

_FURTHEST_M = 1e8
_LONGEST = 2000


def crs_named(view: Asked, uri: str, parameter: str) -> OutputCrs:
    """The offered CRS of that URI (or safe CURIE `[EPSG:6677]`); 400 for any other."""
    for crs in output_crs(view.service.crs):
        if uri == crs.uri or (crs.code != "OGC:CRS84" and uri == f"[{crs.code}]"):
            return crs
    raise RequestError(
        f"{parameter} に使えるのは地図の説明の crs にある座標系だけです。",
        f"{parameter} must be one of the CRS listed for the collection.",
        parameter,
    )


async def output_of(
    view: Asked, uri: Annotated[str | None, Query(alias="crs", description="返す座標の座標系")] = None
) -> OutputCrs:
    """The CRS in which features are handed out; CRS84 by default."""
    return output_crs(view.service.crs)[0] if uri is None else crs_named(view, uri, "crs")


@cache
def _is_geographic(code: str) -> bool:
    """Whether a CRS counts in degrees; PROJ takes milliseconds to say so."""
    return bool(parse(code).is_geographic)


def _bad_bbox(message: str, english: str) -> RequestError:
    return RequestError(f"bbox: {message}", f"bbox: {english}", "bbox")


def _nowhere(message: str, english: str) -> Nowhere:
    """Four or six numbers, as documented, but no box on the ground: no schema can say in which order numbers stand."""
    return Nowhere(f"bbox: {message}", f"bbox: {english}", "bbox")


def _corners(text: str) -> tuple[float, float, float, float]:
    """Four numbers, or six of which the heights only need to be in order."""
    parts = text.split(",") if len(text) <= _LONGEST else []
    if len(parts) not in (4, 6):
        raise _bad_bbox("4 個か 6 個の数をコンマで区切って書いてください。", "four or six numbers are needed.")
    values = [number(part, "bbox") for part in parts]
    if len(values) == 6:
        if values[2] > values[5]:
            raise _nowhere("高さの下限が上限より大きくなっています。", "the lower height exceeds the upper.")
        del values[5], values[2]
    return values[0], values[1], values[2], values[3]


def _degrees(west: float, south: float, east: float, north: float) -> Area:
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= 90 and -90 <= north <= 90):
        raise _nowhere("経度は ±180、緯度は ±90 の範囲です。", "longitudes within ±180, latitudes within ±90.")
    if south > north:
        raise _nowhere("南端が北端より北にあります。", "the southern edge lies north of the northern edge.")
    if west > east:  # spans the antimeridian: OGC 17-069r4, 7.15.3
        spans = ((west, 180.0), (-180.0, east))
        return Area(tuple(BBox(west=low, south=south, east=high, north=north) for low, high in spans))
    return Area((BBox(west=west, south=south, east=east, north=north),))


async def area_of(
    view: Asked,
    bbox: Annotated[str | None, Query(description="範囲")] = None,
    uri: Annotated[str | None, Query(alias="bbox-crs", description="bbox の座標系")] = None,
) -> Area | None:
    """The area asked for; None for everywhere."""
    crs = output_crs(view.service.crs)[0] if uri is None else crs_named(view, uri, "bbox-crs")
    if bbox is None:
        return None
    first_low, second_low, first_high, second_high = _corners(bbox)
    if _is_geographic(crs.code):
        if crs.northing_first:
            return _degrees(second_low, first_low, second_high, first_high)
        return _degrees(first_low, second_low, first_high, second_high)
    if first_low > first_high or second_low > second_high:
        raise _nowhere("下限が上限より大きくなっています。", "a lower bound exceeds its upper bound.")
    if max(abs(value) for value in (first_low, second_low, first_high, second_high)) > _FURTHEST_M:
        raise _nowhere("座標系の範囲の外です。", "outside the coordinate reference system.")
    if crs.code == "EPSG:3857":
        edge = MERCATOR_EDGE_M
        low_x, low_y, high_x, high_y = (
            min(max(value, -edge), edge) for value in (first_low, second_low, first_high, second_high)
        )
        return Area((crs.bbox_to_lonlat(low_x, low_y, high_x, high_y),))
    west, south, east, north = (
        (second_low, first_low, second_high, first_high)
        if crs.northing_first
        else (first_low, second_low, first_high, second_high)
    )
    return Area(frame=FrameBox(west, south, east, north))


def around(frame: str, lon: float, lat: float, radius_m: float) -> tuple[float, float, BBox] | None:
    """The town metres of a point and a lon/lat box that surely holds everything within `radius_m` of it.

    Easting, northing in metres; None where the town frame has no coordinates (the other side of the earth).
    """
    way = to_lonlat(frame)
    easting, northing = way.inverse(np.array([lon]), np.array([lat]))
    easting_m, northing_m = float(easting[0]), float(northing[0])
    if not (np.isfinite(easting_m) and np.isfinite(northing_m)):
        return None
    reach = radius_m + 1.0
    box = way.bbox(easting_m - reach, northing_m - reach, easting_m + reach, northing_m + reach)
    values = (box.west, box.south, box.east, box.north)
    return (easting_m, northing_m, box) if all(np.isfinite(value) for value in values) else None


Output = Annotated[OutputCrs, Depends(output_of)]
AskedArea = Annotated[Area | None, Depends(area_of)]
