"""/ and /assets: the built viewer out of the package; /list: the same content without a script."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from mimetypes import guess_type

from fastapi import APIRouter, Request, Response

from gis_pipeline.errors import UnknownItem
from tile_server import caching, documents
from tile_server.openapi import described
from tile_server.params import Instant
from tile_server.respond import HTML, reply_page
from tile_server.site import Asked

router = APIRouter()

_YEAR = "public, max-age=31536000, immutable"
_HOUR = "public, max-age=3600"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


def _built() -> Traversable:
    return files("web_viewer") / "dist"


def _member(root: Traversable, name: str) -> Traversable | None:
    """A file below a folder, found by walking its listing: a name from a request never becomes a path."""
    folder, found = root, None
    for part in name.split("/"):
        if not folder.is_dir():
            return None
        found = next((entry for entry in folder.iterdir() if entry.name == part), None)
        if found is None:
            return None
        folder = found
    return found if found is not None and found.is_file() else None


def _static(member: Traversable, cache: str, request: Request) -> Response:
    content = member.read_bytes()
    suffix = "." + member.name.rpartition(".")[2]
    kind = _TYPES.get(suffix) or guess_type(member.name)[0] or "application/octet-stream"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    headers = {"etag": f'W/"{_digest(content)}"', "cache-control": cache}
    if caching.matches(request.headers.get("if-none-match"), headers["etag"]):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=kind, headers=headers)


@lru_cache(maxsize=64)
def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


@router.get("/", include_in_schema=False)
def index(view: Asked, request: Request) -> Response:
    """The viewer; until it is built, a page that lists the maps."""
    page = _member(_built(), "index.html") if _built().is_dir() else None
    return listing(view, request) if page is None else _static(page, caching.REVALIDATE, request)


@router.get("/list", **described("", HTML, summary="地図の一覧（スクリプトなし）"))
def listing(view: Asked, request: Request, on: Instant = None) -> Response:
    """Every map by theme, with its state of a day and its downloads."""
    view = view.at(on)
    described_all = [documents.collection_document(view, entry) for entry in view.snapshot.collections()]
    themes: dict[str, list[dict[str, object]]] = {}
    for document in described_all:
        themes.setdefault(document["theme"] or "その他", []).append(document)
    return reply_page(view, request, "list.html", themes=themes, about=documents.service_document(view))


@router.get("/assets/{name:path}", include_in_schema=False)
def asset(request: Request, name: str) -> Response:
    """The viewer's own files; their names carry their hash."""
    member = _member(_built(), f"assets/{name}") if _built().is_dir() else None
    if member is None:
        raise UnknownItem("そのファイルはありません。")
    return _static(member, _YEAR, request)


@router.get("/pages/style.css", include_in_schema=False)
def stylesheet(request: Request) -> Response:
    """The style of the pages that need no script."""
    return _static(files("tile_server") / "pages" / "style.css", _HOUR, request)


@router.get("/favicon.ico", include_in_schema=False)
@router.get("/favicon.svg", include_in_schema=False)
def favicon(request: Request) -> Response:
    """A small picture of a folded map."""
    return _static(files("tile_server") / "pages" / "favicon.svg", _HOUR, request)
