"""`make bench`: every measurement, one after the other; the server without the peers that pip would have to bring."""

from __future__ import annotations

import subprocess
import sys

MEASUREMENTS = (
    ("bench.build",),
    ("bench.vector_outputs",),
    ("bench.viewer",),
    ("bench.downloads",),
    ("bench.cad",),
    ("bench.millions", "--short"),
    ("bench.serve", "--short"),
)

for name, *options in MEASUREMENTS:
    print(f"== {name}", flush=True)
    subprocess.run([sys.executable, "-m", name, *options], check=name not in ("bench.serve", "bench.millions"))
