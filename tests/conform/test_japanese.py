"""Laws of reading Japanese text, numbers and dates."""

from __future__ import annotations

import datetime as dt
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_pipeline.japanese import DASHES, ERAS, Era, fold_dashes, kanji_number, nfkc, read_date

FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
DAYS = st.dates(dt.date(1926, 12, 26), dt.date(2099, 12, 31))


def kanji(number: int) -> str:
    """21 → 二十一: a second way round, from digits to kanji."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else "〇一二三四五六七八九"[tens] + "十"
    return head + ("〇一二三四五六七八九"[ones] if ones else "") or "〇"


def era_of(day: dt.date) -> Era:
    return next(era for era in ERAS if era.first <= day and (era.last is None or day <= era.last))


@given(DAYS)
def test_every_way_of_writing_a_day_reads_as_that_day(day: dt.date) -> None:
    era = era_of(day)
    year = day.year - era.year_one + 1
    letter = dict(zip("明大昭平令", "MTSHR", strict=True))[era.name[0]]
    writings = [
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{era.name}{year}年{day.month}月{day.day}日",
        f"{era.name[0]}{year}.{day.month}.{day.day}",
        f"{letter}{year:02}/{day.month:02}/{day.day:02}",
        f"{letter.lower()}{year:02}{day:%m%d}",
        f"{era.name} {year} 年 {day.month} 月 {day.day} 日",
        f"{day.isoformat()}T00:00:00",
    ]
    if year == 1:
        writings.append(f"{era.name}元年{day.month}月{day.day}日")
    if year < 100:
        writings.append(f"{era.name}{kanji(year)}年{kanji(day.month)}月{kanji(day.day)}日")
    writings += [text.translate(FULL_WIDTH) for text in writings]
    assert {read_date(text).iso for text in writings} == {day.isoformat()}
    assert {read_date(text).note for text in writings} == {""}


@given(st.integers(1, 99))
def test_a_year_of_an_era_alone_stays_a_year(year: int) -> None:
    written = read_date(f"昭和{year}年")
    assert written.iso == str(1925 + year)
    assert written.note == ("" if year <= 64 else "outside era")


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("平成21年8月10日", "2009-08-10"),
        ("令和元年", "2019"),
        ("平成二十一年八月十日", "2009-08-10"),
        ("平成二一年八月一〇日", "2009-08-10"),
        ("昭48", "1973"),
        ("S48.11.20", "1973-11-20"),
        ("Ｓ４８．１１．２０", "1973-11-20"),
        ("H21/8/10", "2009-08-10"),
        ("H21.8", "2009-08"),
        ("㍻21年8月10日", "2009-08-10"),
        ("平成21年8月10日(月)", "2009-08-10"),
        ("大正八年四月", "1919-04"),
        ("20090800", "2009-08"),
        ("200908", "2009-08"),
        ("2009-08-09T15:00:00Z", "2009-08-10"),
        ("2009-08-10T00:00:00+09:00", "2009-08-10"),
    ],
)
def test_a_date_as_offices_write_it(text: str, iso: str) -> None:
    assert read_date(text).iso == iso


@pytest.mark.parametrize("text", ["平成32年4月1日", "昭和64年1月8日", "平成元年1月7日", "明治45年8月1日"])
def test_a_day_that_the_era_never_had_is_read_and_noted(text: str) -> None:
    assert read_date(text).note == "outside era"


@pytest.mark.parametrize("text", ["0001-01-01", "0001-01-01T00:00:00", "0001/1/1", "不明", "00000000"])
def test_an_unknown_date_is_unknown(text: str) -> None:
    assert read_date(text).iso is None
    assert read_date(text).note == "unknown"


@pytest.mark.parametrize(
    "text",
    [
        "平成21年2月30日", "平成21年13月1日", "平成21年4月31日", "平成0年", "2009-02-29", "20091301", "48.11.20",
        "21年8月10日", "平成21年度", "40035", "2009年8月10日告示", "平成", "2009-00-10", "3009-01-01", "府告第1273号",
    ],
)  # fmt: skip
def test_what_is_no_possible_date_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ValueError, match=r"。$"):
        read_date(text)


@given(st.text())
def test_any_text_is_a_date_or_refused(text: str) -> None:
    try:
        written = read_date(text)
    except ValueError:
        return
    assert written.iso is None or len(written.iso) in (4, 7, 10)


@given(st.integers(0, 99))
def test_a_kanji_number_reads_back(number: int) -> None:
    assert kanji_number(kanji(number)) == number


@pytest.mark.parametrize(
    ("text", "number"), [("千二百三十四", 1234), ("一二三四", 1234), ("百", 100), ("二千九", 2009)]
)
def test_kanji_numbers_are_read_by_place_and_by_unit(text: str, number: int) -> None:
    assert kanji_number(text) == number


@pytest.mark.parametrize("text", ["", "十百", "二十十", "一二十", "〇十", "丁"])
def test_what_is_no_kanji_number_is_none(text: str) -> None:
    assert kanji_number(text) is None


@given(st.text())
def test_folding_text_twice_changes_nothing_more(text: str) -> None:
    assert nfkc(nfkc(text)) == nfkc(text)


# full-width forms, half-width kana, Greek, Cyrillic, kana, kanji, Roman numerals: nothing that NFKC would damage
HARMLESS = st.characters(min_codepoint=0x20, max_codepoint=0x7E) | st.sampled_from(
    "ＡＺａｚ０９－（）　ｱｶﾞﾊﾟｰがパ町道号線Ⅳⅸ㍻㋿㎡㈱Ωя"
)


@given(st.text(alphabet=HARMLESS))
def test_folding_is_nfkc_where_nothing_would_be_damaged(text: str) -> None:
    assert nfkc(text) == unicodedata.normalize("NFKC", text).strip()


@pytest.mark.parametrize("text", ["10①号線", "第②工区", "m²", "½", "神\ufa19社", "\uf9dc盛"])
def test_what_nfkc_would_damage_stays_as_written(text: str) -> None:
    assert nfkc(text) == text


@given(st.sampled_from(DASHES), st.integers(0, 9999), st.integers(0, 99))
def test_every_dash_between_numbers_is_one_dash(dash: str, lot: int, branch: int) -> None:
    assert fold_dashes(nfkc(f"{lot}{dash}{branch}")) == f"{lot}-{branch}"


@given(st.integers(0, 9999), st.integers(0, 99))
def test_a_long_vowel_mark_between_digits_is_a_dash(lot: int, branch: int) -> None:
    assert fold_dashes(nfkc(f"{lot}ー{branch}".translate(FULL_WIDTH))) == f"{lot}-{branch}"


@pytest.mark.parametrize("text", ["センター", "スーパー1号線", "コーポーA"])
def test_a_long_vowel_in_a_word_stays(text: str) -> None:
    assert fold_dashes(text) == text


@given(st.text())
def test_folding_dashes_twice_changes_nothing_more(text: str) -> None:
    assert fold_dashes(fold_dashes(text)) == fold_dashes(text)
