"""Text is decoded by proof: the laws of gis_pipeline/formats/_text.py and what they mean for a Shapefile."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_pipeline.errors import EncodingError
from gis_pipeline.formats import _text, csv, shapefile
from gis_pipeline.model import Source
from tests.formats.material import read_one, texts, write_shapefile

SPECIAL = "㎡①Ⅳ㈱﨑髙神―～－∥￢ｱ纊"
"""NEC and IBM extensions and the dashes on which CP932 and Shift_JIS tables disagree."""
CP932_TEXT = st.text(
    st.sampled_from([chr(code) for code in range(0x3041, 0x3094)] + list(SPECIAL + "町道都市計画用途地域"))
)


@pytest.mark.parametrize(
    "label", ["Shift_JIS", "shift-jis", "SJIS", "CP932", "cp932", "932", "ANSI 932", "Windows-31J", "MS932", "x-sjis"]
)
def test_every_name_of_shift_jis_means_windows_31j(label: str) -> None:
    assert _text.codec(label) == "cp932"


@pytest.mark.parametrize("label", ["UTF-8", "utf8", "65001", "UTF-8 "])
def test_every_name_of_utf8_means_utf8(label: str) -> None:
    assert _text.codec(label) == "utf-8"


@pytest.mark.parametrize("label", ["ISO-8859-1", "rot13", "base64", "UTF-16", "", "1252"])
def test_other_names_are_no_encoding_of_ours(label: str) -> None:
    assert _text.codec(label) is None


@given(CP932_TEXT)
def test_cp932_round_trip(text: str) -> None:
    assert _text.decode(text.encode("cp932"), "cp932") == text


@given(st.binary(max_size=12))
def test_cp932_decoding_is_no_more_generous_than_iconv(data: bytes) -> None:
    try:
        text = _text.decode(data, "cp932")
    except UnicodeDecodeError as error:
        assert 0 <= error.start < error.end <= len(data)
        return
    assert text.encode("cp932").decode("cp932") == text
    assert not any(0x80 <= ord(character) < 0xA1 or 0xF8F0 <= ord(character) <= 0xF8F3 for character in text)


def test_special_characters_agree_with_iconv() -> None:
    data = SPECIAL.encode("cp932")
    iconv = subprocess.run(["iconv", "-f", "CP932", "-t", "UTF-8"], input=data, capture_output=True, check=True)
    assert _text.decode(data, "cp932") == iconv.stdout.decode() == SPECIAL


@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
@pytest.mark.parametrize("cpg", [None, "right"])
def test_a_shapefile_reads_the_same_with_and_without_cpg(tmp_path: Path, encoding: str, cpg: str | None) -> None:
    name = "用途".encode(encoding)
    path = write_shapefile(
        tmp_path / "a.shp",
        [(name, "C", 60)],
        [[SPECIAL.encode(encoding)]],
        cpg=cpg and {"cp932": "SJIS"}.get(encoding, "UTF-8"),
    )
    table = read_one(shapefile, path)
    assert (texts(table, "用途"), table.encoding, table.findings) == ([SPECIAL], encoding, ())


def test_a_declared_encoding_goes_before_the_cpg(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 60)], [[SPECIAL.encode("cp932")]], cpg="UTF-8")
    table = read_one(shapefile, path, Source(encoding="cp932"))
    assert (texts(table, "name"), table.findings) == ([SPECIAL], ())


def test_a_declared_encoding_that_cannot_decode_is_an_error_not_a_hint(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 60)], [["町道".encode("cp932")]])
    with pytest.raises(EncodingError, match="1 番目の地物・属性「name」: utf-8 として読めない"):
        read_one(shapefile, path, Source(encoding="utf-8"))


def test_the_language_byte_decides_only_what_the_bytes_leave_open(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 10)], [["ﾐｶ".encode("cp932")]])
    dbf = path.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    data[29] = 0x13
    dbf.write_bytes(data)
    assert texts(read_one(shapefile, path), "name") == ["ﾐｶ"]


def test_the_last_of_thousands_of_values_counts_as_much_as_the_first(tmp_path: Path) -> None:
    rows = [["町道".encode()]] * 3000 + [["町道".encode("cp932")]]
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 10)], rows)
    with pytest.raises(EncodingError, match=r"^a\.dbf・3001 番目の地物・属性「name」: utf-8 として"):
        read_one(shapefile, path)


@pytest.mark.parametrize(("data", "encoding"), [("\ufeff", "utf-8"), ("", "utf-8"), ("", "cp932")])
def test_csv_encoding_is_proven(tmp_path: Path, data: str, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((data + f"路線番号,名称\r\n00101,{SPECIAL}\r\n").encode(encoding))
    table = read_one(csv, path)
    assert (texts(table, "路線番号"), texts(table, "名称"), table.encoding) == (["00101"], [SPECIAL], encoding)


def test_gdal_itself_would_have_read_latin_letters(tmp_path: Path) -> None:
    """Why this module exists: no .cpg, no error, and the wrong text."""
    path = write_shapefile(tmp_path / "a.shp", [(b"name", "C", 10)], [["町道".encode("cp932")]])
    shown = subprocess.run(["ogrinfo", "-al", "-q", str(path)], capture_output=True, check=True).stdout.decode(
        "utf-8", "replace"
    )
    assert "町道" not in shown
    assert texts(read_one(shapefile, path), "name") == ["町道"]
