"""What differs between two editions of one collection: added, removed, changed, moved. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

SAME_PLACE_M = 0.001
"""Geometries whose vertices agree within this distance, metres, are the same."""


@dataclass(frozen=True)
class Changes:
    """Feature ids by kind of change; a feature may be both changed (attributes) and moved (geometry)."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    moved: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.moved)


def compare(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> Changes:
    """Compares two frames as `Features.frame`: unique index fid, same CRS in metres.

    Attributes are compared as text over the columns of both; a column that only one has counts as changed
    where it is not missing.
    """
    added = after.index.difference(before.index, sort=False)
    removed = before.index.difference(after.index, sort=False)
    common = after.index.intersection(before.index, sort=False)
    old, new = before.loc[common], after.loc[common]
    columns = sorted((set(before.columns) | set(after.columns)) - {"geometry"})
    different = np.zeros(len(common), dtype=bool)
    for column in columns:
        different |= (_text(old, column) != _text(new, column)).to_numpy()
    moved = ~_same_place(old, new)
    return Changes(
        added=tuple(map(str, added)),
        removed=tuple(map(str, removed)),
        changed=tuple(map(str, common[different])),
        moved=tuple(map(str, common[moved])),
    )


def _text(frame: gpd.GeoDataFrame, column: str) -> pd.Series[str]:
    if column not in frame.columns:
        return pd.Series("", index=frame.index, dtype="string")
    text: pd.Series[str] = frame[column].astype("string").fillna("")
    return text


def _same_place(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if "geometry" not in old.columns or "geometry" not in new.columns:
        return np.ones(len(old), dtype=bool)
    first, second = shapely.normalize(old.geometry.array), shapely.normalize(new.geometry.array)
    same = shapely.equals_exact(first, second, tolerance=SAME_PLACE_M)
    return np.asarray(same | (shapely.is_missing(first) & shapely.is_missing(second)), dtype=bool)
