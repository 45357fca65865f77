"""Features that must lie inside the features of another collection, as declared (relations)."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely

from gis_pipeline.findings import Pointer, listed, measure
from gis_pipeline.members import Context
from gis_pipeline.model import Finding

TITLE = "他の区域との関係"


def check(context: Context) -> Iterator[Finding]:
    """Warns of every feature that leaves the other collection by more than the tolerance of the map level."""
    for relation in context.collection.relations:
        other = context.others.get(relation.inside)
        if other is None:
            yield Finding(
                rule="relations_inside",
                severity="warn",
                message=f"relations の相手「{relation.inside}」がないため、内側にあるか確かめられませんでした。",
                advice="相手の collection を先に公開するか、一緒に作ってください。",
                field="relations",
                value=relation.inside,
            )
            continue
        yield from _outside(context, relation.inside, other.frame)


def _outside(context: Context, name: str, other: gpd.GeoDataFrame) -> Iterator[Finding]:
    shapes = np.array(context.features.frame.geometry.array, dtype=object)
    broken = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    shapes[broken] = shapely.make_valid(shapes[broken])
    whole = shapely.union_all(shapely.make_valid(other.geometry.array[~other.geometry.isna()]))
    tolerance = shapely.buffer(whole, context.collection.tolerance_m)
    shapely.prepare(tolerance)
    leaving = np.flatnonzero(
        ~shapely.covers(tolerance, shapes) & ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    )
    pointer = Pointer("relations_inside", context.features)

    def finding(position: int) -> Finding:
        message = f"「{name}」の外にはみ出しています{measure(shapely.difference(shapes[position], whole))}。"
        return pointer.finding(
            position, "warn", message, "どちらの区域線が正しいか、元の図書で確かめてください。", value=name
        )

    yield from listed(leaving.tolist(), finding)
