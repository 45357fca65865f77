"""Runs the application with uvicorn: in this process, or in several that read the same settings."""

from __future__ import annotations

import gc

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tile_server.app import create_app
from tile_server.errors import RequestError, answer
from tile_server.settings import Settings

STOPPING_S = 20
"""How long running requests may take to end after the server was told to stop."""


def serve(settings: Settings, *, host: str, port: int, workers: int = 1) -> None:
    """Serves until stopped. Workers of their own get the settings through the environment.

    Whether a proxy is believed is decided by the settings (`tile_server.app`), not by uvicorn. Nothing about a single
    request is written anywhere: who looked at which place is nobody's business.
    """
    if workers > 1:
        settings.export()
    uvicorn.run(
        settled(settings) if workers == 1 else "tile_server.serve:settled",
        factory=workers > 1,
        host=host,
        port=port,
        workers=workers,
        http=Protocol,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOPPING_S,
    )


def settled(settings: Settings | None = None) -> ASGIApp:
    """The application, left out by the garbage collector from now on: a look at all of it takes some 50 ms."""
    app = create_app(settings)
    gc.collect()
    gc.freeze()
    return app


class Protocol(HttpToolsProtocol):
    """uvicorn's reader of requests; what is no HTTP, or too long to be read, gets a problem document as well."""

    def send_400_response(self, msg: str) -> None:
        """Answers for a request that never reaches the application."""
        said = answer(RequestError("要求を読み取れません（形が HTTP でないか、長すぎます）。", msg))
        head = [b"HTTP/1.1 400 Bad Request", b"connection: close"]
        head += [name + b": " + value for name, value in said.raw_headers]
        self.transport.write(b"\r\n".join(head) + b"\r\n\r\n" + bytes(said.body))
        self.transport.close()
