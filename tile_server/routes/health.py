"""/health/live, /health/ready: for whoever keeps the server running."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from gis_pipeline.errors import Absent, MachineError
from tile_server.openapi import described
from tile_server.respond import JSON
from tile_server.site import site_of

router = APIRouter()
_NEVER_KEPT = {"cache-control": "no-store"}


@router.get("/health/live", **described("health", JSON, summary="動いているか"))
def live() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"}, headers=_NEVER_KEPT)


@router.get("/health/ready", **described("health", JSON, summary="地図を出せるか"))
def ready(request: Request) -> JSONResponse:
    """The published tree can be read and something is published; 503 otherwise."""
    try:
        snapshot = site_of(request).catalog.snapshot()
    except Absent as error:
        raise MachineError(str(error)) from error
    return JSONResponse({"status": "ok", "release": snapshot.release.number}, headers=_NEVER_KEPT)
