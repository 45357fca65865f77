"""/metrics in Prometheus' text form, for this computer only; and the counting of every answer.

A request that came through a proxy, or from elsewhere, finds no such page. Each worker process tells of itself.
"""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Iterable
from itertools import accumulate

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tile_server.counters import BOUNDS_S, Counters

GROUPS = frozenset(
    {"api", "tiles", "download", "files", "identify", "search", "styles", "health", "assets", "wms", "wmts", "jobs"}
)
"""First segments of paths that are told apart; whatever else a client writes is "other"."""
_FORWARDED = frozenset({b"x-forwarded-for", b"forwarded", b"x-real-ip"})


class Measured:
    """ASGI, around everything but tiles that are ready."""

    def __init__(self, app: ASGIApp, counters: Counters) -> None:
        self._app = app
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] == "/metrics" and scope["method"] == "GET" and _from_here(scope):
            text = "".join(f"{line}\n" for line in _lines(self._counters))
            await PlainTextResponse(text, media_type="text/plain; version=0.0.4")(scope, receive, send)
            return
        await self._counted(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        first = scope["path"][1:].partition("/")[0]
        group, began, status = first if first in GROUPS else "other", time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._counters.running += 1
        try:
            await self._app(scope, receive, noted)
        finally:
            self._counters.running -= 1
            self._counters.answered(group, status, time.perf_counter() - began)


def _from_here(scope: Scope) -> bool:
    client = scope.get("client")
    try:
        local = client is not None and ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False
    return local and not any(name in _FORWARDED for name, _ in scope["headers"])


def _lines(counters: Counters) -> Iterable[str]:
    yield "# TYPE machizu_tiles_ready_total counter"
    yield f"machizu_tiles_ready_total {counters.tiles}"
    yield "# TYPE machizu_requests_total counter"
    for (group, status), count in sorted(counters.answers.items()):
        yield f'machizu_requests_total{{group="{group}",status="{status}"}} {count}'
    yield "# TYPE machizu_request_seconds histogram"
    for group in sorted(counters.seconds):
        count = sum(number for (name, _), number in counters.answers.items() if name == group)
        within = accumulate(counters.classes[group, bound] for bound in BOUNDS_S)
        for bound, number in zip(BOUNDS_S, within, strict=True):
            yield f'machizu_request_seconds_bucket{{group="{group}",le="{bound:g}"}} {number}'
        yield f'machizu_request_seconds_bucket{{group="{group}",le="+Inf"}} {count}'
        yield f'machizu_request_seconds_sum{{group="{group}"}} {counters.seconds[group]:.6f}'
        yield f'machizu_request_seconds_count{{group="{group}"}} {count}'
    yield "# TYPE machizu_requests_running gauge"
    yield f"machizu_requests_running {counters.running}"
    yield "# TYPE machizu_worker_started_seconds gauge"
    yield f'machizu_worker_started_seconds{{pid="{os.getpid()}"}} {counters.started:.0f}'
