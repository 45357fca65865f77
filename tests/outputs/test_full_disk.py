"""A file that does not fit is an error that says so, and nothing of it is left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gis_pipeline import outputs
from gis_pipeline.plugins import members

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="skipped: no limit on file sizes here")

SCRIPT = """
import resource, sys
from pathlib import Path
from gis_pipeline import outputs
from gis_pipeline.errors import MachineError
from gis_pipeline.plugins import members
from tests.outputs import samples, scans
member, masters, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
if member in sys.argv[5].split(","):
    made, neatlines = scans.masters(masters, pixel_m=1.0, sheet_px=(640, 480), bands=int(sys.argv[4]))
    product = samples.sheets(made, neatlines, pixel_m=1.0, zooms=(14, 18))
else:
    product = samples.product(samples.collection("point"), samples.points() * 40, [str(n) for n in range(12000)])
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
try:
    members(outputs)[member].write(product, folder)
except MachineError as error:
    sys.exit(0 if "ディスク" in str(error) else 4)
sys.exit(3)
"""


IMAGES = [member for member, module in members(outputs).items() if frozenset({"sheets"}) == module.APPLIES]
CASES = [(member, 1) for member in members(outputs)] + [(member, 3) for member in IMAGES]


@pytest.mark.parametrize(("member", "bands"), CASES)
def test_a_file_that_does_not_fit_is_an_error_and_leaves_nothing(member: str, bands: int, tmp_path: Path) -> None:
    masters, folder = tmp_path / "masters", tmp_path / "written"
    masters.mkdir()
    folder.mkdir()
    command = [sys.executable, "-c", SCRIPT, member, str(masters), str(folder), str(bands), ",".join(IMAGES)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [path for path in folder.rglob("*") if path.is_file()] == []
