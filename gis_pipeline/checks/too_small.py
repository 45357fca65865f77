"""Shapes that no map can show: strips left over between zones, specks, lines of a millimetre."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from gis_pipeline.checks._shapes import town_shapes
from gis_pipeline.findings import Pointer, listed
from gis_pipeline.members import Context
from gis_pipeline.model import Finding

TITLE = "目に見えないほど小さい図形"

LEAST_M = 0.01
"""Nothing is surveyed or drawn finer than a centimetre: 4 µm on a sheet of 1:2500, 0.04 mm on one of 1:250."""


def check(context: Context) -> Iterator[Finding]:
    """Warns of polygons narrower than `LEAST_M` (mean width: twice the area by the perimeter) and of shorter lines.

    They are left over where zones were cut or lines snapped, count as districts and roads all the same, and answer
    for a place where a person sees something else.
    """
    shapes = town_shapes(context)
    dimension, length_m, area_m2 = shapely.get_dimensions(shapes), shapely.length(shapes), shapely.area(shapes)
    valid = shapely.is_valid(shapes)  # the area of a bow-tie cancels out; what is broken, geometry_valid blocks
    narrow = valid & (dimension == 2) & (2 * area_m2 < LEAST_M * length_m)
    short = valid & (dimension == 1) & (length_m < LEAST_M)
    pointer = Pointer("too_small", context.features)

    def finding(position: int) -> Finding:
        area, length = float(area_m2[position]), float(length_m[position])
        size = f"長さ {1000 * length:.1f} mm"
        if dimension[position] == 2:
            size = f"面積 {area:.4f} m²、平均の幅 {1000 * 2 * area / length:.2f} mm" if length else "面積 0 m²"
        message = f"図形が目に見えないほど小さいです ({size})。"
        advice = "区域を切り分けたときの残りかすでないか確かめ、要らなければ資料から除いてください。"
        return pointer.finding(position, "warn", message, advice)

    yield from listed(np.flatnonzero(narrow | short).tolist(), finding)
