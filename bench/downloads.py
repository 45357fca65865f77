"""Downloads of 5,000 features in each format: seconds from the request to the last byte, proof included."""

from __future__ import annotations

import datetime as dt
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import shapely
from starlette.testclient import TestClient

from gis_pipeline.model import Candidate, CollectionEntry, EditionEntry, Release
from gis_pipeline.publishing import begin_candidate, publish
from tests.tile_server.tree import FRAME, MADE_AT, SERVICE, SOUTH_M, WEST_M, YOUTO, product, write_edition
from tile_server.app import create_app
from tile_server.making import formats
from tile_server.settings import Settings

FEATURES, VERTICES, ROUNDS = 5_000, 40, 3
LIMIT_S, DRAWING_LIMIT_S = 1.0, 6.0
DATA = ("csv", "fgb", "geojson", "gpkg", "kml", "parquet", "shp.zip", "xlsx")
"""Formats of data; the other one that is measured is a drawing for CAD, hatches included."""
SEED = 6677


def districts() -> Iterator[tuple[str, shapely.Geometry, dict[str, object]]]:
    """Ragged polygons of 40 vertices on a grid, with every type of attribute."""
    rng = np.random.default_rng(SEED)
    across = 100
    angles = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    for n in range(FEATURES):
        centre = np.array([WEST_M + 30 * (n % across), SOUTH_M + 30 * (n // across)])
        radius_m = rng.uniform(8, 15, VERTICES)
        ring = centre + np.column_stack([np.cos(angles), np.sin(angles)]) * radius_m[:, None]
        member = YOUTO.classes[n % 2]
        values = {"no": f"{n:05d}", "youto": member.code, "youto_name": member.title, "kenpei": 60, "taka": 10 + n / 7}
        yield f"d{n}", shapely.MultiPolygon([shapely.Polygon(ring)]), values


def tree(root: Path) -> Path:
    """A published tree with one collection of them."""
    staging = begin_candidate(root)
    declared = YOUTO.model_copy(update={"outputs": ("geojson",)})
    made = product(declared, "2026-04-01", list(districts()))
    edition = write_edition(staging.edition_folder(declared.id, made.edition_id), made)
    path = staging.path_of(declared.id, made.edition_id)
    entry = EditionEntry(id=edition.id, key=edition.key, state="live", path=path)
    release = Release(
        number=1,
        made_at=MADE_AT,
        service=SERVICE,
        collections=(CollectionEntry(declaration=declared, editions=(entry,)),),
    )
    candidate = Candidate(
        number=staging.number,
        base_release=0,
        built_at=MADE_AT,
        release=release,
        differences=(),
        blocking=0,
        warnings=0,
    )
    staging.finish(candidate)
    publish(root, candidate, approved_by="bench", approved_on=dt.date(2026, 4, 1))
    return root


def seconds(client: TestClient, suffix: str, clip: str) -> float:
    """One download of everything through a box around it."""
    box = f"{SOUTH_M - 50},{WEST_M - 50},{SOUTH_M + 5000},{WEST_M + 5000}"
    query = {"bbox": box, "bbox-crs": f"http://www.opengis.net/def/crs/EPSG/0/{FRAME[5:]}", "clip": clip}
    start = time.perf_counter()
    answer = client.get(f"/download/youto.{suffix}", params=query)
    spent = time.perf_counter() - start
    if answer.status_code != 200:
        raise SystemExit(f"{suffix}: {answer.status_code} {answer.text[:200]}")
    return spent


def main() -> int:
    """Prints the median of each format; 1 if one is over the limit."""
    slow = 0
    with tempfile.TemporaryDirectory() as folder:
        root = tree(Path(folder) / "published")
        app = create_app(Settings(published=root, state=Path(folder) / "state"), lambda: dt.date(2026, 6, 1))
        with TestClient(app) as client:
            for suffix in [name for name in (*DATA, "dxf") if name in formats()]:
                limit_s = LIMIT_S if suffix in DATA else DRAWING_LIMIT_S
                median = statistics.median(seconds(client, suffix, "false") for _ in range(ROUNDS))
                slow += median > limit_s
                told = f"{FEATURES} features as {suffix}, median of {ROUNDS}: {median:.2f} s (limit {limit_s})"
                print(f"downloads: {told}", flush=True)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
