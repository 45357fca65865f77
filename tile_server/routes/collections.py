"""/api/collections, /api/collections/{collectionId}, …/queryables: which maps there are."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from gis_pipeline.crs import output_crs
from tile_server import documents
from tile_server.documents import SCHEMA_JSON
from tile_server.openapi import described
from tile_server.params import CollectionId
from tile_server.respond import HTML, JSON, Wanted, both_forms, reply_both, reply_json
from tile_server.site import Asked

router = APIRouter()


@router.get("/api/collections", **described("collections", JSON, HTML, summary="地図の一覧"))
def collections(view: Asked, request: Request, form: Wanted) -> Response:
    """OGC 17-069r4, 7.13: every collection that is offered, also one with nothing in force today."""
    document: dict[str, Any] = {
        "links": both_forms(view, form, "api", "collections"),
        "crs": [crs.uri for crs in output_crs(view.service.crs)],
        "collections": [documents.collection_document(view, entry, form) for entry in view.snapshot.collections()],
    }
    return reply_both(view, request, form, document, "collections.html")


@router.get("/api/collections/{collectionId}", **described("collection", JSON, HTML, summary="一つの地図"))
def collection(view: Asked, request: Request, collection_id: CollectionId, form: Wanted) -> Response:
    """OGC 17-069r4, 7.14: one collection."""
    document = documents.collection_document(view, view.snapshot.collection(collection_id), form)
    return reply_both(view, request, form, document, "collection.html")


@router.get(
    "/api/collections/{collectionId}/queryables",
    **described("document", SCHEMA_JSON, HTML, summary="検索に使える属性"),
)
def queryables(view: Asked, request: Request, collection_id: CollectionId, form: Wanted) -> Response:
    """The properties that `items` can be filtered by, as JSON Schema."""
    declaration = view.snapshot.collection(collection_id).declaration
    document = documents.properties_schema(declaration, view)
    if form == "html":
        return reply_both(view, request, form, document, "queryables.html", collection=declaration)
    return reply_json(view, request, document, SCHEMA_JSON)
