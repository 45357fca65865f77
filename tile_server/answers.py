"""What applies at a place, and how sure: pure functions over the store; no HTTP.

Three answers that must never look the same: found; nothing there although the map covers the place (非該当);
no data (データ無し), because nothing is in force or the place lies outside what the map covers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from gis_pipeline.catalog import Published
from gis_pipeline.model import BBox, Collection
from tile_server.store import FeatureStore, Near

State = Literal["found", "none", "nodata"]
MOST_FEATURES = 50


@dataclass(frozen=True)
class Spot:
    """A point: degrees, town metres, and a lon/lat box that surely holds everything within `radius_m` of it."""

    lon: float
    lat: float
    easting_m: float
    northing_m: float
    around: BBox
    radius_m: float


@dataclass(frozen=True)
class Found:
    """What one collection says about a spot; `published` is None where nothing is in force.

    `withdrawn` is the public reason if that is so because the edition was taken back.
    """

    declaration: Collection
    published: Published | None
    state: State
    near: tuple[Near, ...] = ()
    withdrawn: str = ""


def contains(boundary: FeatureStore, spot: Spot) -> bool:
    """Whether the town's boundary holds the spot."""
    return bool(boundary.near(spot.easting_m, spot.northing_m, spot.around, 0.0, 1))


def look(
    declaration: Collection,
    published: Published | None,
    store: FeatureStore,
    spot: Spot,
    inside: bool | None,
    most: int = MOST_FEATURES,
) -> Found:
    """What one collection says about a spot. `inside`: whether it lies in the town, None if that is unknown."""
    near = tuple(store.near(spot.easting_m, spot.northing_m, spot.around, spot.radius_m, most))
    if near:
        return Found(declaration, published, "found", near)
    # Outside the boundary itself is an answer; outside the town is none for everything that covers the town only.
    covered = declaration.role == "boundary" or declaration.coverage != "town" or inside is not False
    return Found(declaration, published, "none" if covered else "nodata")


def feature_document(
    near: Near, label: Callable[[dict[str, Any]], Sequence[dict[str, Any]]], href: str
) -> dict[str, Any]:
    """One feature for people: its attributes by their Japanese titles, its distance in metres."""
    properties = orjson.loads(near.feature.geojson)["properties"]
    return {
        "id": near.feature.fid,
        "distance_m": round(near.distance_m, 2),
        "labelled": list(label(properties)),
        "href": href,
    }
