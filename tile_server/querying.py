"""filter, filter-lang, filter-crs, sortby, properties, skipGeometry: what of a map is asked for, and how much of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query

from gis_pipeline.crs import OutputCrs, output_crs
from gis_pipeline.model import Collection
from tile_server import cql2, filters
from tile_server.attributes import SortKey
from tile_server.boxes import crs_named
from tile_server.errors import RequestError
from tile_server.features import Shown
from tile_server.filters import Condition
from tile_server.params import CollectionId
from tile_server.site import Asked, View

LANGUAGES = ("cql2-text", "cql2-json")
MOST_SORT_KEYS = 5


@dataclass(frozen=True)
class Asking:
    """A filter as it was written. It is read where the features are, off the event loop."""

    text: str | None = None
    crs: OutputCrs | None = None

    def condition(self, view: View, declaration: Collection) -> Condition | None:
        """What it means for a collection; None for everything. What cannot be followed is a 400."""
        if self.text is None or self.crs is None:
            return None
        tree = cql2.read_json(self.text) if self.text.lstrip().startswith("{") else cql2.read_text(self.text)
        return filters.condition(tree, filters.kinds_of(declaration), self.crs, view.service.crs)


async def asked_filter(
    view: Asked,
    text: Annotated[str | None, Query(alias="filter", description="CQL2 の条件")] = None,
    language: Annotated[str | None, Query(alias="filter-lang", description="filter の書き方")] = None,
    uri: Annotated[str | None, Query(alias="filter-crs", description="filter の図形の座標系")] = None,
) -> Asking:
    """OGC 19-079r2, 8: the filter, its language and the CRS of its geometries.

    Only the JSON form begins with a brace, so the filter itself says in which language it is.
    """
    if language is not None and language not in LANGUAGES:
        raise RequestError(
            "filter-lang は cql2-text か cql2-json です。", "filter-lang is cql2-text or cql2-json.", "filter-lang"
        )
    crs = output_crs(view.service.crs)[0] if uri is None else crs_named(view, uri, "filter-crs")
    return Asking(text, crs)


def _names(view: Asked, collection_id: str, parts: Sequence[str], parameter: str) -> tuple[str, ...]:
    """The names, each one of the collection's own properties and only once."""
    own = filters.kinds_of(view.snapshot.collection(collection_id).declaration)
    for name in parts:
        if name not in own:
            raise RequestError(
                f"{parameter}: 属性「{name[:60]}」はありません。",
                f"{parameter}: there is no property {name[:60]!r}.",
                parameter,
            )
    return tuple(parts)


async def order_of(
    view: Asked,
    collection_id: CollectionId,
    text: Annotated[str | None, Query(alias="sortby", description="並べ替える属性")] = None,
) -> tuple[SortKey, ...]:
    """`sortby=+a,-b`: ascending, descending; a plus in an address may have come as a space."""
    if text is None:
        return ()
    parts = [part.removeprefix("+").removeprefix(" ") for part in text.split(",")]
    if len(parts) > MOST_SORT_KEYS:
        raise RequestError(
            f"sortby の属性は {MOST_SORT_KEYS} 個までです。", f"sortby: at most {MOST_SORT_KEYS} names.", "sortby"
        )
    if len(set(parts)) != len(parts):
        raise RequestError("sortby に同じ属性があります。", "sortby: a name is repeated.", "sortby")
    names = _names(view, collection_id, [part.removeprefix("-") for part in parts], "sortby")
    return tuple(SortKey(name, part.startswith("-")) for name, part in zip(names, parts, strict=True))


async def shown_of(
    view: Asked,
    collection_id: CollectionId,
    text: Annotated[str | None, Query(alias="properties", description="返す属性")] = None,
    skip: Annotated[str | None, Query(alias="skipGeometry", description="true: 図形を返さない")] = None,
) -> Shown:
    """`properties=a,b` and `skipGeometry=true`; an empty `properties=` hands out none."""
    if skip not in (None, "true", "false"):
        raise RequestError("skipGeometry は true か false です。", "skipGeometry is true or false.", "skipGeometry")
    names = None
    if text is not None:
        names = _names(view, collection_id, text.split(",") if text else [], "properties")
        names = tuple(dict.fromkeys(names))
    return Shown(names, skip != "true")


Filter = Annotated[Asking, Depends(asked_filter)]
Order = Annotated[tuple[SortKey, ...], Depends(order_of)]
Selected = Annotated[Shown, Depends(shown_of)]
