"""`machizu build` of the sample: wall time from nothing and with one changed collection; peak memory by sheets."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from gis_pipeline.sheets import sheet_bounds

ROOT = Path(__file__).resolve().parent.parent
REPEATS = 5
SHEETS = ("09KC971", "09KC972", "09KC973", "09KC974", "09KC961", "09KC962", "09KC963", "09KC964")


@dataclass(frozen=True)
class Run:
    """One run of a command: wall seconds, and the largest sum of resident memory of its processes in megabytes."""

    seconds: float
    peak_mb: float


def run(*command: str) -> Run:
    """Runs a command to its end and samples the memory of its process tree every 20 ms."""
    started = time.perf_counter()
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, _memory(process))
        time.sleep(0.02)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Run(time.perf_counter() - started, peak / 1e6)


def _memory(process: psutil.Process) -> int:
    """Proportional set size of the tree, so that pages shared by workers count once; bytes."""
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total


def machizu(folder: Path, *arguments: str) -> Run:
    """The command over the source, published and work folders below `folder`."""
    paths = [f"--{name}={folder / name}" for name in ("source", "published")]
    work = [f"--work={folder / 'work'}"] if arguments[0] == "build" else []
    return run(sys.executable, "-m", "gis_pipeline.cli", *arguments, *paths, *work)


def from_nothing_and_one_changed() -> tuple[list[Run], list[Run]]:
    """Pairs of a build of everything from nothing and of a build with one changed vector collection."""
    whole, changed = [], []
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            shutil.copytree(ROOT / "data/source", folder / "source")
            whole.append(machizu(folder, "build"))
            machizu(folder, "publish", "--approved-by=測定")
            declaration = folder / "source/youto/collection.toml"
            text = declaration.read_text(encoding="utf-8")
            declaration.write_text(text.replace("zooms = [10, 16]", "zooms = [10, 15]"), encoding="utf-8")
            changed.append(machizu(folder, "build"))
    return whole, changed


def memory_by_sheets() -> dict[int, float]:
    """Peak megabytes of building 1, 2, 4 and 8 sheets: copies of one scan with shifted control points."""
    peaks = {}
    for count in (1, 2, 4, 8):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            _sheets(folder / "source", SHEETS[:count])
            peaks[count] = machizu(folder, "build").peak_mb
    return peaks


def _sheets(source: Path, codes: tuple[str, ...]) -> None:
    sample = ROOT / "data/source/plan2500"
    edition = source / "plan2500/2026-04-01"
    edition.mkdir(parents=True)
    service = (ROOT / "data/source/service.toml").read_text(encoding="utf-8").replace('boundary = "choiki"\n', "")
    (source / "service.toml").write_text(service, encoding="utf-8")
    shutil.copy(sample / "collection.toml", source / "plan2500")
    origin = sheet_bounds("09KC971")
    points = (sample / "2026-04-01/09KC971.tif.points").read_text(encoding="utf-8").splitlines()
    header = next(n for n, line in enumerate(points) if line.startswith("mapX"))
    for code in codes:
        bounds = sheet_bounds(code)
        east, north = bounds.west_m - origin.west_m, bounds.south_m - origin.south_m
        shifted = [
            ",".join([str(float(x) + east), str(float(y) + north), *rest])
            for x, y, *rest in (line.split(",") for line in points[header + 1 :] if line)
        ]
        shutil.copy(sample / "2026-04-01/09KC971.tif", edition / f"{code}.tif")
        (edition / f"{code}.tif.points").write_text("\n".join([*points[: header + 1], *shifted]), encoding="utf-8")


def main() -> None:
    """Prints medians and whether they hold."""
    whole, changed = from_nothing_and_one_changed()
    full = statistics.median(one.seconds for one in whole)
    share = statistics.median(b.seconds / a.seconds for a, b in zip(whole, changed, strict=True))
    peak = max(one.peak_mb for one in whole)
    rows = (
        ("build of the sample from nothing, s", full, 60),
        ("the same with one changed collection, % of that", 100 * share, 25),
        ("peak memory of a build of the sample, MB", peak, 1500),
    )
    for title, value, limit in rows:
        print(f"{title:<50} {value:8.1f}  (≤ {limit})  {'ok' if value <= limit else 'MISSED'}")
    peaks = memory_by_sheets()
    print("peak memory by number of sheets      " + ", ".join(f"{n}: {mb:.0f} MB" for n, mb in peaks.items()))


if __name__ == "__main__":
    main()
