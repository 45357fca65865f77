"""What a list of features is made of: chosen from one or several editions, in order, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from tile_server.area import Area
from tile_server.attributes import SortKey, Value
from tile_server.filters import Condition
from tile_server.store import FeatureStore, Stored


@dataclass(frozen=True)
class Wish:
    """Which features are asked for, and in which order; the default is all of them as published."""

    area: Area | None = None
    filters: Sequence[tuple[str, str]] = ()
    condition: Condition | None = None
    order: Sequence[SortKey] = ()


@dataclass(frozen=True)
class Selection:
    """Features of one or several editions in order: of each store the numbers of the features chosen."""

    parts: Sequence[tuple[FeatureStore, Sequence[int]]]

    @property
    def count(self) -> int:
        """How many features are chosen."""
        return sum(len(seqs) for _, seqs in self.parts)

    def page(self, offset: int, limit: int) -> Selection:
        """One page."""
        cut: list[tuple[FeatureStore, Sequence[int]]] = []
        left = limit
        for store, seqs in self.parts:
            if left <= 0:
                break
            taken = seqs[offset : offset + left]
            offset = max(0, offset - len(seqs))
            left -= len(taken)
            if taken:
                cut.append((store, taken))
        return Selection(cut)

    def read(self, offset: int, limit: int) -> list[Stored]:
        """The features of one page."""
        return [stored for store, seqs in self.page(offset, limit).parts for stored in store.read(seqs)]


@dataclass(order=True)
class _Placed:
    """A feature in a sorted list: by its values, then by edition and number."""

    keys: tuple[_Key, ...]
    part: int
    seq: int


@dataclass(frozen=True)
class _Key:
    """One value in its order; missing values last, texts by code point."""

    value: Value = field(compare=False)
    descending: bool = field(compare=False)

    def __lt__(self, other: _Key) -> bool:
        if self.value is None or other.value is None:
            return self.value is not None and other.value is None
        mine, theirs = (other.value, self.value) if self.descending else (self.value, other.value)
        return mine < theirs if isinstance(mine, str) == isinstance(theirs, str) else isinstance(theirs, str)  # type: ignore[operator]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)


def select(stores: Sequence[FeatureStore], wish: Wish) -> Selection:
    """The features of several editions, newest edition first: of each id only the newest counts.

    A feature that was changed out of the area does not come back in its older form: its newest state decides.
    """
    parts: list[tuple[FeatureStore, Sequence[int]]] = []
    seen: set[str] = set()
    for store in stores:
        found = store.matching(wish.area, wish.filters, wish.condition)
        if len(stores) > 1:
            names = store.ids()
            found = [seq for seq in found if names[seq] not in seen]
            seen.update(names.values())
        parts.append((store, found))
    return Selection(_sorted(parts, wish.order) if wish.order else parts)


def _sorted(
    parts: Sequence[tuple[FeatureStore, Sequence[int]]], order: Sequence[SortKey]
) -> list[tuple[FeatureStore, Sequence[int]]]:
    if len(parts) == 1:
        ((store, seqs),) = parts
        return [(store, store.attributes.sorted(seqs, order))]
    names = [key.name for key in order]
    placed = [
        _Placed(tuple(_Key(value, key.descending) for value, key in zip(row, order, strict=True)), part, seq)
        for part, (store, seqs) in enumerate(parts)
        for seq, row in zip(seqs, store.attributes.values(seqs, names), strict=True)
    ]
    runs = groupby(sorted(placed), key=lambda entry: entry.part)
    return [(parts[part][0], [entry.seq for entry in run]) for part, run in runs]
