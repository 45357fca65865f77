"""Runs the application with uvicorn: in this process, or in several that read the same settings."""

from __future__ import annotations

import uvicorn

from tile_server.app import create_app
from tile_server.settings import Settings


def serve(settings: Settings, *, host: str, port: int, workers: int = 1) -> None:
    """Serves until stopped. Workers of their own get the settings through the environment."""
    if workers == 1:
        uvicorn.run(create_app(settings), host=host, port=port, log_level="warning", server_header=False)
        return
    settings.export()
    uvicorn.run(
        "tile_server.app:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_level="warning",
        server_header=False,
    )
