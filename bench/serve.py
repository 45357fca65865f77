"""This server beside the peers that can be had, on the same seeded data and one machine: medians and ratios.

    python -m bench.serve [--seconds 2] [--rounds 5] [--features 30000] [--peers FOLDER] [--sample PUBLISHED] [--short]

Every row runs its contenders turn about, so that only ratios inside a row mean anything. One worker each, unless the
row says two; the load comes from wrk on the same machine. A peer that cannot be had is said and left out. `--peers`
keeps the environment of tipg and titiler between runs; `--sample` is a published tree with the scans of the sample
(default data/published).
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pmtiles.reader import MmapSource, all_tiles

from bench import parcels, peers
from gis_pipeline.crs import to_lonlat

MOST_S = 640.0
"""After so many seconds no further row is begun."""
MVT = "application/vnd.mapbox-vector-tile"
KUKAKU, PLAN = "collections/kukaku/2026-04-01", "collections/plan2500/2026-04-01"


@dataclass(frozen=True)
class Load:
    """One run of wrk: answers a second, the 99th percentile in milliseconds, and answers that were not 2xx."""

    rate: float
    p99_ms: float
    failed: int


@dataclass(frozen=True)
class Contender:
    """Who is asked, and for which paths, in turn."""

    name: str
    address: str
    paths: Sequence[str]


@dataclass
class Bench:
    """How long and how often; collects the lines of the table."""

    seconds: int
    rounds: int
    work: Path
    began: float = field(default_factory=time.monotonic)
    missed: int = 0

    def row(
        self,
        title: str,
        contenders: Sequence[Contender],
        limits: dict[str, float],
        *,
        connections: int = 8,
        p99_ms: float | None = None,
        gzip_accepted: bool = True,
    ) -> None:
        """Runs the contenders turn about; `limits`: the least ratio of the first to each other one."""
        if time.monotonic() - self.began > MOST_S:
            print(f"{title}: left out: the time is over")
            return
        loads: dict[str, list[Load]] = {one.name: [] for one in contenders}
        for one in contenders:  # what is opened or read into memory at the first request is no part of the rate
            with urllib.request.urlopen(one.address + one.paths[0], timeout=60):
                pass
        for _ in range(self.rounds):
            for one in contenders:
                loads[one.name].append(self._wrk(one, connections, gzip_accepted))
        first = contenders[0].name
        print(f"{title} ({connections} connections)")
        for one in contenders:
            runs = loads[one.name]
            rate, p99 = statistics.median(run.rate for run in runs), statistics.median(run.p99_ms for run in runs)
            failed = sum(run.failed for run in runs)
            line = f"    {one.name:<12} {rate:10.0f} req/s   p99 {p99:8.1f} ms"
            if one.name != first:
                ratios = [mine.rate / other.rate for mine, other in zip(loads[first], runs, strict=True) if other.rate]
                ratio = statistics.median(ratios) if ratios else float("inf")
                line += f"   {first} is {ratio:8.2f} ×{self._judged(ratio, limits.get(one.name))}"
            elif p99_ms is not None:
                line += f"   (p99 ≤ {p99_ms:g} ms) {self._word(0 < p99 <= p99_ms)}"
            print(line + (f"   {failed} FAILED" if failed else ""), flush=True)
            self.missed += bool(failed)

    def _judged(self, ratio: float, least: float | None) -> str:
        return "" if least is None else f"  (≥ {least:g}) {self._word(ratio >= least)}"

    def _word(self, held: bool) -> str:
        self.missed += not held
        return "ok" if held else "MISSED"

    def beside(self, title: str, quiet: Contender, busy: Contender, least: float) -> None:
        """The rate of one load alone and with another of 8 connections beside it, turn about."""
        ratios: list[float] = []
        behind: list[Load] = []
        for _ in range(self.rounds):
            alone = self._wrk(quiet, 8, True).rate
            with ThreadPoolExecutor(1) as pool:
                other = pool.submit(self._wrk, busy, 8, True, self.seconds + 1)
                time.sleep(0.5)
                ratios.append(self._wrk(quiet, 8, True).rate / alone)
                behind.append(other.result())
        kept = statistics.median(ratios)
        print(f"{title}: {kept:.2f} of its rate{self._judged(kept, least)}; beside it", end=" ")
        self.missed += not all(run.rate for run in behind)  # nothing was drawn: then nothing was measured
        rate, p99 = statistics.median(run.rate for run in behind), statistics.median(run.p99_ms for run in behind)
        print(f"{rate:.0f} req/s of {busy.name}, p99 {p99:.0f} ms", flush=True)

    def memory(self, title: str, sizes_mb: Sequence[float], most_mb: float) -> None:
        """Resident memory of the workers after the rows before."""
        listed = ", ".join(f"{size:.0f}" for size in sizes_mb)
        print(f"{title}: {listed} MB  (≤ {most_mb:g}) {self._word(max(sizes_mb) <= most_mb)}", flush=True)

    def _wrk(self, one: Contender, connections: int, gzip_accepted: bool, seconds: int | None = None) -> Load:
        script = self.work / f"paths-{one.name.replace(' ', '-')}.lua"
        listed = ",".join(json.dumps(path) for path in one.paths)
        script.write_text(
            f"local paths = {{{listed}}}\nlocal at = 0\n"
            'request = function() at = at % #paths + 1; return wrk.format("GET", paths[at]) end\n'
            "done = function(s, l, r) io.write(string.format("
            '"RESULT %d %d %f %d\\n", s.requests, s.duration, l:percentile(99), '
            "s.errors.status + s.errors.read + s.errors.timeout)) end\n"
        )
        wrk = [peers.program("wrk"), "-t1", f"-c{connections}", f"-d{seconds or self.seconds}s", "-s", str(script)]
        header = ["-H", "Accept-Encoding: gzip"] if gzip_accepted else []
        done = subprocess.run([*wrk, *header, one.address], capture_output=True, text=True, timeout=120, check=True)
        found = re.search(r"RESULT (\d+) (\d+) ([\d.]+) (\d+)", done.stdout)
        if found is None:
            raise SystemExit(done.stdout + done.stderr)
        requests, duration_us, p99_us, failed = (float(text) for text in found.groups())
        return Load(requests / duration_us * 1e6, p99_us / 1000, int(failed))


# ------------------------------------------------------------------ data


def town(work: Path, count: int) -> Path:
    """The published tree of a seeded town of `count` parcels."""
    if not (work / "published/catalog.json").exists():
        parcels.write_source(work / "source", count)
        folders = [f"--source={work / 'source'}", f"--published={work / 'published'}"]
        for arguments in (["build", f"--work={work / 'work'}"], ["publish", "--approved-by=測定"]):
            command = [sys.executable, "-m", "gis_pipeline.cli", *arguments, *folders]
            subprocess.run(command, check=True, capture_output=True)
    return work / "published"


def tiles(archive: Path, zoom: int, most: int) -> dict[tuple[int, int, int], bytes]:
    """Up to `most` tiles of a zoom, spread over the town."""
    with archive.open("rb") as stream:
        found = {at: body for at, body in all_tiles(MmapSource(stream)) if at[0] == zoom}  # type: ignore[no-untyped-call]
    chosen = np.random.default_rng(1).permutation(sorted(found))[:most]
    return {(int(z), int(x), int(y)): found[int(z), int(x), int(y)] for z, x, y in chosen}


def places(count: int, side_m: float, number: int = 200) -> list[tuple[float, float, float, float]]:
    """West, south, east, north in degrees of boxes of `side_m` at seeded places inside the town."""
    west, south, east, north = parcels.extent_m(count)
    rng = np.random.default_rng(2)
    low = rng.uniform((west, south), (east - side_m, north - side_m), (number, 2))
    way = to_lonlat(parcels.FRAME)
    lon, lat = way.points(low[:, 0], low[:, 1])
    right, top = way.points(low[:, 0] + side_m, low[:, 1] + side_m)
    return [tuple(map(float, box)) for box in zip(lon, lat, right, top, strict=True)]  # type: ignore[misc]


def store_answers(folder: Path, answers: dict[str, tuple[str, str, bytes]]) -> None:
    """The same bytes for the bare program (answers.json) and for nginx (files under their own paths)."""
    listed = {}
    for path, (media_type, coding, body) in answers.items():
        target = folder / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
        listed[path] = (media_type, coding, path.lstrip("/"))
    (folder / "answers.json").write_text(json.dumps(listed), encoding="utf-8")


# ------------------------------------------------------------------ rows


def prebuilt(bench: Bench, title: str, published: Path, answers: dict[str, tuple[str, str, bytes]]) -> None:
    """Tiles as stored: ours against the bare program and nginx."""
    with tempfile.TemporaryDirectory(dir=bench.work) as name, ExitStack() as stack:
        folder, paths = Path(name), list(answers)
        store_answers(folder, answers)
        contenders = [Contender("machizu", stack.enter_context(peers.machizu(published)).address, paths)]
        contenders.append(Contender("bare ASGI", stack.enter_context(peers.bare(folder)), paths))
        if able(lambda: peers.program("nginx")):
            (bench.work / "nginx").mkdir(exist_ok=True)
            contenders.append(Contender("nginx", stack.enter_context(peers.nginx(folder, bench.work / "nginx")), paths))
        bench.row(title, contenders, {"bare ASGI": 0.6})


def against_tipg(bench: Bench, published: Path, count: int, python: Path, at: Sequence[tuple[int, int, int]]) -> None:
    """Tiles of zoom 16 and items in boxes, over the same features in PostGIS."""
    with tempfile.TemporaryDirectory(dir=bench.work) as name, ExitStack() as stack:
        table = published / KUKAKU / "features.fgb"
        database = stack.enter_context(peers.postgis(table, "kukaku", Path(name)))
        theirs = stack.enter_context(peers.tipg(python, database))
        ours = stack.enter_context(peers.machizu(published)).address
        mine = [f"/tiles/kukaku@2026-04-01/{z}/{x}/{y}.mvt" for z, x, y in at]
        other = [f"/collections/public.kukaku/tiles/WebMercatorQuad/{z}/{x}/{y}" for z, x, y in at]
        bench.row(
            "vector tile, zoom 16", [Contender("machizu", ours, mine), Contender("tipg", theirs, other)], {"tipg": 50}
        )
        for wanted, least in ((10, 8.0), (100, 15.0), (1000, 30.0)):
            side_m = (wanted**0.5 - 1) * parcels.SIDE_M
            queries = [f"items?limit=1000&bbox={w:.7f},{s:.7f},{e:.7f},{n:.7f}" for w, s, e, n in places(count, side_m)]
            mine = [f"/api/collections/kukaku/{query}" for query in queries]
            other = [f"/collections/public.kukaku/{query}" for query in queries]
            contenders = [Contender("machizu", ours, mine), Contender("tipg", theirs, other)]
            bench.row(f"items in a box of about {wanted}", contenders, {"tipg": least}, gzip_accepted=False)


def at_a_point(bench: Bench, published: Path, count: int, title: str, limit_ms: float, **settings: str) -> None:
    """Identify, and a box of 100, over one store; the first p99 is held to the limit."""
    points = [f"/identify?lon={w:.7f}&lat={s:.7f}" for w, s, _, _ in places(count, 1.0, 500)]
    boxes = [
        f"/api/collections/kukaku/items?bbox={w:.7f},{s:.7f},{e:.7f},{n:.7f}" for w, s, e, n in places(count, 180.0)
    ]
    with peers.machizu(published, **settings) as served:
        asked, boxed = Contender("machizu", served.address, points), Contender("machizu", served.address, boxes)
        bench.row(f"identify, {title}", [asked], {}, connections=2, p99_ms=limit_ms)
        bench.row(f"box of 100, {title}", [boxed], {}, connections=2, p99_ms=60)
        bench.memory(f"memory of the worker, {title}", served.workers_mb(), 1000)


def scans(bench: Bench, sample: Path, python: Path | None) -> None:
    """Scan tiles: prebuilt as stored, and against titiler reading the published COG."""
    archive = sample / PLAN / "image.pmtiles"
    if not archive.exists():
        print(f"scan tiles: left out: {archive.name} of plan2500 is not published (make build)")
        return
    found = tiles(archive, 16, 100)
    prefix = "/tiles/plan2500@2026-04-01"
    answers = {f"{prefix}/{z}/{x}/{y}.webp": ("image/webp", "", body) for (z, x, y), body in found.items()}
    prebuilt(bench, "prebuilt scan tile (WebP 256)", sample, answers)
    beside(bench, sample, list(found))
    if python is None:
        return
    sheet = next((sample / PLAN / "sheets").glob("*.tif")).resolve()
    with peers.titiler(python, bench.work) as theirs, peers.machizu(sample, costly_per_minute="0") as served:
        ours = served.address
        inside = [at for at in found if _answered(f"{theirs}{_titiler(at, sheet, 256)}")][:40]
        for size, ours_end, least in ((512, ".webp", 100.0), (256, ".jpg", 1.5), (512, "@2x.jpg", 1.5)):
            mine = [f"{prefix}/{z}/{x}/{y}{ours_end}" for z, x, y in inside]
            other = [_titiler(at, sheet, size) for at in inside]
            kind, p99 = ("prebuilt", None) if ours_end == ".webp" else ("rendered", 400.0)
            contenders = [Contender("machizu", ours, mine), Contender("titiler", theirs, other)]
            bench.row(f"scan tile {ours_end}, {kind}, against JPEG {size}", contenders, {"titiler": least}, p99_ms=p99)
        boxes = [_box(at) for at in inside]
        mine = [f"/api/collections/plan2500/map?f=jpeg&width=500&height=400&bbox={box}" for box in boxes]
        other = [f"/bbox/{box}/500x400.jpg?url={sheet}" for box in boxes]
        contenders = [Contender("machizu", ours, mine), Contender("titiler", theirs, other)]
        bench.row("scan in a box, 500 × 400 px", contenders, {"titiler": 1.5}, p99_ms=400)
        bench.row("scan tile of true scale, PNG", [Contender("machizu", ours, _true_scale(ours))], {}, p99_ms=400)


def beside(bench: Bench, sample: Path, at: Sequence[tuple[int, int, int]]) -> None:
    """Two workers: how much of its rate prebuilt traffic keeps while pictures are drawn; their memory afterwards."""
    prefix = "/tiles/plan2500@2026-04-01"
    with peers.machizu(sample, 2, costly_per_minute="0") as served:
        stored = Contender("prebuilt tiles", served.address, [f"{prefix}/{z}/{x}/{y}.webp" for z, x, y in at])
        drawn = Contender("rendered tiles", served.address, [f"{prefix}/{z}/{x}/{y}@2x.jpg" for z, x, y in at])
        for one in (stored, drawn):
            bench.row(f"{one.name}, two workers", [one], {}, p99_ms=400 if one is drawn else None)
        bench.beside("prebuilt tiles beside rendered ones, two workers", stored, drawn, 0.8)
        bench.memory("memory of two workers after it", served.workers_mb(), 1000)


def _box(at: tuple[int, int, int]) -> str:
    """West, south, east, north in degrees of a tile's inner part."""
    side = 360 / (1 << at[0])

    def latitude(row: float) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / (1 << at[0])))))

    west, south = at[1] * side - 180, latitude(at[2] + 0.9)
    return f"{west + 0.1 * side:.7f},{south:.7f},{west + 0.9 * side:.7f},{latitude(at[2] + 0.1):.7f}"


