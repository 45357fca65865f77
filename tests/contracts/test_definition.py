"""What the API definition says and what the server does are the same: schemathesis, every check, one bounded run.

The whole run (five seeds over the sample) is `st run …/api/openapi.json --checks all --seed N`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.tile_server.conftest import tree  # noqa: F401  (the town of the server's tests: a register, withdrawn maps)
from tests.tile_server.test_server import port  # noqa: F401  (the application over it under a real server)


def test_the_server_does_what_its_definition_says(port: int, tmp_path: Path) -> None:  # noqa: F811
    command = [str(Path(sys.executable).with_name("st")), "run", f"http://127.0.0.1:{port}/api/openapi.json"]
    command += ["--checks", "all", "--seed", "1", "--max-examples", "10", "--phases", "coverage,fuzzing", "--no-color"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=900, check=False)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    tested = re.search(r"Tested: ([0-9]+)", run.stdout)
    assert tested is not None and int(tested[1]) > 50, "every operation of the definition is asked"
