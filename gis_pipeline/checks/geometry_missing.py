"""Records without a shape, and coordinates that are no numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from gis_pipeline.checks._shapes import finite, source_middles, town_shapes
from gis_pipeline.findings import Pointer, listed
from gis_pipeline.members import Context
from gis_pipeline.model import Finding

TITLE = "図形の欠け"


def check(context: Context) -> Iterator[Finding]:
    """Blocks null and empty geometries and NaN or infinite coordinates; a register (geometry "none") has none.

    Coordinates that only the reprojection could not compute are the business of `inside_town`.
    """
    if context.collection.geometry == "none":
        return
    pointer = Pointer("geometry_missing", context.features)
    shapes = town_shapes(context)
    absent = np.flatnonzero(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    yield from listed(
        absent.tolist(),
        lambda at: pointer.finding(
            at,
            "block",
            "地物に図形がありません。",
            "元の資料で図形を入れるか、要らない記録なら資料から除いてください。",
        ),
    )
    computed = np.isfinite(source_middles(context)).all(axis=1)
    broken = np.flatnonzero(~finite(shapes) & ~computed)
    yield from listed(
        broken.tolist(),
        lambda at: pointer.finding(
            at,
            "block",
            "座標に数でない値 (NaN か無限大) があります。",
            "元の資料の座標と、座標系の宣言 (度かメートルか) を確かめてください。",
        ),
    )
