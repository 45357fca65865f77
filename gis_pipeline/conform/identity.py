"""What makes two features the same: shape to the millimetre and attributes. Pure; knows neither files nor order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray


def shape_keys(geometry: gpd.GeoSeries) -> list[bytes]:
    """One key per geometry (town metres): equal where the shapes agree to the millimetre.

    The ring's start, its direction and the order of parts do not matter, so the same material saved through another
    format keeps its keys. Missing geometry has the key b"".
    """
    shapes: NDArray[Any] = np.asarray(geometry.array, dtype=object)
    rounded = shapely.transform(shapes, _to_millimetres)
    coordinates, owners = shapely.get_coordinates(rounded, return_index=True)
    orderly = np.ones(len(shapes), dtype=bool)
    orderly[owners[~np.isfinite(coordinates).all(axis=1)]] = False
    rounded[orderly] = shapely.normalize(rounded[orderly])  # what has no order (NaN) cannot be sorted
    blobs = shapely.to_wkb(rounded, byte_order=1, include_srid=False)
    return [b"" if blob is None else blob for blob in blobs]


def _to_millimetres(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.round(coordinates * 1000.0) + 0.0  # + 0.0: no negative zero


def fingerprints(frame: gpd.GeoDataFrame, fields: Sequence[str]) -> list[str]:
    """One text of 16 hexadecimal digits per feature, from its shape and its values of `fields` (in any order)."""
    rows = _attribute_keys(frame, sorted(fields))
    shapes = shape_keys(frame.geometry)
    return [
        hashlib.blake2b(shape + b"\x00" + row, digest_size=8).hexdigest()
        for shape, row in zip(shapes, rows, strict=True)
    ]


def _attribute_keys(frame: gpd.GeoDataFrame, fields: Sequence[str]) -> list[bytes]:
    columns = []
    for name in fields:
        values = frame[name].astype("string")
        columns.append((name + "=" + values.str.replace("\x1f", " ")).where(values.notna(), name).tolist())
    if not columns:
        return [b""] * len(frame)
    return ["\x1f".join(row).encode() for row in zip(*columns, strict=True)]


def numbered(keys: Sequence[str]) -> list[str]:
    """The keys made unique: the second of equal keys gets "-2", the third "-3" …"""
    ordinals = pd.Series(list(keys), dtype="object").groupby(list(keys), sort=False).cumcount()
    return [key if ordinal == 0 else f"{key}-{ordinal + 1}" for key, ordinal in zip(keys, ordinals, strict=True)]
