"""/download/{collectionId}.{ext}: the whole file of the edition in force, under a name a person recognises."""

from __future__ import annotations

from fastapi import APIRouter, Response

from gis_pipeline.catalog import Published
from gis_pipeline.errors import UnknownItem
from gis_pipeline.model import Asset
from tile_server.files import check_downloadable, file_response
from tile_server.openapi import ANY_FILE, described
from tile_server.params import Instant
from tile_server.site import Asked

router = APIRouter()


@router.get("/download/{name}", **described("", ANY_FILE, summary="地図のダウンロード"))
def download(view: Asked, name: str, on: Instant) -> Response:
    """`youto.geojson`, `.gpkg`, `.fgb`, `.parquet`, `.csv`, `.pmtiles`; `datetime` for an earlier state."""
    collection_id, _, extension = name.rpartition(".")
    published = view.published(collection_id, on)
    asset = _asset(published, extension)
    title = published.declaration.title.replace("/", "／")
    return file_response(
        view, published, asset, immutable=False, filename=f"{title}_{published.edition.id}.{extension}"
    )


def _asset(published: Published, extension: str) -> Asset:
    """The one file of that extension; sheets are many, so they are taken one by one."""
    check_downloadable(published)
    found = [asset for asset in published.edition.assets if asset.name.rpartition(".")[2] == extension]
    whole = [
        asset
        for asset in found
        # A scan has two .pmtiles: its picture tiles are offered under /files (documents.download_url).
        if "/" not in asset.name and asset.act != "screen" and asset.output != "image_pmtiles"
    ]
    if whole:
        return whole[0]
    if len(found) == 1:
        return found[0]
    title = published.declaration.title
    if found:
        raise UnknownItem(f"「{title}」は図郭ごとのファイルです。図郭を選んでダウンロードしてください。")
    raise UnknownItem(f"「{title}」に .{extension[:20]} のファイルはありません。")
