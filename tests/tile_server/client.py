"""A client of the whole application in this process; errors of the server come out as answers, not as exceptions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from tests.tile_server.tree import TODAY
from tile_server.app import create_app
from tile_server.settings import Settings

BASE = "http://maps.example.jp"


def client_of(published: Path, today: Callable[[], dt.date] = lambda: TODAY, **settings: Any) -> TestClient:
    """The application over a published tree, with the clock standing at `today`."""
    app = create_app(Settings(published=published, **settings), today)
    return TestClient(app, base_url=BASE, raise_server_exceptions=False, follow_redirects=False)
