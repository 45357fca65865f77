"""Old addresses keep their bytes whatever is published later; a withdrawn edition is gone within a second."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from starlette.testclient import TestClient

from gis_pipeline import publishing
from gis_pipeline.catalog import RECHECK_S
from gis_pipeline.model import Edition, EditionEntry, Release
from tests.conftest import machizu, serving
from tests.tile_server import tree
from tests.tile_server.client import client_of
from tests.tile_server.test_time import COL, GET_MAP, GET_TILE, LAT, LON, ROW

EDITION, REASON = "2026-04-01", "告示番号の誤り"
AT = "/api/collections/youto"
NAMED = (f"/tiles/youto@{EDITION}/15/{COL}/{ROW}.mvt", f"/files/youto/{EDITION}/features.geojson",
         f"/files/youto/{EDITION}/tiles.pmtiles")  # fmt: skip
REACHING = (
    *NAMED, f"/tiles/youto/15/{COL}/{ROW}.mvt", f"{AT}/tiles/WebMercatorQuad/15/{ROW}/{COL}", f"{AT}/tiles",
    f"{AT}/map/tiles/WebMercatorQuad/15/{ROW}/{COL}", f"{AT}/items", f"{AT}/items?datetime=2026-05-01",
    f"{AT}/items?bbox=139.28,35.73,139.30,35.75", f"{AT}/items?f=csv", f"{AT}/items/Y-11", f"{AT}?datetime={EDITION}",
    f"{AT}/schema?datetime={EDITION}", f"{AT}/changes", f"{AT}/changes?from=2019-04-01&to={EDITION}",
    f"{AT}/changes?f=atom", "/tiles/youto.json", "/styles/youto.json", "/styles/youto.qml", "/styles/youto.sld",
    "/download/youto.geojson", "/download/youto.geojson?bbox=139.28,35.73,139.30,35.75",
    f"/api/stac/collections/youto/items/{EDITION}", f"/wms?{GET_MAP}", f"/wmts?{GET_TILE}", f"{AT}/map",
)  # fmt: skip


def fetched(address: str) -> tuple[int, bytes]:
    """A connection of its own for every request, so that any of the workers may answer."""
    try:
        with urlopen(Request(address, headers={"connection": "close"}), timeout=30) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


@pytest.fixture
def own(sample: Path, tmp_path: Path) -> Path:
    """The published sample, copied for a test that changes it."""
    for name in ("source", "published"):
        shutil.copytree(sample / name, tmp_path / name)
    return tmp_path


def test_a_withdrawn_edition_is_gone_everywhere_within_a_second(own: Path) -> None:
    with serving(own / "published", "--workers=2") as base:
        for path in REACHING * 3:
            assert fetched(base + path)[0] == 200, path
        machizu(own, "withdraw", f"youto@{EDITION}", f"--reason={REASON}", "--approved-by=試験-2")
        time.sleep(RECHECK_S + 0.05)
        for path in REACHING * 4:
            status, body = fetched(base + path)
            assert (status, REASON.encode() in body) == (410, True), path
        spot = fetched(f"{base}/identify?lon={LON}&lat={LAT}")[1]
        assert b"Y-11" not in spot and REASON.encode() in spot
        assert b'"results":[]' in fetched(f"{base}/search?q=Y-11")[1]
        assert REASON.encode() in fetched(f"{base}/api/changes?f=atom")[1]
        assert fetched(f"{base}{AT}/items?datetime=2020-01-01")[0] == 200


def test_a_finished_download_of_a_withdrawn_edition_is_not_handed_out(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    root = tree.published_tree(tmp_path / "published", tmp_path / "work")
    with client_of(root, state=tmp_path / "state", direct_download_features=0) as client:
        west, south, east, north = (*tree.lonlat(10, 10), *tree.lonlat(500, 500))
        accepted = client.get(f"/download/youto.kml?bbox={west},{south},{east},{north}")
        assert accepted.status_code == 202, accepted.text
        address = accepted.headers["location"]
        until = time.monotonic() + 60
        while client.get(address).json()["status"] == "running" and time.monotonic() < until:
            time.sleep(0.1)
        assert client.get(f"{address}/result").status_code == 200
        tree.withdraw(root, "youto", "2026-04-01")
        time.sleep(RECHECK_S + 0.05)
        for path in (address, f"{address}/result"):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["reason"]) == (410, tree.WITHDRAWN_BECAUSE)


def test_an_address_with_an_edition_keeps_its_bytes(own: Path) -> None:
    root = own / "published"
    with client_of(root, lambda: dt.date(2026, 11, 24)) as client:
        kept = {path: _bytes(client, path) for path in NAMED}
    for later in ("2026-04-01.2", "2026-10-01"):
        _publish(root, later)
        with client_of(root, lambda: dt.date(2026, 11, 24)) as client:
            assert {path: _bytes(client, path) for path in NAMED} == kept
    publishing.rollback(root, 1, approved_by="試験-4", approved_on=dt.date(2026, 11, 24))
    with client_of(root, lambda: dt.date(2026, 11, 24)) as client:
        assert {path: _bytes(client, path) for path in NAMED} == kept
        corrected = client.get(NAMED[1].replace(EDITION, "2026-04-01.2"))
        assert corrected.status_code == 200, "what was rolled back is still answered under its own id"


def _bytes(client: TestClient, path: str) -> bytes:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content


def _publish(root: Path, edition_id: str) -> None:
    """A further edition of youto, with the material of 2019, goes live; one of the same day is corrected by it."""
    live = publishing._load(root / "catalog.json", Release)
    entry = live.entry("youto")
    assert entry is not None
    folder = root / "collections" / "youto"
    shutil.copytree(folder / "2019-04-01", folder / edition_id)
    edition = publishing._load(folder / edition_id / "edition.json", Edition)
    publishing.write_document(folder / edition_id / "edition.json", edition.model_copy(update={"id": edition_id}))
    made = EditionEntry(id=edition_id, key=edition.key, state="live", path=f"collections/youto/{edition_id}")
    older = tuple(
        one.model_copy(update={"state": "superseded"}) if one.takes_effect == made.takes_effect else one
        for one in entry.editions
    )
    changed = entry.model_copy(update={"editions": (*older, made)})
    entries = tuple(changed if one is entry else one for one in live.collections)
    publishing._go_live(root, live, live.service, entries, "試験-3", dt.date(2026, 11, 24), "")
