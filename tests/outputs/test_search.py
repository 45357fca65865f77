"""What is typed finds what is meant: folding of search texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_pipeline.outputs.search import fold, keys

SAME = [
    ("町道第１０１号線", "町道第101号線"),
    ("町道第一〇一号線", "町道第101号線"),
    ("平井二十三番地", "平井23番地"),
    ("千二百番", "1200番"),
    ("大久野三丁目", "大久野３丁目"),
    ("1－2－3", "1-2-3"),
    ("1‐2‑3", "1−2ー3"),
    ("霞ヶ関", "霞が関"),
    ("霞ケ関", "霞が関"),
    ("一ノ宮", "一の宮"),
    ("ﾋﾗｲ", "ひらい"),
    ("ヒライ", "ひらい"),
    ("09kc971", "０９ＫＣ９７１"),
    ("見本 通り", "見本　通り"),
    ("ガード", "がーど"),
]
DIFFERENT = [("三国", "3国"), ("一ノ宮", "一宮"), ("千歳", "1000歳"), ("平井", "平 丼"), ("十里木", "10里木")]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_thing_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing_that_folding_once_left(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("asked", ["平井2-3-4", "平井2丁目3番4号", "平井二丁目", "平井二", "ひらい", "平井2"])
def test_an_address_is_found_as_it_is_typed(asked: str) -> None:
    indexed = keys(["平井二丁目3番4号", "ヒライ"])
    assert any(fold(asked) in key for key in indexed)
