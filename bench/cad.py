"""Drawings of 5,000 polygons of 40 vertices, every fifth with a hole, half of them with a pattern: written and proven.

python -m bench.cad [rounds]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import shapely

from gis_pipeline import outputs, proof
from gis_pipeline.members import Product
from gis_pipeline.plugins import members
from tests.outputs import samples

COUNT = 5000
LIMIT_S = 6.0
LIMITED = ("dxf", "dxf_r2000")
REPORTED = ("cadset", "sfc", "p21", "jww")
"""Longer than a request may wait: made by a job (`EFFORT`), so their time is reported and not bounded."""


def product() -> Product:
    """Crooked rings of 15 to 28 m on a grid of 60 m."""
    rng = np.random.default_rng(6677)
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    shapes: list[shapely.geometry.base.BaseGeometry | None] = []
    for number in range(COUNT):
        centre = np.array([samples.EAST_M + number % 100 * 60, samples.NORTH_M + number // 100 * 60])
        shell = centre + circle * rng.uniform(15, 28, (40, 1))
        holes = [centre + circle[::4] * 5] if number % 5 == 0 else []
        shapes.append(shapely.MultiPolygon([shapely.Polygon(shell, holes)]))
    return samples.product(samples.collection("polygon"), shapes)


def main(rounds: int = 3) -> None:
    """Medians; exit 1 above the limit."""
    made, slow, found = product(), False, members(outputs)
    for name in (*LIMITED, *REPORTED):
        taken, busy = [], []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                start, begun = time.perf_counter(), time.process_time()
                (path,) = found[name].write(made, Path(folder))
                proof.prove_published(found[name], made, path)
                taken.append(time.perf_counter() - start)
                busy.append(time.process_time() - begun)
                size = path.stat().st_size
        median = statistics.median(taken)
        slow |= name in LIMITED and median > LIMIT_S
        limit = f", limit {LIMIT_S:.0f} s" if name in LIMITED else ", by a job"
        told = f"{median:.2f} s (processor {statistics.median(busy):.2f} s{limit})"
        print(f"cad: {COUNT} polygons as {found[name].TITLE}: {told}, {size / 1e6:.1f} MB", flush=True)
    sys.exit(int(slow))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
