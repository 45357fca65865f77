"""/api/collections, /api/collections/{collectionId}: which maps there are."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from gis_pipeline.crs import output_crs
from tile_server import documents
from tile_server.openapi import described
from tile_server.params import CollectionId, Instant
from tile_server.respond import HTML, JSON, Wanted, both_forms, reply_both
from tile_server.site import Asked

router = APIRouter()


@router.get("/api/collections", **described("collections", JSON, HTML, summary="地図の一覧"))
def collections(view: Asked, request: Request, on: Instant, form: Wanted) -> Response:
    """OGC 17-069r4, 7.13: every collection that is offered, also one with nothing in force on the day."""
    view = view.at(on)
    document: dict[str, Any] = {
        "links": both_forms(view, form, "api", "collections", datetime=view.day),
        "crs": [crs.uri for crs in output_crs(view.service.crs)],
        "collections": [documents.collection_document(view, entry, form) for entry in view.snapshot.collections()],
    }
    return reply_both(view, request, form, document, "collections.html")


@router.get("/api/collections/{collectionId}", **described("collection", JSON, HTML, summary="一つの地図"))
def collection(view: Asked, request: Request, collection_id: CollectionId, on: Instant, form: Wanted) -> Response:
    """OGC 17-069r4, 7.14: one collection, as of a day; データ無し if a day is named on which nothing was in force."""
    view = view.on_named_day(collection_id, on)
    document = documents.collection_document(view, view.snapshot.collection(collection_id), form)
    return reply_both(view, request, form, document, "collection.html")
