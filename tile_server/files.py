"""Published files over HTTP: Range, ETag from the asset's sha256, HEAD without reading, problems for errors."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from gis_pipeline.catalog import Published
from gis_pipeline.errors import MachineError
from gis_pipeline.model import Asset
from tile_server import caching
from tile_server.errors import Forbidden, status_problem
from tile_server.front import asked_method
from tile_server.site import View

_RANGE = re.compile(r"bytes=(?P<spec>[0-9,\- ]{1,400})")
_SPAN = re.compile(r"([0-9]{0,18})-([0-9]{0,18})")


class PublishedFile(FileResponse):
    """A file that never changes. A Range header of another form is ignored, as RFC 9110 §14.2 allows."""

    def __init__(self, path: Path, asset: Asset, headers: dict[str, str]) -> None:
        shared = {"etag": f'"{asset.sha256[:32]}"', "accept-ranges": "bytes"} | headers
        try:
            status = path.stat()
        except OSError as error:
            raise MachineError(f"{asset.name} を読めません。") from error
        super().__init__(path, headers=shared, media_type=asset.media_type, stat_result=status)
        self._size = status.st_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        headers = Headers(scope=scope)
        if caching.matches(headers.get("if-none-match"), self.headers["etag"]):
            kept = {
                name: value for name, value in self.headers.items() if name not in ("content-length", "content-type")
            }
            await Response(status_code=304, headers=kept)(scope, receive, send)
            return
        verdict = _judge(headers.get("range"), self._size)
        if verdict == "unsatisfiable":
            await status_problem(416, {"content-range": f"bytes */{self._size}"})(scope, receive, send)
            return
        inner = {**scope, "method": asked_method(scope)}
        if verdict == "ignore":
            inner["headers"] = [pair for pair in scope["headers"] if pair[0] != b"range"]
        await super().__call__(inner, receive, send)


def _judge(header: str | None, size: int) -> str:
    """ "serve", "ignore" (not a byte range of the known form, or too many) or "unsatisfiable"."""
    match = _RANGE.fullmatch(header.strip()) if header is not None else None
    parts = match["spec"].split(",") if match is not None else []
    verdicts = [_judge_part(part.strip(), size) for part in parts[:9]]
    if not 0 < len(verdicts) <= 8 or "ignore" in verdicts:
        return "ignore"
    return "unsatisfiable" if "unsatisfiable" in verdicts else "serve"


def _judge_part(part: str, size: int) -> str:
    span = _SPAN.fullmatch(part)
    if span is None or part == "-":
        return "ignore"
    first, last = span[1], span[2]
    if not first:
        return "unsatisfiable" if int(last) == 0 else "serve"
    if last and int(last) < int(first):
        return "ignore"
    return "unsatisfiable" if int(first) >= size else "serve"


def check_downloadable(published: Published) -> None:
    """Forbidden for a collection whose declaration does not say what a recipient may do: it is for viewing only."""
    if not published.declaration.downloadable:
        title = published.declaration.title
        raise Forbidden(
            f"「{title}」は閲覧のみで、ダウンロードはできません。必要なときは窓口にお問い合わせください。",
            "This collection is published for viewing only.",
        )


def check_permitted(published: Published, asset: Asset) -> None:
    """Forbidden for what is only shown: viewing-only collections, and the server's own index files."""
    check_downloadable(published)
    if asset.act == "screen":
        raise Forbidden(
            f"{asset.name} は画面表示のためのファイルで、ダウンロードはできません。",
            "This file serves the screen only; take one of the listed downloads.",
        )


def file_response(view: View, published: Published, asset: Asset, *, immutable: bool, filename: str = "") -> Response:
    """The whole published file; with `filename` it is offered for saving under that name."""
    check_permitted(published, asset)
    settings = view.site.settings
    if view.candidate:
        cache = caching.PRIVATE
    elif immutable:
        cache = caching.IMMUTABLE.format(settings.edition_max_age_s)
    else:
        cache = caching.REVALIDATE
    headers = {"cache-control": cache, "x-machizu-edition": published.edition.id}
    if filename:
        plain = f"{published.declaration.id}_{published.edition.id}.{asset.name.rpartition('/')[2].partition('.')[2]}"
        headers["content-disposition"] = disposition(plain, filename)
    return PublishedFile(published.file(asset.name), asset, headers)


def disposition(plain: str, filename: str) -> str:
    """Content-Disposition with an ASCII name for old programs and the Japanese one for all others (RFC 6266)."""
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
