"""What makes two features the same: shape to the millimetre and attributes. Pure; knows neither files nor order."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis_pipeline.japanese import fold_dashes

_UNSAFE = re.compile(r"[/\\?#%\s\x00-\x1f\x7f]+")
ROWS = 20_000
"""So many features are looked at together: rounded and ordered copies of all shapes would take their memory again."""


def finite(shapes: NDArray[Any]) -> NDArray[np.bool_]:
    """Geometries all of whose coordinates are numbers; missing and empty ones have none that are not."""
    result = np.ones(len(shapes), dtype=bool)
    for start in range(0, len(shapes), ROWS):
        coordinates, owners = shapely.get_coordinates(shapes[start : start + ROWS], return_index=True)
        result[start + owners[~np.isfinite(coordinates).all(axis=1)]] = False
    return result


def shape_keys(geometry: gpd.GeoSeries) -> list[bytes]:
    """One key of 16 bytes per geometry (town metres): equal where the shapes agree to the millimetre.

    The ring's start, its direction and the order of parts do not matter, so the same material saved through another
    format keeps its keys. Missing geometry has the key b"".
    """
    return [blob and hashlib.blake2b(blob, digest_size=16).digest() for blob in _blobs(geometry)]


def _blobs(geometry: gpd.GeoSeries) -> Iterator[bytes]:
    """Each geometry in whole millimetres and one order, as WKB; b"" where there is none."""
    shapes: NDArray[Any] = np.asarray(geometry.array, dtype=object)
    for start in range(0, len(shapes), ROWS):
        rounded = shapely.transform(shapes[start : start + ROWS], _to_millimetres)
        orderly = finite(rounded)
        rounded[orderly] = shapely.normalize(rounded[orderly])  # what has no order (NaN) cannot be sorted
        blobs = shapely.to_wkb(rounded, byte_order=1, include_srid=False)
        yield from (b"" if blob is None else blob for blob in blobs)


def _to_millimetres(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.round(coordinates * 1000.0) + 0.0  # + 0.0: no negative zero


def fingerprints(frame: gpd.GeoDataFrame, fields: Sequence[str]) -> list[str]:
    """One text of 16 hexadecimal digits per feature, from its shape and its values of `fields` (in any order)."""
    rows = _attribute_keys(frame, sorted(fields))
    return [
        hashlib.blake2b(shape + b"\x00" + row, digest_size=8).hexdigest()
        for shape, row in zip(_blobs(frame.geometry), rows, strict=True)
    ]


def _attribute_keys(frame: gpd.GeoDataFrame, fields: Sequence[str]) -> Iterator[bytes]:
    for start in range(0, len(frame), ROWS):
        yield from _attribute_keys_of(frame.iloc[start : start + ROWS], fields)


def _attribute_keys_of(frame: gpd.GeoDataFrame, fields: Sequence[str]) -> list[bytes]:
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


def feature_id(values: Sequence[str]) -> str:
    """The values of the id columns as one id fit for a path: joined with "-"; / \\ ? # % and white space become "_"."""
    joined = _UNSAFE.sub("_", fold_dashes("-".join(values)))
    return f"_{joined}" if joined and joined.strip(".") == "" else joined
