"""Downloads of 5,000 features in each format: seconds from the request to the last byte, proof included.

What is not answered at once is answered 202 at once; then the job's time is printed too.
"""

from __future__ import annotations

import datetime as dt
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
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
DRAWINGS = ("dxf", "r2000.dxf")
"""For these, hatches and all, the limit is the second one."""
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


BOX = {
    "bbox": f"{SOUTH_M - 50},{WEST_M - 50},{SOUTH_M + 5000},{WEST_M + 5000}",
    "bbox-crs": f"http://www.opengis.net/def/crs/EPSG/0/{FRAME[5:]}",
}
"""A box around everything."""


@dataclass(frozen=True)
class Taken:
    """Seconds by the clock and of the processor until the answer; of its job, if it was one."""

    clock_s: float
    busy_s: float
    job_s: float | None = None


def download(client: TestClient, suffix: str, clip: str) -> Taken:
    """One download of everything."""
    start, begun = time.perf_counter(), time.process_time()
    answer = client.get(f"/download/youto.{suffix}", params=BOX | {"clip": clip})
    taken = Taken(time.perf_counter() - start, time.process_time() - begun)
    if answer.status_code == 200:
        return taken
    if answer.status_code != 202:
        raise SystemExit(f"{suffix}: {answer.status_code} {answer.text[:200]}")
    while (job := client.get(answer.headers["location"]).json())["status"] == "running":
        time.sleep(0.1)
    if job["status"] != "done":
        raise SystemExit(f"{suffix}: {job}")
    return Taken(taken.clock_s, taken.busy_s, time.perf_counter() - start)


def main() -> int:
    """Prints the median of each format; 1 if one is over the limit."""
    slow = 0
    with tempfile.TemporaryDirectory() as folder:
        root = tree(Path(folder) / "published")
        # No rate limit for so few, and no result is kept from one round to the next.
        app = create_app(Settings(published=root, state=Path(folder) / "state"), lambda: dt.date(2026, 6, 1))
        with TestClient(app) as client:
            for suffix in sorted(name for name, member in formats().items() if "features" in member.APPLIES):
                limit_s = DRAWING_LIMIT_S if suffix in DRAWINGS else LIMIT_S
                # Uncut and cut in turn, so that a job is not the one that was asked for before.
                found = [download(client, suffix, clip) for clip in ("false", "true")[: ROUNDS - 1]]
                if found[0].job_s is None:
                    found += [download(client, suffix, "true") for _ in range(ROUNDS - 1)]
                clock_s = statistics.median(one.clock_s for one in found)
                busy_s = statistics.median(one.busy_s for one in found)
                slow += clock_s > limit_s
                told = f"{clock_s:.2f} s (processor {busy_s:.2f}, limit {limit_s})"
                jobs = [one.job_s for one in found if one.job_s is not None]
                told += f", by a job that took {statistics.median(jobs):.1f} s" if jobs else ""
                print(f"downloads: {FEATURES} features as {suffix}: {told}", flush=True)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
