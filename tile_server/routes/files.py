"""/files/{collectionId}/{edition}/{asset}: the published files themselves, immutable, with Range."""

from __future__ import annotations

from fastapi import APIRouter, Response

from gis_pipeline.errors import UnknownItem
from tile_server.files import file_response
from tile_server.openapi import ANY_FILE, described
from tile_server.params import CollectionId
from tile_server.site import Asked

router = APIRouter()


@router.get("/files/{collectionId}/{edition}/{asset:path}", **described("", ANY_FILE, summary="公開ファイル"))
def published_file(view: Asked, collection_id: CollectionId, edition: str, asset: str) -> Response:
    """Only names that stand in the edition's list of assets exist; no path is ever made from a request."""
    published = view.snapshot.edition(collection_id, edition_id=edition)
    listed = published.edition.asset(asset)
    if listed is None:
        raise UnknownItem(f"「{published.declaration.title}」{published.edition.id} 版にそのファイルはありません。")
    return file_response(view, published, listed, immutable=True)
