"""/identify: everything that every map says about one point."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from gis_pipeline.errors import UnknownItem
from gis_pipeline.model import CollectionEntry
from tile_server import documents
from tile_server.answers import Found, Spot, contains, feature_document, look
from tile_server.boxes import around
from tile_server.errors import RequestError
from tile_server.numbers import number
from tile_server.openapi import described
from tile_server.params import Instant
from tile_server.respond import JSON, reply_json
from tile_server.site import Asked, View

router = APIRouter()

DEFAULT_RADIUS_M = 10.0


@router.get("/identify", **described("identify", JSON, summary="この地点に何がかかるか"))
def identify(
    view: Asked,
    request: Request,
    on: Instant,
    lon: Annotated[str | None, Query(description="経度")] = None,
    lat: Annotated[str | None, Query(description="緯度")] = None,
    radius_m: Annotated[str | None, Query(description="線と点をさがす距離 (m)")] = None,
) -> Response:
    """Polygons count when they hold the point, lines and points within `radius_m` of it (default 10 m)."""
    spot = _spot(view, lon, lat, radius_m)
    inside = _inside_town(view, spot, on)
    layers = [_look(view, entry, spot, on, inside) for entry in view.snapshot.collections() if _asked(entry)]
    document = {
        "lon": spot.lon,
        "lat": spot.lat,
        "easting_m": round(spot.easting_m, 3),
        "northing_m": round(spot.northing_m, 3),
        "insideTown": inside,
        "layers": [_layer(view, found, on) for found in layers],
    }
    return reply_json(view, request, document)


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


def _inside_town(view: View, spot: Spot, on: dt.date | None) -> bool | None:
    """None where the service declares no boundary, or none is in force."""
    entry = view.snapshot.release.entry(view.service.boundary)
    published = view.current(entry, on)[0] if entry is not None else None
    if published is None:
        return None
    return contains(view.site.stores.open(published.file("store.sqlite")), spot)


def _look(view: View, entry: CollectionEntry, spot: Spot, on: dt.date | None, inside: bool | None) -> Found:
    published, reason = view.current(entry, on)
    if published is None:
        return Found(entry.declaration, None, "nodata", withdrawn=reason)
    store = view.site.stores.open(published.file("store.sqlite"))
    return look(entry.declaration, published, store, spot, inside)


def _layer(view: View, found: Found, on: dt.date | None) -> dict[str, Any]:
    declaration, published = found.declaration, found.published
    edition = None if published is None else published.edition
    label = partial(documents.labelled, declaration)
    return {
        "collection": declaration.id,
        "title": declaration.title,
        "theme": declaration.theme,
        "edition": None if edition is None else edition.id,
        "takesEffect": None if edition is None else edition.takes_effect.isoformat(),
        "authority": declaration.authority,
        "legalBasis": declaration.legal_basis,
        "mapLevel": declaration.map_level if edition is None else edition.map_level,
        "accuracyM": declaration.tolerance_m if edition is None else edition.accuracy_m,
        "attribution": declaration.attribution or view.service.attribution,
        "notices": [] if published is None else list(published.notices),
        "state": found.state,
        "withdrawn": found.withdrawn or None,
        "features": [
            feature_document(near, label, _href(view, declaration.id, near.feature.fid, on)) for near in found.near
        ],
    }


def _href(view: View, collection_id: str, fid: str, on: dt.date | None) -> str:
    day = None if on is None else on.isoformat()
    return view.url("api", "collections", collection_id, "items", fid, datetime=day)
