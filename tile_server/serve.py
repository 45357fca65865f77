"""Runs the application with uvicorn: in this process, or in several that read the same settings."""

from __future__ import annotations

import gc

import uvicorn
from starlette.types import ASGIApp

from tile_server.app import create_app
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
