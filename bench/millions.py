"""A seeded layer of two million parcels and one of a tenth: build, tiles beside tippecanoe alone, server from the file.

    python -m bench.millions [--features 2000000] [--work FOLDER] [--short]

FlatGeobuf in, tiles of zooms 10 to 16 and FlatGeobuf out. The ratio to tippecanoe is that of the whole step (from
features in memory to the checked archive) to the same commands over the same lines. Latencies are of two clients that
ask one worker for seeded places, one after the other. `--short` takes 60,000 parcels. `--work` keeps what was built.
"""

from __future__ import annotations

import argparse
import http.client
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio

from bench import parcels, peers
from bench.build import Run, machizu
from bench.serve import places
from gis_pipeline.declaration import read_source_tree
from gis_pipeline.members import Product
from gis_pipeline.outputs import pmtiles

ZOOMS = (10, 16)
CLIENTS, SECONDS = 2, 10.0
TILES = "--tiles"


@dataclass
class Table:
    """Prints a line for each figure and counts those that are missed."""

    missed: int = 0

    def line(self, what: str, value: float, unit: str, limit: float | None = None) -> None:
        """One figure; `limit` is the most it may be."""
        held = limit is None or value <= limit
        judged = "" if limit is None else f"  (≤ {limit:g})  {'ok' if held else 'MISSED'}"
        self.missed += not held
        print(f"{what:<64} {value:10.2f} {unit:<3}{judged}", flush=True)


# ------------------------------------------------------------------ build


def built(folder: Path, count: int) -> Run | None:
    """The published tree of `count` parcels below `folder`; None if it stands there already."""
    if (folder / "published/catalog.json").exists():
        return None
    parcels.write_source(folder / "source", count, ZOOMS)
    run = machizu(folder, "build")
    machizu(folder, "publish", "--approved-by=測定")
    return run


# ------------------------------------------------------------------ tiles


def tiles(source: Path) -> None:
    """In a process of its own: prints seconds of the tile step, seconds of tippecanoe alone, and MB of the latter."""
    tree = read_source_tree(source)
    (folder,) = tree.collections
    read = pyogrio.read_dataframe(folder.editions[0].path / "kukaku.fgb", use_arrow=True)
    types = {"bango": "string", "chimoku": "string", "menseki": "Float64"}
    frame = read.astype(types).set_index(pd.Index(read["bango"], name="fid", dtype="str"))
    product = Product(tree.service, folder.collection, "2026-04-01", frame)
    with tempfile.TemporaryDirectory(dir=source.parent) as name:
        work = Path(name)
        lines = work / "lines.geojsonl"
        count, crowd = pmtiles.write_lines(product, lines)
        began = time.perf_counter()
        for zooms, flags in pmtiles.runs(ZOOMS, crowd):
            pmtiles.run(product, lines, work / "alone.pmtiles", zooms, flags, count)
        alone = time.perf_counter() - began
        lines.unlink()
        began = time.perf_counter()
        pmtiles.write(product, work)
        ours = time.perf_counter() - began
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    print(json.dumps([ours, alone, peak_mb]))


# ------------------------------------------------------------------ server


def latencies_ms(address: str, paths: Sequence[str], seconds: float) -> list[float]:
    """Of `CLIENTS` clients that ask for the paths in turn, each over one connection."""
    host = urllib.parse.urlsplit(address).netloc
    found: list[float] = []

    def ask(first: int) -> None:
        connection = http.client.HTTPConnection(host, timeout=60)
        until, at = time.perf_counter() + seconds, first
        while time.perf_counter() < until:
            began = time.perf_counter()
            connection.request("GET", paths[at % len(paths)])
            answer = connection.getresponse()
            answer.read()
            found.append(1000 * (time.perf_counter() - began))
            if answer.status != 200:
                raise SystemExit(f"{paths[at % len(paths)]}: {answer.status}")
            at += CLIENTS
        connection.close()

    clients = [threading.Thread(target=ask, args=(first,)) for first in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return found


@dataclass(frozen=True)
class Served:
    """Medians and 99th percentiles in milliseconds, and the largest worker in MB."""

    identify: tuple[float, float]
    box: tuple[float, float]
    worker_mb: float


def served(published: Path, count: int) -> Served:
    """Identify at a point and items in a box of about a hundred, from the file."""
    points = [f"/identify?lon={west:.7f}&lat={south:.7f}" for west, south, _, _ in places(count, 1.0, 500)]
    side_m = 9 * parcels.SIDE_M
    boxes = [
        f"/api/collections/kukaku/items?limit=200&bbox={','.join(f'{edge:.7f}' for edge in box)}"
        for box in places(count, side_m, 500)
    ]
    with peers.machizu(published, memory_features="0", costly_per_minute="0") as server:
        found = []
        for paths in (points, boxes):
            latencies_ms(server.address, paths, 2.0)
            times = latencies_ms(server.address, paths, SECONDS)
            found.append((statistics.median(times), float(np.percentile(times, 99))))
        return Served(found[0], found[1], max(server.workers_mb()))


# ------------------------------------------------------------------ the table


@contextmanager
def folder_of(work: Path | None) -> Iterator[Path]:
    """The folder named, or one that ends with the measurement."""
    if work is not None:
        yield work
        return
    with tempfile.TemporaryDirectory(prefix="machizu-millions-") as name:
        yield Path(name)


def measure(work: Path, count: int, table: Table) -> None:
    """Every row."""
    few, many = work / f"town-{count // 10}", work / f"town-{count}"
    first, second = built(few, count // 10), built(many, count)
    if second is not None:
        table.line(f"build of {count:,} parcels", second.seconds, "s")
        table.line("its peak memory, with the programs it starts", second.peak_mb / 1000, "GB", 6)
    if first is not None and second is not None:
        table.line("ten times the features: build time", second.seconds / first.seconds, "×", 11)
        grown = 1e6 * (second.peak_mb - first.peak_mb) / (count - count // 10)
        table.line("memory of a build for each further parcel", grown / 1000, "kB")
    command = [sys.executable, "-m", "bench.millions", TILES, str(many / "source")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    ours, alone, peak_mb = json.loads(done.stdout)
    table.line("tile step", ours, "s")
    table.line("tippecanoe alone, the same flags and lines", alone, "s")
    table.line("ratio", ours / alone, "×", 1.15)
    table.line("peak memory of the tile step (tippecanoe)", peak_mb / 1000, "GB", 1)
    small, large = served(few / "published", count // 10), served(many / "published", count)
    table.line("worker, resident", large.worker_mb / 1000, "GB", 1)
    table.line("identify, p99", large.identify[1], "ms", 20)
    table.line("box of 100, p99", large.box[1], "ms", 60)
    table.line("ten times the features: identify, median", large.identify[0] / small.identify[0], "×", 1.5)
    table.line("ten times the features: box of 100, median", large.box[0] / small.box[0], "×", 1.5)


def main() -> int:
    """Prints the table; 1 if a limit is missed."""
    parser = argparse.ArgumentParser(prog="bench.millions")
    parser.add_argument("--features", type=int, default=2_000_000)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--short", action="store_true", help="60,000 parcels")
    parser.add_argument(TILES, type=Path, dest="tiles", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.tiles is not None:
        tiles(options.tiles)
        return 0
    table = Table()
    with folder_of(options.work) as work:
        measure(work, 60_000 if options.short else options.features, table)
    print(f"{table.missed} missed")
    return int(table.missed > 0)


if __name__ == "__main__":
    sys.exit(main())
