"""The part of the ground that a download is asked for: a box, a drawn polygon, a sheet or a corridor along a road.

Everything becomes one polygon in the town frame. What was drawn in longitude and latitude has edges that are curves
there, so its edges are divided: no edge is further than a tenth of a millimetre from the true one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_pipeline.crs import frame_crs, label, to_lonlat
from gis_pipeline.errors import DeclarationError
from gis_pipeline.model import BBox
from gis_pipeline.sheets import sheet_bounds
from tile_server import outline
from tile_server.area import Area
from tile_server.errors import Nowhere

_STEP_DEG = 5e-4
"""About 50 m: the sagitta of a parallel over 50 m is 0.04 mm."""
_MOST_STEPS = 4000
_MARGIN_DEG = 0.002
_CORNER_SEGMENTS = 64
"""Segments of a quarter circle: a corridor of 100 m is nowhere narrower than 99.99 m."""


@dataclass(frozen=True)
class Region:
    """`polygon` in town metres; `sentence` tells a person what it is; `name` is for the file's name.

    `box` is the box as it was asked for: it decides exactly as for the items of a collection. `line` with `reach_m`
    is the road of a corridor: distance decides, not the polygon around it.
    """

    polygon: shapely.Geometry
    sentence: str
    name: str
    box: Area | None = None
    line: shapely.Geometry | None = None
    reach_m: float = 0.0

    @property
    def area_km2(self) -> float:
        """Square kilometres in the plane of the town frame."""
        return float(shapely.area(self.polygon)) / 1e6


def of_box(asked: Area, extent: BBox | None, frame: str) -> Region:
    """A box; where it is far larger than what the edition covers, the part around the edition's extent."""
    sentence, name = "指定した四角の範囲", "範囲"
    if asked.frame is not None:
        box = asked.frame
        polygon = shapely.box(box.west_m, box.south_m, box.east_m, box.north_m)
        return Region(polygon, sentence, name, box=asked)
    parts = [_in_town(piece, frame) for piece in (_near(box, extent) for box in asked.boxes) if piece is not None]
    return Region(shapely.union_all(parts) if parts else shapely.Polygon(), sentence, name, box=asked)


def _near(box: BBox, extent: BBox | None) -> shapely.Geometry | None:
    if extent is None:
        return None
    west, east = max(box.west, extent.west - _MARGIN_DEG), min(box.east, extent.east + _MARGIN_DEG)
    south, north = max(box.south, extent.south - _MARGIN_DEG), min(box.north, extent.north + _MARGIN_DEG)
    piece: shapely.Geometry = shapely.box(west, south, east, north)
    return piece if west <= east and south <= north else None


def _in_town(lonlat: shapely.Geometry, frame: str) -> shapely.Geometry:
    """A polygon with straight edges in degrees → the town frame, its edges divided."""
    west, south, east, north = shapely.bounds(lonlat).tolist()
    step = max(_STEP_DEG, (east - west + north - south) / _MOST_STEPS)
    way = to_lonlat(frame)

    def move(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(way.inverse(pairs[:, 0], pairs[:, 1]))

    moved: shapely.Geometry = shapely.transform(shapely.segmentize(lonlat, step), move)
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise outline.nowhere("町の座標系で表せない遠い場所があります。", "too far away for the town's frame.")
    return moved


# ------------------------------------------------------------------ a drawn polygon


def of_polygon(text: str, frame: str, most_characters: int, most_vertices: int) -> Region:
    """GeoJSON (Polygon, MultiPolygon, or a Feature of one) or WKT, in longitude and latitude (CRS84)."""
    moved = _in_town(outline.polygon(text, most_characters, most_vertices), frame)
    if not shapely.is_valid(moved):
        raise outline.nowhere("町の座標系で表せない形です。", "the polygon has no valid form in the town's frame.")
    return Region(moved, "指定した多角形の範囲", "範囲")


# ------------------------------------------------------------------ a sheet, a corridor


def of_sheet(code: str, frame: str) -> Region:
    """The rectangle of a 図郭 code, in whichever plane it is defined."""
    try:
        sheet = sheet_bounds(code)
    except DeclarationError as error:
        raise Nowhere(str(error), "sheet: no such sheet code.", "sheet") from error
    rectangle = shapely.box(sheet.west_m, sheet.south_m, sheet.east_m, sheet.north_m)
    if sheet.epsg != label(frame_crs(frame)):
        there, here = to_lonlat(sheet.epsg), to_lonlat(frame)

        def move(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.column_stack(here.inverse(*there.points(pairs[:, 0], pairs[:, 1])))

        rectangle = shapely.transform(shapely.segmentize(rectangle, 50.0), move)
        if not np.isfinite(shapely.get_coordinates(rectangle)).all():
            raise Nowhere(f"図郭 {code} はこの町から遠すぎます。", "sheet: too far away.", "sheet")
    return Region(rectangle, f"図郭 {code}", code)


def of_route(number: str, line: shapely.Geometry, reach_m: float) -> Region:
    """A corridor: everything within `reach_m` town metres of the road."""
    corridor = shapely.buffer(line, reach_m, quad_segs=_CORNER_SEGMENTS)
    shown = re.sub(r"[^\w-]", "_", number)
    return Region(corridor, f"路線 {number} から {reach_m:g} m 以内", f"路線{shown}", line=line, reach_m=reach_m)


def same_route(asked: str, value: str) -> bool:
    """Whether a stored route number is the one asked for; zeros in front do not count."""
    return asked == value or (asked.lstrip("0") == value.lstrip("0") != "")
