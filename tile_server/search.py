"""Find a place by its name or number: the search files of every edition in force, joined.

The words were folded when the edition was published; what is asked is folded the same way and found by plain
substring match (30,000 entries take some 10 ms; trigram indexes miss names of two characters).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from gis_pipeline.catalog import Published
from gis_pipeline.outputs.search import keys

ORDER = {"address": 0, "road": 1, "sheets": 2}
"""What people look for most comes first among equally good matches."""


MOST_EDITIONS = 200
"""How many editions' search files are kept in memory."""


@dataclass(frozen=True)
class Entry:
    """One place that can be found; `keys` are folded, `shown` goes to the client."""

    keys: tuple[str, ...]
    shown: dict[str, Any]


class SearchIndex:
    """The search files by edition key, read once each."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], tuple[Entry, ...]] = {}

    def find(self, query: str, editions: Iterable[Published], limit: int) -> list[dict[str, Any]]:
        """The best matches: equal words before beginnings before parts; places before roads before sheets before the
        rest; shorter texts first; then as published.

        An address may be written out (2番1号, 250番地), words stand apart (見本 250: each must be found), and a
        number leave out its first zeros (101 for 0101).
        """
        asked = keys([query])
        words = [spellings for spellings in (keys([word]) for word in query.split()) if spellings]
        if not asked:
            return []
        ranked: list[tuple[int, int, int, int, dict[str, Any]]] = []
        keep: dict[tuple[str, str], tuple[Entry, ...]] = {}
        for published in editions:
            order = ORDER.get(published.declaration.role, len(ORDER))
            about = {"kind": published.declaration.title, "collection": published.declaration.id}
            entries = keep[_key(published)] = self._of(published)
            for entry in entries:
                rank = _rank(asked, entry.keys)
                if rank is None and len(words) > 1:
                    rank = _rank_of_words(words, entry.keys)
                if rank is not None:
                    ranked.append((rank, order, len(entry.shown["text"]), len(ranked), about | entry.shown))
        known = self._entries | keep  # days are asked about in turn: what was read stays, up to a bound
        self._entries = known if len(known) <= MOST_EDITIONS else keep
        return [shown for *_, shown in sorted(ranked, key=lambda row: row[:4])[:limit]]

    def _of(self, published: Published) -> tuple[Entry, ...]:
        known = self._entries.get(_key(published))
        if known is not None:
            return known
        if published.edition.asset("search.json") is None:
            return ()
        return _read(published.file("search.json"))


def _key(published: Published) -> tuple[str, str]:
    return published.declaration.id, published.edition.key


def _read(path: Path) -> tuple[Entry, ...]:
    document = orjson.loads(path.read_bytes())
    return tuple(
        Entry(
            tuple(entry["keys"]),
            {name: entry[name] for name in ("text", "lon", "lat", "bbox")} | {"id": entry["fid"]},
        )
        for entry in document["entries"]
    )


def _rank_of_words(words: list[list[str]], entry_keys: tuple[str, ...]) -> int | None:
    """2 if every word is found, None if one is not."""
    return 2 if all(_rank(word, entry_keys) is not None for word in words) else None


def _rank(asked: list[str], entry_keys: tuple[str, ...]) -> int | None:
    """0 equal (also without 大字 or 字, or first zeros, which people leave out), 1 begins with it, 2 contains it, None
    not found; the best of the spellings of what is asked."""
    best: int | None = None
    for key in entry_keys:
        for spelling in asked:
            if spelling not in key:
                continue
            short = key.lstrip("0") if key.isdecimal() else key
            bare = short.removeprefix("大").removeprefix("字") if short.startswith(("大字", "字")) else short
            if spelling in (key, bare):
                return 0
            begins = bare.startswith(spelling) or key.startswith(spelling)
            best = min(best if best is not None else 2, 1 if begins else 2)
    return best
