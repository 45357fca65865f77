"""A .dbf number that did not fit its width: the writing program left asterisks."""

from __future__ import annotations

from pathlib import Path

from gis_pipeline.formats import shapefile
from tests.formats.material import read_one, texts, write_shapefile


def test_becomes_no_value_and_is_reported_with_record_and_field(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"width", "N", 4)], [[b"12.5"], [b"****"], [b"-"]])
    table = read_one(shapefile, path)
    assert texts(table, "width") == ["12.5", None, None]
    (finding,) = table.findings
    assert (finding.severity, finding.record, finding.field, finding.value) == ("warn", 2, "width", "****")
    assert finding.message == (
        "数の列に数でない値「****」があり、値なしとして読みました (2 件)。"
        "桁あふれか、GIS ソフトが書いた「値なし」です。"
    )
