"""Laws of converting one value."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_pipeline.conform.values import converter
from gis_pipeline.model import Field, FieldType

FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
NOTHING: list[object] = [None, float("nan"), "", "　 ", pd.NA, pd.NaT, []]
TYPES: list[FieldType] = ["text", "code", "integer", "number", "percent", "date"]


def read(value: object, type_: FieldType, title: str = "容積率", unit: str = "") -> Any:
    """The converted value; a severity other than none is a failure of the law."""
    converted = converter(Field(source="x", type=type_, title=title, unit=unit))(value)
    assert converted.severity is None, converted.message
    return converted.value


def severity(value: object, type_: FieldType, title: str = "容積率", unit: str = "") -> str | None:
    return converter(Field(source="x", type=type_, title=title, unit=unit))(value).severity


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("value", NOTHING, ids=repr)
def test_nothing_is_missing_in_every_type(type_: FieldType, value: object) -> None:
    assert read(value, type_) is None


@given(st.integers(20, 1300))
def test_every_writing_of_a_percentage_is_the_same_percentage(percent: int) -> None:
    writings: list[object] = [percent, float(percent), str(percent), f"{percent}.0", f"{percent}%", f"{percent} ％"]
    writings += [f"{percent}%".translate(FULL_WIDTH), percent / 100, f"{percent / 100:.2f}", f"{percent:,}"]
    assert {read(value, "percent") for value in writings} == {percent}


@given(st.integers(1, 99))
def test_a_ratio_below_one_is_a_percentage_whatever_the_field_is(percent: int) -> None:
    assert read(percent / 100, "percent", "緑化率") == percent


@given(st.integers(1, 19))
def test_a_small_whole_number_is_ambiguous_where_the_law_sets_no_least_rate(number: int) -> None:
    assert severity(number, "percent", "緑化率") == "block"
    assert read(f"{number}%", "percent", "緑化率") == number


@pytest.mark.parametrize("value", [14, 19.9, -20, "200.5", 1301, "なし", "60/200", 0.605, float("inf")])
def test_what_is_no_rate_blocks(value: object) -> None:
    assert severity(value, "percent") == "block"


def test_zero_is_no_rate_and_that_is_said() -> None:
    assert severity(0, "percent") == "warn"


@given(st.integers(-(2**53), 2**53))
def test_an_integer_is_read_from_every_writing(number: int) -> None:
    writings: list[object] = [number, float(number), str(number), f"{number:,}", str(number).translate(FULL_WIDTH)]
    assert {read(value, "integer") for value in writings} == {number}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back_exactly(number: float) -> None:
    assert read(repr(number), "number") == read(number, "number") == number


@pytest.mark.parametrize("value", ["1,23", "1.2.3", "12m", "一二", "1 2", "--1", float("inf"), "1e999", "nan"])
def test_what_is_no_number_blocks(value: object) -> None:
    assert severity(value, "number") == "block"


@pytest.mark.parametrize("value", ["4.5m", "４．５ｍ", "4.5 m", 4.5, "4.5"])
def test_the_declared_unit_may_stand_behind_the_number(value: object) -> None:
    assert read(value, "number", unit="m") == 4.5


def test_another_unit_blocks() -> None:
    assert severity("4.5cm", "number", unit="m") == "block"


@pytest.mark.parametrize("value", [1.5, "1.5", 2**63, "九"])
def test_what_is_no_integer_blocks(value: object) -> None:
    assert severity(value, "integer") == "block"


@given(st.from_regex(r"0{0,4}[1-9][0-9]{0,6}", fullmatch=True))
def test_a_code_keeps_its_leading_zeros(code: str) -> None:
    assert read(code, "code") == read(code.translate(FULL_WIDTH), "code") == read(f" {code}　", "code") == code


@given(st.integers(0, 10**9))
def test_a_code_read_as_a_number_has_no_decimals(number: int) -> None:
    assert read(float(number), "code") == read(number, "code") == str(number)


@pytest.mark.parametrize("value", ["２０１－２", "201ー2", "201−2", "201‐2", "201―2"])
def test_a_lot_number_has_one_kind_of_dash(value: str) -> None:
    assert read(value, "code") == "201-2"


def test_a_text_keeps_its_long_vowels_and_dashes() -> None:
    assert read("センター通り―北", "text") == "センター通り―北"


@pytest.mark.parametrize("value", ["南１４条西１８丁目１号線", "南14条西18丁目1号線 "])
def test_a_text_is_nfkc_and_trimmed(value: str) -> None:
    assert read(value, "text") == "南14条西18丁目1号線"


@pytest.mark.parametrize(
    "value",
    [
        dt.date(2011, 3, 29),
        dt.datetime(2011, 3, 29),
        pd.Timestamp("2011-03-29"),
        "2011-03-29 00:00:00",
        20110329,
        20110329.0,
    ],
    ids=repr,
)
def test_a_date_is_iso_whatever_the_reader_gives(value: object) -> None:
    assert read(value, "date") == "2011-03-29"


@pytest.mark.parametrize("value", ["0001-01-01", dt.date(1, 1, 1), dt.datetime(1, 1, 1), "不明"])
def test_an_unknown_date_is_missing_and_that_is_said(value: object) -> None:
    converted = converter(Field(source="x", type="date", title="日"))(value)
    assert (converted.value, converted.severity) == (None, "info")


def test_a_list_is_joined() -> None:
    assert read(["防火地域", "準防火地域"], "text") == "防火地域、準防火地域"


def test_a_date_given_in_another_time_zone_is_the_day_in_japan_and_warns() -> None:
    moment = dt.datetime(2009, 8, 9, 15, tzinfo=dt.UTC)
    converted = converter(Field(source="x", type="date", title="日"))(moment)
    assert (converted.value, converted.severity) == ("2009-08-10", "warn")
