"""How much of what is costly one client may ask for: a bucket of tokens each, 429 with Retry-After when it is empty.

Costly is what is computed for one request. Of clipped downloads, filters and comparisons the address says so; a
picture or a tile is charged where it is about to be drawn, because only there it is known that it is not prebuilt.
Files and ordinary lists are never counted. Every worker process counts for itself.
"""

from __future__ import annotations

import ipaddress
import math
import re
import time
from collections.abc import Callable
from functools import lru_cache

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from tile_server.errors import Busy, status_problem

_COSTLY = re.compile(r"/api/collections/[^/]+/changes.*")
_KEY = "machizu.limits"
"""Where a request's scope holds the limits that `charge` asks."""
_MOST_CLIENTS = 20_000
BURST_S = 6.0
"""A bucket holds what refills in so many seconds: a map client asks for a whole screen at once."""


def costly(path: str, query: bytes) -> bool:
    """Whether a request is of the kind that is computed for it alone."""
    if path.startswith("/download/"):
        return bool(query)
    return _COSTLY.fullmatch(path) is not None or (b"filter=" in query and path.startswith("/api/"))


@lru_cache(maxsize=4096)
def party(address: str) -> str:
    """Who counts as one client: an IPv4 address, or the /64 network of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 6:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return address


class Buckets:
    """Tokens of every client: `per_minute` flow in, each costly request takes one."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_minute / 60.0
        self._most = max(1.0, self._per_s * BURST_S)
        self._clock = clock
        self._held: dict[str, tuple[float, float]] = {}

    def wait_s(self, client: str) -> int:
        """0 and one token less; or, the bucket being empty, the whole seconds until there is one again."""
        now = self._clock()
        tokens, since = self._held.get(client, (self._most, now))
        tokens = min(self._most, tokens + (now - since) * self._per_s)
        if tokens < 1.0:
            return max(1, math.ceil((1.0 - tokens) / self._per_s))
        if client not in self._held and len(self._held) >= _MOST_CLIENTS:
            self._forget(now)
        self._held[client] = (tokens - 1.0, now)
        return 0

    def _forget(self, now: float) -> None:
        """Drops whose bucket has filled again; if nobody's has, the oldest half."""
        full = [
            name for name, (tokens, since) in self._held.items() if tokens + (now - since) * self._per_s >= self._most
        ]
        by_age = sorted(self._held, key=lambda name: self._held[name][1])
        for name in full or by_age[: _MOST_CLIENTS // 2]:
            del self._held[name]


class Limits:
    """ASGI: refuses costly requests of a client that has asked for too many; 0 a minute means no limit."""

    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        self._app = app
        self._buckets = Buckets(per_minute) if per_minute else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if self._buckets is not None and scope["type"] == "http":
            scope[_KEY] = self
            if costly(scope["path"], scope["query_string"]):
                wait_s = self.wait_s(scope)
                if wait_s:
                    await status_problem(429, {"retry-after": str(wait_s)})(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    def wait_s(self, scope: Scope) -> int:
        """Takes a token of the client's; the seconds until there is one if it has none."""
        client = scope.get("client")
        return self._buckets.wait_s(party(client[0]) if client else "") if self._buckets else 0


def charge(request: Request) -> None:
    """Counts what is about to be drawn for this request; Busy (429) if its client has asked for too much."""
    limits: Limits | None = request.scope.get(_KEY)
    wait_s = limits.wait_s(request.scope) if limits is not None else 0
    if wait_s:
        raise Busy("短い間に要求が多すぎます。", "Too many requests.", wait_s)