def _true_scale(ours: str) -> list[str]:
    """Every picture tile of the sample's scans at 1:5000 in the town's tile matrix set."""
    base = "/api/collections/plan2500/map/tiles"
    with urllib.request.urlopen(f"{ours}{base}?f=json", timeout=30) as answer:
        sets = [one["tileMatrixSetURI"].rpartition("/")[2] for one in json.load(answer)["tilesets"]]
    (own,) = [name for name in sets if name != "WebMercatorQuad"]
    with urllib.request.urlopen(f"{ours}{base}/{own}?f=json", timeout=30) as answer:
        limits = json.load(answer)["tileMatrixSetLimits"][3]
    rows, cols = (range(limits[f"minTile{side}"], limits[f"maxTile{side}"] + 1) for side in ("Row", "Col"))
    return [f"{base}/{own}/{limits['tileMatrix']}/{row}/{col}?f=png" for row in rows for col in cols]


def _titiler(at: tuple[int, int, int], sheet: Path, size_px: int) -> str:
    return f"/tiles/WebMercatorQuad/{at[0]}/{at[1]}/{at[2]}.jpg?tilesize={size_px}&url={sheet}"


def _answered(address: str) -> bool:
    return subprocess.run(["curl", "-sf", "-o", "/dev/null", address], check=False).returncode == 0


