"""Other people's programs against the published sample on a real server."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable

import pytest

Run = Callable[..., str]


def command(name: str, reason: str) -> str:
    """The program's path; a visible skip where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"skipped: no {name} ({reason})")
    return found


@pytest.fixture(scope="session")
def gdal(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs one of GDAL's commands (a build of its own, not that of the wheels); a warning is a fault."""
    cache = tmp_path_factory.mktemp("gdal")
    command("ogr2ogr", "gdal-bin")

    def run(name: str, *arguments: str) -> str:
        done = subprocess.run(
            [name, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={
                "PATH": os.environ["PATH"],
                "LC_ALL": "C.UTF-8",
                "GDAL_DEFAULT_WMS_CACHE_PATH": str(cache),
                "GDAL_PAM_ENABLED": "NO",
            },
        )
        assert (done.returncode, done.stderr.strip()) == (0, ""), done.stderr
        return done.stdout

    return run
