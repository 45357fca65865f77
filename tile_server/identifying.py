"""What the maps say about one place, for people: /identify, and GetFeatureInfo of WMS and WMTS. Blocking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from gis_pipeline.model import CollectionEntry
from tile_server import documents
from tile_server.answers import MOST_FEATURES, Found, Spot, contains, feature_document, look
from tile_server.site import View


def inside_town(view: View, spot: Spot) -> bool | None:
    """None where the service declares no boundary, or none is in force."""
    entry = view.snapshot.release.entry(view.service.boundary)
    published = view.current(entry)[0] if entry is not None else None
    if published is None:
        return None
    return contains(view.site.stores.open(published.file("store.sqlite")), spot)


def look_at(
    view: View, entries: Iterable[CollectionEntry], spot: Spot, inside: bool | None, most: int = MOST_FEATURES
) -> list[Found]:
    """What is in force of each collection at the spot, up to `most` features of each."""
    found: list[Found] = []
    for entry in entries:
        published, reason = view.current(entry)
        if published is None:
            found.append(Found(entry.declaration, None, "nodata", withdrawn=reason))
            continue
        store = view.site.stores.open(published.file("store.sqlite"))
        found.append(look(entry.declaration, published, store, spot, inside, most))
    return found


def place_document(view: View, spot: Spot, inside: bool | None, found: Sequence[Found]) -> dict[str, Any]:
    """The place and what each collection says about it."""
    return {
        "lon": spot.lon,
        "lat": spot.lat,
        "easting_m": round(spot.easting_m, 3),
        "northing_m": round(spot.northing_m, 3),
        "insideTown": inside,
        "layers": [_layer(view, one) for one in found],
    }


def _layer(view: View, found: Found) -> dict[str, Any]:
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
            feature_document(near, label, _href(view, declaration.id, near.feature.fid)) for near in found.near
        ],
    }


def _href(view: View, collection_id: str, fid: str) -> str:
    return view.url("api", "collections", collection_id, "items", fid, datetime=view.day)
