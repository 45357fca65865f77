"""/jobs/{jobId}: how far a long download is, and its file when it is done."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Response
from starlette.responses import FileResponse

from gis_pipeline.errors import UnknownItem
from tile_server import making
from tile_server.files import check_downloadable, disposition
from tile_server.jobs import Job
from tile_server.openapi import ANY_FILE, described
from tile_server.respond import JSON, link
from tile_server.site import Asked, View

router = APIRouter()

JobId = Annotated[str, Path(alias="jobId", description="ダウンロードの番号")]


@router.get("/jobs/{jobId}", **described("job", JSON, summary="大きなダウンロードの進みぐあい"))
def job(view: Asked, job_id: JobId) -> Response:
    """`status` is running, done or failed; `progress` in percent; when done, a link `result` until `expires`."""
    found = _job(view, job_id)
    links = [link(view.url("jobs", found.id), "self", JSON)]
    if found.status == "done":
        links.append(link(view.url("jobs", found.id, "result"), "result", found.media_type, found.filename))
    expires = dt.datetime.fromtimestamp(found.expires, dt.UTC)
    body: dict[str, Any] = {
        "id": found.id,
        "status": found.status,
        "progress": found.progress,
        "collection": found.collection,
        "edition": found.edition,
        "message": found.message,
        "expires": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "links": links,
    }
    headers = {"cache-control": "no-store"} | ({"retry-after": "2"} if found.status == "running" else {})
    return Response(orjson.dumps(body), 200, headers, JSON)


@router.get("/jobs/{jobId}/result", **described("", ANY_FILE, summary="作り終わったファイル"))
def result(view: Asked, job_id: JobId) -> Response:
    """The file, with Range; 404 before it is done and after it has expired, 410 if the edition was withdrawn."""
    found = _job(view, job_id)
    path = view.site.jobs.result(view.site.settings, found)
    if found.status != "done" or not path.is_file():
        raise UnknownItem("このダウンロードはまだ出来ていません。")
    headers = {
        "cache-control": "private, no-store",
        "content-disposition": disposition(f"{found.collection}_{found.edition}.{found.suffix}", found.filename),
        "x-machizu-edition": found.edition,
    } | making.warned(making.formats().get(found.suffix))
    return FileResponse(path, headers=headers, media_type=found.media_type)


def _job(view: View, job_id: str) -> Job:
    found = view.site.jobs.find(view.site.settings, job_id)
    if found is None:
        raise UnknownItem(
            "そのダウンロードはありません。期限が切れたか、途中で止まりました。もう一度お申し込みください。"
        )
    check_downloadable(view.snapshot.edition(found.collection, edition_id=found.edition))
    return found
