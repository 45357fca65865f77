"""/api/stac: the catalogue of collections, editions and sheets with checksums (STAC 1.1)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from tile_server import stac
from tile_server.openapi import described
from tile_server.params import CollectionId, Moment
from tile_server.respond import GEOJSON, JSON, reply_json
from tile_server.site import Asked

router = APIRouter()

ItemId = Annotated[str, Path(alias="itemId", description="版、または 版_図郭番号")]


@router.get("/api/stac", **described("document", JSON, summary="目録 (STAC)"))
def catalogue(view: Asked, request: Request, when: Moment) -> Response:
    """The root of the catalogue; `datetime` keeps the collections that had something in force then."""
    return reply_json(view, request, stac.catalogue(view, when, request.query_params.get("datetime")))


@router.get("/api/stac/collections/{collectionId}", **described("document", JSON, summary="目録の一つの地図"))
def collection(view: Asked, request: Request, collection_id: CollectionId, when: Moment) -> Response:
    """One collection with its editions and sheets as items."""
    entry = view.snapshot.collection(collection_id)
    return reply_json(view, request, stac.collection(view, entry, when, request.query_params.get("datetime")))


@router.get(
    "/api/stac/collections/{collectionId}/items/{itemId}",
    **described("featureGeoJSON", GEOJSON, summary="目録の一つの版または図郭"),
)
def item(view: Asked, request: Request, collection_id: CollectionId, item_id: ItemId) -> Response:
    """One edition or one sheet of it: place, day, terms, accuracy, files with size and checksum."""
    return reply_json(view, request, stac.item(view, collection_id, item_id), GEOJSON)
