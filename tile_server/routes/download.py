"""/download/{collectionId}.{ext}: the whole file of the edition in force, or a part of it made for the request."""

from __future__ import annotations

import datetime as dt
import logging
import shutil
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

import anyio
import orjson
from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import StreamingResponse

from gis_pipeline.catalog import Published
from gis_pipeline.errors import MachineError, UnknownItem
from gis_pipeline.members import Download
from gis_pipeline.model import Asset
from gis_pipeline.proof import WrongFileError
from tile_server import caching, clip, jobs, making
from tile_server.clip import Order
from tile_server.errors import Busy, NotMade
from tile_server.files import check_downloadable, disposition, file_response
from tile_server.openapi import ANY_FILE, described
from tile_server.ordering import Wish, Wished, order
from tile_server.params import Instant
from tile_server.respond import JSON
from tile_server.site import Asked, View

router = APIRouter()

LOGGER = logging.getLogger("machizu.downloads")
_BLOCK = 1 << 18


async def _there(view: Asked, name: str) -> None:
    """What is asked for is looked up before the rest of the request is read: there is no part of what there is not."""
    view.snapshot.collection(name.partition(".")[0])


@router.get(
    "/download/{name}",
    dependencies=[Depends(_there)],
    **described("", ANY_FILE, summary="地図のダウンロード"),
)
async def download(view: Asked, request: Request, name: str, on: Instant, wish: Wish) -> Response:
    """`youto.geojson`, `.gpkg`, `.shp.zip`, `.fgb`, `.parquet`, `.kml`, `.csv`, `.xlsx` …; scans `.tif`, `.tfw.zip`.

    Without more: the published file. With `bbox`, `area`, `sheet` or `route` (and `buffer_m`): the features that
    touch it, uncut; with `clip=true` cut at its boundary. A long one answers 202 with the address of a job.
    """
    collection_id, _, suffix = name.partition(".")
    published = view.published(collection_id, on)
    asset = _asset(published, suffix)
    member = making.formats().get(suffix)
    if wish.whole and wish.clip is None and wish.buffer_m is None and (asset is not None or member is None):
        title = published.declaration.title.replace("/", "／")
        filename = f"{title}_{published.edition.id}.{suffix}"
        return file_response(view, published, asset or _none(published, suffix), immutable=False, filename=filename)
    if member is None:
        raise UnknownItem(f"「{published.declaration.title}」を .{suffix[:20]} で渡すことはできません。")
    if view.site.jobs.limiter.statistics().tasks_waiting >= jobs.MOST_WAITING:
        raise Busy("いまは込み合っています。しばらくしてからお試しください。", "Too many downloads are being made.")
    asked = await anyio.to_thread.run_sync(partial(_order, view, published, suffix, member, wish, on))
    etag = caching.weak_tag(*_identity(view, request, published))
    headers = {
        "etag": etag,
        "cache-control": caching.PRIVATE if view.candidate else caching.REVALIDATE,
        "x-machizu-edition": published.edition.id,
        "content-disposition": disposition(f"{collection_id}_{published.edition.id}.{suffix}", asked.filename),
    } | making.warned(member)
    if caching.matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    made = await anyio.to_thread.run_sync(partial(_made, view, request, asked, member), limiter=view.site.jobs.limiter)
    if isinstance(made, jobs.Job):
        return _accepted(view, made)
    size = made.seek(0, 2)
    made.seek(0)
    headers["content-length"] = str(size)
    return StreamingResponse(_blocks(made), media_type=member.MEDIA_TYPE, headers=headers)


def _order(view: View, published: Published, suffix: str, member: Download, wish: Wished, on: dt.date | None) -> Order:
    if wish.whole and making.is_picture(member) and len(clip.masters(published)) > 1:
        title = published.declaration.title
        raise UnknownItem(f"「{title}」は図郭ごとのファイルです。図郭か範囲を選んでダウンロードしてください。")
    return order(view, published, suffix, member, wish, on)


def _identity(view: View, request: Request, published: Published) -> tuple[object, ...]:
    """Everything that determines the bytes of a download."""
    release = view.snapshot.release
    asked = sorted(request.query_params.multi_items())
    return (
        version("machizu"),
        release.number,
        release.made_at,
        view.today,
        published.edition.key,
        request.url.path,
        asked,
    )


def _made(view: View, request: Request, asked: Order, member: Download) -> BinaryIO | jobs.Job:
    """The proven file, open and already without a name, so that nothing is left however the request ends; or a job."""
    store = view.site.stores.open(asked.published.file("store.sqlite"))
    seqs, long = clip.bounded(asked, store, making.is_picture(member), making.effort(member), view.site.settings)
    if long:
        return _begun(view, request, asked, member, seqs)
    folder = Path(tempfile.mkdtemp(prefix="machizu-download-"))
    try:
        return making.make(asked, store, seqs, folder).open("rb")
    except MachineError as error:
        LOGGER.error("a download cannot be written: %s %s", request.url.path, error)
        raise NotMade(jobs.NO_ROOM) from error
    except WrongFileError as error:
        LOGGER.error("a download failed its proof: %s %s", request.url.path, error)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _begun(view: View, request: Request, asked: Order, member: Download, seqs: list[int]) -> jobs.Job:
    settings, stores = view.site.settings, view.site.stores
    job = jobs.Job(
        id=jobs.number(*_identity(view, request, asked.published)),
        collection=asked.published.declaration.id,
        edition=asked.published.edition.id,
        status="running",
        expires=time.time() + settings.job_keep_s,
        filename=asked.filename,
        suffix=asked.suffix,
        media_type=member.MEDIA_TYPE,
    )

    def work(folder: Path, progress: making.Progress) -> Path:
        store = stores.open(asked.published.file("store.sqlite"))
        return making.make(asked, store, seqs, folder, progress)

    return view.site.jobs.start(settings, job, work)


def _accepted(view: View, job: jobs.Job) -> Response:
    address = view.url("jobs", job.id)
    body = {
        "id": job.id,
        "status": job.status,
        "detail": "大きなダウンロードなので、作り終わるまでお待ちください。",
        "detailEn": "This is a long download: its state is told at the address given.",
        "links": [{"href": address, "rel": "monitor", "type": JSON}],
    }
    headers = {"location": address, "retry-after": "2", "cache-control": "no-store"}
    return Response(orjson.dumps(body), 202, headers, JSON)


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while block := stream.read(_BLOCK):
            yield block


def _asset(published: Published, suffix: str) -> Asset | None:
    """The one published file of that ending; sheets are many, so they are taken one by one."""
    check_downloadable(published)
    found = [asset for asset in published.edition.assets if asset.name.rpartition("/")[2].partition(".")[2] == suffix]
    whole = [
        asset
        for asset in found
        # A scan has two .pmtiles: its picture tiles are offered under /files (documents.download_url).
        if "/" not in asset.name and asset.act != "screen" and asset.output != "image_pmtiles"
    ]
    if whole:
        return whole[0]
    return found[0] if len(found) == 1 else None


def _none(published: Published, suffix: str) -> Asset:
    raise UnknownItem(f"「{published.declaration.title}」に .{suffix[:20]} のファイルはありません。")
