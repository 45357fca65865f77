"""The same thing drawn twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from gis_pipeline.conform.identity import fingerprints, shape_keys
from gis_pipeline.findings import Pointer, listed
from gis_pipeline.members import Context
from gis_pipeline.model import Finding

TITLE = "地物の二重"


def check(context: Context) -> Iterator[Finding]:
    """Warns of features with the same shape (to the millimetre) and attributes, the id columns left aside, and of
    polygons with the same shape but other attributes."""
    frame, collection = context.features.frame, context.collection
    ids = set(collection.feature_id)
    fields = [name for name, field in collection.fields.items() if not ids & set(field.sources)]
    pointer = Pointer("duplicate_features", context.features)
    prints = pd.Series(fingerprints(frame, fields), dtype="object")
    twins = prints.duplicated(keep="first").to_numpy()

    def same(position: int) -> Finding:
        return pointer.finding(
            position,
            "warn",
            f"形も属性も同じ地物がほかにあります ({_earlier(context, prints, position)})。",
            "二重に入っていないか確かめ、要らない方を資料から除いてください。",
        )

    yield from listed(np.flatnonzero(twins).tolist(), same)
    if collection.geometry != "polygon":
        return
    shapes = pd.Series(shape_keys(frame.geometry), dtype="object")
    stacked = (shapes.duplicated(keep="first") & (shapes != b"")).to_numpy() & ~twins

    def contradicting(position: int) -> Finding:
        return pointer.finding(
            position,
            "warn",
            f"同じ形で属性の違う地物があります ({_earlier(context, shapes, position)})。",
            "どちらの属性が正しいか、元の図書で確かめてください。",
        )

    yield from listed(np.flatnonzero(stacked).tolist(), contradicting)


def _earlier(context: Context, keys: pd.Series, position: int) -> str:
    first = int(np.flatnonzero((keys == keys.iloc[position]).to_numpy())[0])
    origin = context.features.origin.iloc[first]
    return f"{origin['file']} の {int(origin['record'])} 番目"
