"""One published tree and one client for all tests of the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.tile_server.client import client_of
from tests.tile_server.tree import published_tree


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    (folder / "work").mkdir()
    return published_tree(folder / "published", folder / "work")


@pytest.fixture(scope="session")
def client(tree: Path) -> Iterator[TestClient]:
    with client_of(tree) as made:
        yield made