def able(attempt: Callable[[], object]) -> bool:
    """Whether something can be had; says so if not."""
    try:
        attempt()
    except peers.Missing as missing:
        print(f"  left out: {missing}", flush=True)
        return False
    return True


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Every row that can be had."""
    published = town(bench.work / "town", options.features)
    zoom = tiles(published / KUKAKU / "tiles.pmtiles", 16, 300)
    answers = {f"/tiles/kukaku@2026-04-01/{z}/{x}/{y}.mvt": (MVT, "gzip", b) for (z, x, y), b in zoom.items()}
    size = statistics.median(len(gzip.decompress(body)) for body in zoom.values())
    print(f"{options.features} parcels; tiles of zoom 16 hold {size / 1000:.0f} kB unpacked")
    prebuilt(bench, "prebuilt vector tile, zoom 16", published, answers)
    python: Path | None = None
    if options.short:
        print("  left out: tipg, titiler (--short)")
    elif able(lambda: peers.environment(options.peers or bench.work / "peers")):
        python = peers.environment(options.peers or bench.work / "peers")
        able(lambda: against_tipg(bench, published, options.features, python, list(zoom)))
    at_a_point(bench, published, options.features, "in memory", 10)
    at_a_point(bench, published, options.features, "from the file", 20, memory_features="0")
    if not options.short:
        tenfold = town(bench.work / "tenfold", 10 * options.features)
        at_a_point(bench, tenfold, 10 * options.features, "ten times the features, from the file", 20)
    able(lambda: scans(bench, options.sample, python))


def main() -> int:
    """Prints the table; 1 if a limit is missed."""
    parser = argparse.ArgumentParser(prog="bench.serve")
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--features", type=int, default=30_000)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--sample", type=Path, default=peers.ROOT / "data/published")
    parser.add_argument("--short", action="store_true", help="only what needs no peer from pip, a second each")
    options = parser.parse_args()
    if not able(lambda: peers.program("wrk")):
        return 0
    with tempfile.TemporaryDirectory(prefix="machizu-bench-") as name:
        work = Path(name)
        work.chmod(0o755)
        bench = Bench(1 if options.short else options.seconds, 1 if options.short else options.rounds, work)
        measure(bench, options)
        print(f"{bench.missed} missed; {time.monotonic() - bench.began:.0f} s")
        return int(bench.missed > 0)


if __name__ == "__main__":
    sys.exit(main())
