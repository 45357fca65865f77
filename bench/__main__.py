"""`make bench`: every measurement, one after the other."""

from __future__ import annotations

import subprocess
import sys

MEASUREMENTS = ("bench.build", "bench.vector_outputs", "bench.viewer")

for name in MEASUREMENTS:
    print(f"== {name}", flush=True)
    subprocess.run([sys.executable, "-m", name], check=True)
