"""The towns, each assembled, built, published and served once a session, and what the second reader says of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from gis_pipeline.declaration import read_source_tree
from tests.real import material, second
from tile_server.app import create_app
from tile_server.settings import Settings


@dataclass
class Towns:
    """Published towns by name, made when first asked for."""

    shared: Path
    folder: Path
    stack: ExitStack
    _towns: dict[str, material.Town] = field(default_factory=dict)
    _tables: dict[tuple[str, str], second.Table] = field(default_factory=dict)
    _clients: dict[str, TestClient] = field(default_factory=dict)

    def __getitem__(self, name: str) -> material.Town:
        if name not in self._towns:
            work = self.folder / name
            work.mkdir()
            source = material.assemble(name, self.shared, work / "source")
            self._towns[name] = material.build_town(name, source, work)
            self._towns[name].publish()
        return self._towns[name]

    def second(self, town: str, collection: str) -> second.Table:
        """What ogr2ogr makes of the newest edition's material, in the town frame."""
        if (town, collection) not in self._tables:
            tree = read_source_tree(self[town].folders.source)
            one = next(each for each in tree.collections if each.collection.id == collection)
            scratch = self.folder / "second" / town / collection
            self._tables[town, collection] = second.of_collection(
                one.editions[-1].path, one.collection, tree.service.crs, scratch
            )
        return self._tables[town, collection]

    def client(self, town: str) -> TestClient:
        """A client of the town's own server."""
        if town not in self._clients:
            settings = Settings(published=self[town].folders.published)
            self._clients[town] = self.stack.enter_context(TestClient(create_app(settings)))
        return self._clients[town]

    def get(self, town: str, path: str) -> Any:
        """The JSON document at a path of the town's server."""
        answer = self.client(town).get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()


@pytest.fixture(scope="session")
def towns(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Towns]:
    with ExitStack() as stack:
        yield Towns(shared, tmp_path_factory.mktemp("real"), stack)
