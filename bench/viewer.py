"""The viewer's first load of script, compressed, and what the catalogue loads."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from pathlib import Path

DIST = Path(__file__).resolve().parent.parent / "web_viewer/dist"
LIMIT_KB = 200


def main() -> None:
    """Prints the size of every script that index.html names, gzip level 9, and the import time of the catalogue."""
    page = (DIST / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r'(?:src|href)="\.?/?([^"]+\.js)"', page)
    size = sum(len(gzip.compress((DIST / name).read_bytes(), 9)) for name in scripts) / 1000
    print(
        f"viewer, first load of script, kB gzip {size:8.1f}  (≤ {LIMIT_KB})  {'ok' if size <= LIMIT_KB else 'MISSED'}"
    )
    code = "import time; t=time.perf_counter(); import gis_pipeline.catalog; print(time.perf_counter()-t)"
    seconds = float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    print(f"import gis_pipeline.catalog, s        {seconds:8.2f}  (no GIS library: tests/test_architecture.py)")


if __name__ == "__main__":
    main()
