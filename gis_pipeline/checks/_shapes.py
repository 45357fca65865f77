"""What several checks ask about geometries."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_pipeline.members import Context

Mask = NDArray[np.bool_]


def finite(shapes: NDArray[Any]) -> Mask:
    """Geometries all of whose coordinates are numbers; missing and empty ones have none that are not."""
    coordinates, owners = shapely.get_coordinates(shapes, return_index=True)
    result = np.ones(len(shapes), dtype=bool)
    result[owners[~np.isfinite(coordinates).all(axis=1)]] = False
    return result


def town_shapes(context: Context) -> NDArray[Any]:
    """The features' geometries in the town frame."""
    return np.asarray(context.features.frame.geometry.array, dtype=object)


def source_shapes(context: Context) -> NDArray[Any]:
    """The same geometries as they stand in the source, in its CRS; None where the record is not in this edition."""
    origin = context.features.origin
    shapes = np.full(len(origin), None, dtype=object)
    for table in context.tables:
        ours = ((origin["file"] == table.file) & (origin["layer"].fillna("") == (table.layer or ""))).to_numpy(
            dtype=bool
        )
        rows = table.frame.index.get_indexer(origin["record"].to_numpy()[ours])
        known = np.flatnonzero(ours)[rows >= 0]
        shapes[known] = np.asarray(table.frame.geometry.array, dtype=object)[rows[rows >= 0]]
    return shapes
