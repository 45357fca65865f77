"""/api/collections/{collectionId}/queryables, …/sortables, …/schema: what features can be asked for and have."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from tile_server import propertyschemas
from tile_server.documents import SCHEMA_JSON
from tile_server.openapi import described
from tile_server.params import CollectionId, Instant
from tile_server.respond import HTML, Form, Wanted, reply_both, reply_json
from tile_server.site import Asked, View

router = APIRouter()


def _reply(
    view: View, request: Request, collection_id: str, form: Form, document: dict[str, Any], heading: str
) -> Response:
    if form == "html":
        declaration = view.snapshot.collection(collection_id).declaration
        return reply_both(view, request, form, document, "queryables.html", collection=declaration, heading=heading)
    return reply_json(view, request, document, SCHEMA_JSON)


@router.get(
    "/api/collections/{collectionId}/queryables",
    **described("document", SCHEMA_JSON, HTML, summary="検索に使える属性"),
)
def queryables(view: Asked, request: Request, collection_id: CollectionId, on: Instant, form: Wanted) -> Response:
    """OGC 19-079r2, 6: the properties that `items` can be filtered by, as JSON Schema."""
    view = view.on_named_day(collection_id, on)
    declaration = view.snapshot.collection(collection_id).declaration
    document = propertyschemas.queryables(declaration, view)
    return _reply(view, request, collection_id, form, document, "検索に使える属性")


@router.get(
    "/api/collections/{collectionId}/sortables",
    **described("document", SCHEMA_JSON, HTML, summary="並べ替えに使える属性"),
)
def sortables(view: Asked, request: Request, collection_id: CollectionId, on: Instant, form: Wanted) -> Response:
    """OGC 23-058, sortables: the properties that `sortby` knows, as JSON Schema."""
    view = view.on_named_day(collection_id, on)
    declaration = view.snapshot.collection(collection_id).declaration
    document = propertyschemas.sortables(declaration, view)
    return _reply(view, request, collection_id, form, document, "並べ替えに使える属性")


@router.get(
    "/api/collections/{collectionId}/schema",
    **described("document", SCHEMA_JSON, HTML, summary="属性の説明"),
)
def schema(view: Asked, request: Request, collection_id: CollectionId, on: Instant, form: Wanted) -> Response:
    """OGC 23-058: what a feature has, with titles, types, units and roles, as JSON Schema."""
    view = view.on_named_day(collection_id, on)
    declaration = view.snapshot.collection(collection_id).declaration
    document = propertyschemas.returnables(declaration, view)
    return _reply(view, request, collection_id, form, document, "属性の説明")
