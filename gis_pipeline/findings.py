"""Many findings of one kind: the first are listed one by one, the rest are counted, never left out silently."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from gis_pipeline.model import Finding

LIMIT = 200
"""At most so many findings of one kind are listed one by one."""

ItemT = TypeVar("ItemT")


def listed(items: Sequence[ItemT], make: Callable[[ItemT], Finding]) -> Iterator[Finding]:
    """One finding for each of the first `LIMIT` items, all of one kind, and one that counts the rest."""
    for item in items[:LIMIT]:
        yield make(item)
    if len(items) > LIMIT:
        last = make(items[LIMIT])
        rest, total = len(items) - LIMIT, len(items)
        yield Finding(
            rule=last.rule,
            severity=last.severity,
            message=f"同じ種類の指摘がほかに {rest:,} 件あります (全 {total:,} 件)。次の例: {last.message}",
            advice=last.advice,
            file=last.file,
            layer=last.layer,
            record=last.record,
            field=last.field,
            value=last.value,
            place=last.place,
        )
