"""What every answer of the application has in common, as plain ASGI: methods, CORS, HEAD, safe headers, compression.

Prebuilt tiles (`tile_server.tiles`) are answered before this and send the same headers themselves.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from typing import Any

import anyio
import brotli
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tile_server.errors import RequestError, answer, status_problem

METHODS = "GET, HEAD, OPTIONS"

OPEN_TO_ALL: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Accept-Ranges, Content-Bbox, Content-Crs, Content-Datetime, Content-Disposition, Content-Range, ETag, Link, "
        b"X-Machizu-Edition",
    ),
    (b"x-content-type-options", b"nosniff"),
)
"""Reading is open to every site; nothing here depends on cookies."""

PAGE_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data: blob: https://cyberjapandata.gsi.go.jp; "
        "script-src 'self'; style-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'self'"
    ),
    "x-frame-options": "SAMEORIGIN",
    "permissions-policy": "geolocation=(self), camera=(), microphone=(), payment=()",
}
"""For pages: nothing from other hosts but the tiles of 国土地理院, which the browser itself fetches when chosen."""

_PAGE = tuple((name.encode(), value.encode()) for name, value in PAGE_HEADERS.items())
_HOST = re.compile(rb"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_ASKED_METHOD = "machizu.method"
_COMPRESSIBLE = re.compile(rb"text/|application/([a-z.0-9+-]*json|javascript|xml|manifest\+json)|image/svg\+xml")
_LEAST = 800
_AT_ONCE = 50_000


def asked_method(scope: Scope) -> str:
    """The method the client used: inside, a HEAD is a GET whose body is dropped."""
    method: str = scope.get(_ASKED_METHOD, scope["method"])
    return method


def accepts_encoding(header: str | None, coding: str) -> bool:
    """Whether Accept-Encoding admits a coding (RFC 9110 §12.5.3)."""
    if not header:
        return False
    star = False
    for item in header.split(","):
        name, _, rest = item.strip().partition(";")
        quality = rest.partition("q=")[2].strip()
        refused = quality != "" and re.fullmatch(r"0(\.0*)?", quality) is not None
        if name.strip().lower() == coding:
            return not refused
        if name.strip() == "*":
            star = not refused
    return star


class Front:
    """Answers OPTIONS and wrong methods, refuses a senseless Host, and finishes the headers of every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        finished = _finishing(send, method == "HEAD")
        if method == "OPTIONS":
            await _preflight(finished)
        elif method not in ("GET", "HEAD"):
            await status_problem(405, {"allow": METHODS})(scope, receive, finished)
        elif (host := _named(scope["headers"], b"host")) is not None and not _HOST.fullmatch(host):
            await answer(RequestError("Host の書き方が正しくありません。", "Bad Host header.", "Host"))(
                scope, receive, finished
            )
        else:
            await self._app({**scope, "method": "GET", _ASKED_METHOD: method}, receive, finished)


def _finishing(send: Send, head: bool) -> Send:
    async def finish(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = finished = [*message["headers"], *OPEN_TO_ALL]
            names = dict(finished)
            if b"referrer-policy" not in names:
                finished.append((b"referrer-policy", b"strict-origin-when-cross-origin"))
            if names.get(b"content-type", b"").startswith(b"text/html"):
                finished.extend(pair for pair in _PAGE if pair[0] not in names)
        elif head:
            if message.get("more_body", False):
                return
            message = {**message, "body": b""}
        await send(message)

    return finish


async def _preflight(send: Send) -> None:
    headers = [
        (b"allow", METHODS.encode()),
        (b"access-control-allow-methods", METHODS.encode()),
        (b"access-control-allow-headers", b"Accept, Accept-Language, Content-Type, If-None-Match, If-Range, Range"),
        (b"access-control-max-age", b"86400"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


class Compress:
    """br or gzip for text that is sent in one piece; files with Range support go out as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        accepted = _named(scope["headers"], b"accept-encoding")
        coding = None
        if accepted is not None:
            coding = next((name for name in ("br", "gzip") if accepts_encoding(accepted.decode("latin-1"), name)), None)
        held: dict[str, Any] = {}

        async def compress(message: Message) -> None:
            if message["type"] == "http.response.start" and _suits(message):
                held["start"] = message
                return
            start = held.pop("start", None)
            if start is not None:
                message = await _compressed(start, message, coding)
                await send(start)
            await send(message)

        await self._app(scope, receive, compress)


def _suits(start: Message) -> bool:
    """Every answer passes here: the raw list is asked, which takes a tenth of the time of an object over it."""
    headers = start["headers"]
    return (
        _COMPRESSIBLE.match(_named(headers, b"content-type") or b"") is not None
        and _named(headers, b"content-encoding") is None
        and _named(headers, b"accept-ranges") is None
    )


def _named(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes | None:
    """The first header of a name in lower case, as ASGI has them."""
    return next((value for name, value in headers if name == wanted), None)


async def _compressed(start: Message, message: Message, coding: str | None) -> Message:
    """The body message, compressed if it is whole and worth it; the headers of `start` are set to match."""
    if b"Accept-Encoding" not in (_named(start["headers"], b"vary") or b""):
        MutableHeaders(scope=start).add_vary_header("Accept-Encoding")
    body: bytes = message.get("body", b"")
    if coding is None or message.get("more_body", False) or len(body) < _LEAST:
        return message
    packed = await anyio.to_thread.run_sync(_pack, body, coding) if len(body) > _AT_ONCE else _pack(body, coding)
    headers = MutableHeaders(scope=start)
    headers["content-encoding"] = coding
    headers["content-length"] = str(len(packed))
    etag = headers.get("etag")
    if etag is not None and not etag.startswith("W/"):
        headers["etag"] = "W/" + etag
    return {**message, "body": packed}


def _pack(body: bytes, coding: str) -> bytes:
    return bytes(brotli.compress(body, quality=4)) if coding == "br" else gzip.compress(body, 5, mtime=0)
