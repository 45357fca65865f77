"""search.json: the words by which a place is found, folded the way the server folds what is asked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import orjson
import shapely

from gis_pipeline import cartography, crs
from gis_pipeline.members import Array, Product
from gis_pipeline.model import Act, Collection
from gis_pipeline.outputs import _files, _geojson, _table

TITLE = "地名・番号の検索"
VERSION = 1
ACT: Final[Act] = "screen"
MEDIA_TYPE = "application/json"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets", "register"})
ALWAYS = True

DASHES = re.compile("[-‐‑‒–—―⁃−─━ー﹘˗]")
KANJI = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々〆"
GA_SMALL = re.compile("ヶ")
GA_LARGE = re.compile(f"(?<=[{KANJI}])ケ")
COUNTED = re.compile("([〇零一二三四五六七八九十百千]+)(?=丁目|番地|番|号|條|条)")
ADDRESS = re.compile(r"(?<=\d)(?:丁目|番地の|番地|番|号)(?=\d)|(?<=\d)(?:番地|号)$")
DIGITS = {character: value for value, character in enumerate("〇一二三四五六七八九")} | {"零": 0}
UNITS = {"十": 10, "百": 100, "千": 1000}


def fold(text: str) -> str:
    """A text as it is compared in search; applied to what is indexed and to what is asked alike.

    NFKC, case folded, every kind of dash (and the long vowel ー, which is typed for one) as "-", spaces
    removed, katakana as hiragana (so ノ = の), ヶ and, after a kanji, ケ as が (霞ヶ関 = 霞が関), and Chinese
    numerals as digits before 丁目, 番, 番地, 号 and 条 only (三丁目 = 3丁目, but 三国 stays).
    """
    return _kana(_numerals(_plain(text)))


def _plain(text: str) -> str:
    # Each step can make work for the others (a space between a letter and its accent, say): until all agree.
    compact = ""
    while compact != text:
        compact, text = text, "".join(unicodedata.normalize("NFKC", text.casefold()).split())
    return DASHES.sub("-", compact)


def _numerals(text: str) -> str:
    return COUNTED.sub(lambda match: str(_number(match[1])), text)


def _kana(text: str) -> str:
    marked = GA_LARGE.sub("が", GA_SMALL.sub("が", text))
    return "".join(chr(ord(letter) - 0x60) if "ァ" <= letter <= "ヶ" else letter for letter in marked)


def _number(numerals: str) -> int:
    """二十三 → 23, 一〇一 → 101, 千二百 → 1200."""
    if not UNITS.keys() & set(numerals):
        return int("".join(str(DIGITS[numeral]) for numeral in numerals))
    total, digit = 0, 0
    for numeral in numerals:
        if numeral in UNITS:
            total, digit = total + (digit or 1) * UNITS[numeral], 0
        else:
            digit = digit * 10 + DIGITS[numeral]
    return total + digit


def keys(texts: list[str]) -> list[str]:
    """The folded forms under which an entry is found by plain substring match, without doubles.

    Besides the fold itself: the form with Chinese numerals kept, so that half of 三丁目 is found while
    it is typed, and addresses in short (2丁目3番4号 → 2-3-4).
    """
    found: dict[str, None] = {}
    for text in texts:
        folded = fold(text)
        for key in (folded, _kana(_plain(text)), ADDRESS.sub(_dash, folded)):
            if key:
                found[key] = None
    return list(found)


def _dash(match: re.Match[str]) -> str:
    return "" if match.end() == len(match.string) else "-"


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes search.json: one entry per feature that has a place and a searched value.

    lon/lat is a point on the feature; bbox is west, south, east, north in degrees. A collection that
    declares no `search` has no entries (a collection of scans is found by sheet code and title).
    """
    target = folder / "search.json"
    size = 0
    with _files.beside(target) as part:
        with part.open("wb") as stream:
            for text in _texts_of_file(product):
                size += stream.write(text)
        _files.expect(target, part.stat().st_size, size, "バイト")
    return (target,)


def _texts_of_file(product: Product) -> Iterator[bytes]:
    between = b'{"entries":['
    for rows in _table.chunks(product):
        for entry in _entries(rows):
            yield between + orjson.dumps(entry)
            between = b","
    yield b"]}" if between == b"," else between + b"]}"


def _entries(product: Product) -> Iterator[dict[str, Any]]:
    collection = product.collection
    names = collection.search or (("sheet", "title") if collection.scan is not None else ())
    if not names:
        return
    prepared = _geojson.prepare(product)
    bounds = prepared.bounds.tolist()
    lon, lat = _places(product)
    for row, (fid, properties) in enumerate(zip(_table.fids(product), prepared.properties, strict=True)):
        texts = _texts(collection, names, properties)
        if not texts:
            continue
        placed = not np.isnan(lon[row])
        yield {
            "text": cartography.label_text(collection, properties) or " ".join(texts),
            "keys": keys([cartography.label_text(collection, properties), *texts]),
            "kind": collection.title,
            "fid": fid,
            "lon": round(float(lon[row]), 7) if placed else None,
            "lat": round(float(lat[row]), 7) if placed else None,
            "bbox": [round(edge, 7) for edge in bounds[row]] if placed else None,
        }


def _places(product: Product) -> tuple[Array, Array]:
    """Longitudes and latitudes of a point on each feature; NaN without geometry."""
    points = shapely.point_on_surface(_table.town_geometry(product).to_numpy())
    return crs.to_lonlat(product.service.crs).points(shapely.get_x(points), shapely.get_y(points))


def _texts(collection: Collection, names: tuple[str, ...], properties: dict[str, Any]) -> list[str]:
    """The searched values of one feature; a class is searched by its title and its short form."""
    texts: list[str] = []
    for name in names:
        value = properties.get(name)
        if value is None:
            continue
        if name == collection.class_field:
            members = [entry for entry in collection.classes if entry.code == value]
            texts += [text for entry in members for text in (entry.title, entry.short) if text]
        else:
            texts.append(str(value))
    return texts
