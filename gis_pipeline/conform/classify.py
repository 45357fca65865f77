"""区分: a class code from whatever columns carry it: code, full name, short name, in every spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gis_pipeline.codelists import CODE_LISTS, CodeListName, UseDistrict
from gis_pipeline.conform.values import MISSING, Converted, canonical_text, is_missing
from gis_pipeline.japanese import nfkc
from gis_pipeline.model import FeatureClass, Field

_KIND = re.compile(r"^第?([1一壱2二弐3三参4四])種")
_DASH_FOR_ONE = re.compile(r"^第[-ーｰ‐‑–—―−─]種")
_KIND_DIGIT = {char: digit for digit, row in enumerate(("1一壱", "2二弐", "3三参", "4四"), 1) for char in row}
_SUFFIX = re.compile(r"(地域|地区|区域)$")
_WHOLE = re.compile(r"[+-]?\d+")


def fold_name(name: str) -> str:
    """One form for every spelling of a class name.

    第1種, 第１種, 第一種, 一種 and 第ー種 → 1種; no white space; no 地域, 地区 or 区域 at the end.
    """
    text = re.sub(r"\s+", "", nfkc(name)).casefold()
    text = _DASH_FOR_ONE.sub("第一種", text)
    text = _KIND.sub(lambda match: f"{_KIND_DIGIT[match[1]]}種", text)
    return _SUFFIX.sub("", text) or text


@dataclass(frozen=True)
class Classifier:
    """Knows the codes of one class field and every name they go by.

    `titles`: code → declared title. `names`: folded name → code, unambiguous ones only. `codes` is the declared
    code list, None where the declared [[classes]] are the list.
    """

    titles: Mapping[str, str]
    names: Mapping[str, str]
    known: frozenset[str]
    codes: CodeListName | None

    def read(self, value: object) -> Converted:
        """The class code of one source value; blocks what is in no list."""
        if is_missing(value):
            return MISSING
        text = canonical_text(value)
        code = self._code(text) or self.names.get(fold_name(text))
        if code is None:
            advice = "コード表の宣言 (codes) と元の資料を確かめてください。"
            return Converted(None, "block", self._not_listed(text), advice)
        if code not in self.titles:
            name = CODE_LISTS[self.codes][code].name if self.codes else text
            return Converted(
                None,
                "block",
                f"コード {code} ({name}) が [[classes]] に宣言されていません。",
                f'collection.toml に code = "{code}" の [[classes]] を加えてください。',
            )
        return Converted(code)

    def _code(self, text: str) -> str | None:
        if text in self.known:
            return text
        if not _WHOLE.fullmatch(text):
            return None
        same = [code for code in self.known if _WHOLE.fullmatch(code) and int(code) == int(text)]
        return same[0] if len(same) == 1 else None

    def _not_listed(self, text: str) -> str:
        if self.codes is None:
            return f"宣言された区分 ({'、'.join(self.titles.values())}) のどれでもありません。"
        others = [
            f"{other} では{CODE_LISTS[other][text].name}"
            for other in CODE_LISTS
            if other != self.codes and text in CODE_LISTS[other]
        ]
        hint = f" ({'、'.join(others)}です)" if others else ""
        return f"コード表 {self.codes} にありません{hint}。"


def classifier(field: Field, classes: tuple[FeatureClass, ...]) -> Classifier:
    """From the declared code list and the declared classes."""
    titles = {item.code: item.title for item in classes}
    names = _unambiguous(_names(field.codes, classes))
    known = frozenset(CODE_LISTS[field.codes]) if field.codes else frozenset(titles)
    return Classifier(titles, names, known, field.codes)


def _names(codes: CodeListName | None, classes: tuple[FeatureClass, ...]) -> Iterator[tuple[str, str]]:
    """Every name and its code: those of the code list, and declared ones that the list does not have."""
    listed: set[str] = set()
    for code, district in CODE_LISTS[codes].items() if codes else ():
        for name in (district.name, district.stamp, *district.aliases):
            listed.add(fold_name(name))
            yield name, code
    for item in classes:
        for name in (item.title, item.short):
            if fold_name(name) not in listed and (codes is None or item.code in CODE_LISTS[codes]):
                yield name, item.code


def _unambiguous(names: Iterator[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for name, code in names:
        if name:
            found.setdefault(fold_name(name), set()).add(code)
    return {name: next(iter(codes)) for name, codes in found.items() if len(codes) == 1}


def contradictions(
    field: Field, classes: tuple[FeatureClass, ...]
) -> Iterator[tuple[FeatureClass, UseDistrict | None]]:
    """Declared classes whose code means something else (or nothing: None) in the declared code list."""
    if field.codes is None:
        return
    listed = CODE_LISTS[field.codes]
    by_name = _unambiguous(_names(field.codes, ()))
    for item in classes:
        if item.code not in listed:
            yield item, None
        elif by_name.get(fold_name(item.title), item.code) != item.code:
            yield item, listed[item.code]


def district_of(field: Field, classes: tuple[FeatureClass, ...], code: str) -> UseDistrict | None:
    """The 用途地域 that a class code stands for: by the declared list, else by the declared title."""
    if field.codes:
        return CODE_LISTS[field.codes].get(code)
    title = next((item.title for item in classes if item.code == code), "")
    listed = CODE_LISTS["i-ur"]
    return listed.get(_unambiguous(_names("i-ur", ())).get(fold_name(title), ""))
