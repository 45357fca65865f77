"""外字: a character of Windows' private area, which shows only where its maker's font is installed."""

from __future__ import annotations

from pathlib import Path

from gis_pipeline.formats import shapefile
from tests.formats.material import read_one, write_shapefile


def test_is_reported_with_record_and_field(tmp_path: Path) -> None:
    rows = [["見本".encode("cp932")], ["見".encode("cp932") + b"\xf0\x40"]]
    table = read_one(shapefile, write_shapefile(tmp_path / "a.shp", [(b"name", "C", 20)], rows))
    (finding,) = table.findings
    assert (finding.severity, finding.record, finding.field, finding.value) == ("warn", 2, "name", "見\ue000")
