"""What several checks ask about geometries."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gis_pipeline.conform.identity import finite
from gis_pipeline.members import Array, Context

__all__ = ["Mask", "finite", "source_middles", "town_shapes"]

Mask = NDArray[np.bool_]


def town_shapes(context: Context) -> NDArray[Any]:
    """The features' geometries in the town frame."""
    return np.asarray(context.features.frame.geometry.array, dtype=object)


def source_middles(context: Context) -> Array:
    """The middle of each record's box as it stands in the source, in its CRS, shape (n, 2): x, y.

    NaN where the record has no geometry or one with coordinates that are no numbers.
    """
    return context.features.origin[["x", "y"]].to_numpy(dtype=np.float64)
