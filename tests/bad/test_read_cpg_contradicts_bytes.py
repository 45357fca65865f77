"""The .cpg says one encoding, the bytes prove another."""

from __future__ import annotations

from pathlib import Path

from gis_pipeline.formats import shapefile
from tests.formats.material import read_one, texts, write_shapefile


def _table(tmp_path: Path, text: str, encoding: str, cpg: str) -> tuple[list[str | None], list[str]]:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 40)], [[text.encode(encoding)]], cpg=cpg)
    table = read_one(shapefile, path)
    return texts(table, "name"), [finding.message for finding in table.findings]


def test_cpg_utf8_over_cp932_bytes_is_read_as_cp932_with_a_warning(tmp_path: Path) -> None:
    values, messages = _table(tmp_path, "髙﨑 100㎡", "cp932", "UTF-8")
    assert values == ["髙﨑 100㎡"]
    assert messages == [".cpg は「UTF-8」ですが、中身は cp932 です。cp932 として読みました。"]


def test_cpg_shift_jis_over_utf8_bytes_is_read_as_utf8_though_cp932_would_decode(tmp_path: Path) -> None:
    assert "日本".encode().decode("cp932") == "譌･譛ｬ"
    values, messages = _table(tmp_path, "日本", "utf-8", "Shift_JIS")
    assert values == ["日本"]
    assert messages == [".cpg は「Shift_JIS」ですが、中身は utf-8 です。utf-8 として読みました。"]


def test_cpg_latin_over_cp932_bytes_is_read_as_cp932_with_a_warning(tmp_path: Path) -> None:
    values, messages = _table(tmp_path, "町道", "cp932", "ISO-8859-1")
    assert values == ["町道"]
    assert messages == [".cpg は「ISO-8859-1」ですが、中身は cp932 です。cp932 として読みました。"]


def test_cpg_of_another_name_over_plain_ascii_contradicts_nothing(tmp_path: Path) -> None:
    assert _table(tmp_path, "abc", "ascii", "ISO-8859-1") == (["abc"], [])
