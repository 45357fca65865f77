"""Broken outlines: where, why, and what a repair would change. Nothing is repaired silently."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import shapely

from gis_pipeline.checks._shapes import finite, town_shapes
from gis_pipeline.findings import Pointer, listed
from gis_pipeline.members import Context
from gis_pipeline.model import Finding, Place
from gis_pipeline.repair import propose

TITLE = "図形の正しさ"

_REASONS = {
    "Self-intersection": "輪郭が自分自身と交わっています",
    "Ring Self-intersection": "輪郭が一点で自分自身に触れています",
    "Nested shells": "面が別の面の内側に重なっています",
    "Holes are nested": "穴の中に穴があります",
    "Hole lies outside shell": "穴が面の外にあります",
    "Interior is disconnected": "面の内側がつながっていません",
    "Duplicate Rings": "同じ輪郭が二重にあります",
    "Too few points in geometry component": "頂点が足りず、長さか面積がありません",
    "Invalid Coordinate": "座標が数ではありません",
}
_REASON = re.compile(r"^(?P<why>[^\[]+)(\[(?P<easting>\S+) (?P<northing>\S+?)\])?")


def check(context: Context) -> Iterator[Finding]:
    """Blocks every geometry that is not valid (OGC 06-103r4 clause 6.1), with the place of the fault.

    Coordinates that are no numbers are the business of `geometry_missing`.
    """
    shapes = town_shapes(context)
    broken = np.flatnonzero(~shapely.is_missing(shapes) & finite(shapes) & ~shapely.is_valid(shapes))
    pointer = Pointer("geometry_valid", context.features)

    def finding(position: int) -> Finding:
        shape = shapes[position]
        reason, place = explain(shapely.is_valid_reason(shape))
        proposal = propose(shape)
        advice = f"元のソフトで直してください。{proposal}" if proposal else "元のソフトで直してください。"
        return pointer.finding(position, "block", f"図形が正しくありません: {reason}。", advice, place=place)

    yield from listed(broken.tolist(), finding)


def explain(reason: str) -> tuple[str, Place | None]:
    """GEOS's reason in Japanese, and the point it names (town metres)."""
    match = _REASON.match(reason)
    if match is None:
        return reason, None
    why = match["why"].strip()
    place = Place(easting_m=float(match["easting"]), northing_m=float(match["northing"])) if match["easting"] else None
    return _REASONS.get(why, why), place
