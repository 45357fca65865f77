"""One published tree and one client for all tests of the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.tile_server.client import client_of
from tests.tile_server.tree import shared_tree


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_tree(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def client(tree: Path) -> Iterator[TestClient]:
    with client_of(tree) as made:
        yield made
