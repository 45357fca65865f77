"""A UTF-8 Shapefile whose field name was cut in mid-character (ten bytes are three kanji and a third)."""

from __future__ import annotations

from pathlib import Path

from gis_pipeline.formats import shapefile
from tests.formats.material import read_one, texts, write_shapefile

CUT = "用途地域".encode()[:10]


def test_is_read_under_what_is_left_of_the_name(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(CUT, "C", 30)], [["第一種住居地域".encode()]], cpg="UTF-8")
    assert texts(read_one(shapefile, path), "用途地") == ["第一種住居地域"]


def test_says_so(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(CUT, "C", 30)], [["第一種住居地域".encode()]])
    (finding,) = read_one(shapefile, path).findings
    assert finding.severity == "warn"
    assert finding.message.startswith(
        "1 番目の列の名前が 10 バイトの制限で文字の途中で切れているため、「用途地」として"
    )
    assert finding.advice == "宣言の source には「用途地」と書いてください。"


def test_is_read_where_only_the_names_are_japanese(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(CUT, "C", 30)], [[b"11"]])
    assert texts(read_one(shapefile, path), "用途地") == ["11"]


def test_two_names_that_became_the_same_stay_two_columns(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(CUT, "C", 4), (CUT, "C", 4)], [[b"1", b"2"]])
    table = read_one(shapefile, path)
    assert (texts(table, "用途地"), texts(table, "用途地_2")) == (["1"], ["2"])
