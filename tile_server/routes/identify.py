"""/identify: everything that every map says about one point."""

from __future__ import annotations

from typing import Annotated

import anyio
from fastapi import APIRouter, Query, Request, Response

from gis_pipeline.errors import UnknownItem
from gis_pipeline.model import CollectionEntry
from tile_server.answers import Spot
from tile_server.boxes import around
from tile_server.errors import RequestError
from tile_server.identifying import inside_town, look_at, place_document
from tile_server.numbers import number
from tile_server.openapi import described
from tile_server.params import Instant
from tile_server.respond import JSON, reply_json
from tile_server.site import Asked, View

router = APIRouter()

DEFAULT_RADIUS_M = 10.0


@router.get("/identify", **described("identify", JSON, summary="この地点に何がかかるか"))
async def identify(
    view: Asked,
    request: Request,
    on: Instant,
    lon: Annotated[str | None, Query(description="経度")] = None,
    lat: Annotated[str | None, Query(description="緯度")] = None,
    radius_m: Annotated[str | None, Query(description="線と点をさがす距離 (m)")] = None,
) -> Response:
    """Polygons count when they hold the point, lines and points within `radius_m` of it (default 10 m)."""
    view = view.at(on)
    spot = _spot(view, lon, lat, radius_m)
    if _in_memory(view):  # less than a trip to a thread would take
        return _answer(view, request, spot)
    return await anyio.to_thread.run_sync(_answer, view, request, spot)


def _answer(view: View, request: Request, spot: Spot) -> Response:
    inside = inside_town(view, spot)
    found = look_at(view, filter(_asked, view.snapshot.collections()), spot, inside)
    return reply_json(view, request, place_document(view, spot, inside, found))


def _in_memory(view: View) -> bool:
    """Whether nothing that is asked has to be read from a file."""
    asked = (view.current(entry)[0] for entry in view.snapshot.collections() if _asked(entry))
    return all(view.site.stores.holds(one.file("store.sqlite")) for one in asked if one is not None)


def _asked(entry: CollectionEntry) -> bool:
    """A draft (案) or an abolished plan never appears in an answer (domain: 案 is asked for by name only)."""
    return entry.declaration.status == "決定" and entry.declaration.geometry != "none"


def _spot(view: View, lon: str | None, lat: str | None, radius_m: str | None) -> Spot:
    if lon is None or lat is None:
        raise RequestError("lon（経度）と lat（緯度）を書いてください。", "lon and lat are needed.", "lon")
    east, north = number(lon, "lon"), number(lat, "lat")
    radius = DEFAULT_RADIUS_M if radius_m is None else number(radius_m, "radius_m")
    most = view.site.settings.max_radius_m
    if not (-180 <= east <= 180 and -90 <= north <= 90):
        raise RequestError("lon は ±180、lat は ±90 の範囲です。", "lon within ±180 and lat within ±90.", "lon")
    if not 0 <= radius <= most:
        raise RequestError(f"radius_m は 0 から {most:g} までです。", f"radius_m from 0 to {most:g}.", "radius_m")
    placed = around(view.service.crs, east, north, radius)
    if placed is None:
        raise UnknownItem("この地点は遠すぎて、町の座標系で表せません。")
    return Spot(east, north, placed[0], placed[1], placed[2], radius)
