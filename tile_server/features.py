"""GeoJSON of stored features: as stored in CRS84, or moved into another CRS; with links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from gis_pipeline.crs import OutputCrs, frame_crs, label, parse
from tile_server.store import Stored

Array = NDArray[np.float64]

DEGREE_DECIMALS, METRE_DECIMALS = 9, 4
"""A tenth of a millimetre either way."""


@dataclass(frozen=True)
class Shown:
    """How much of each feature is handed out: `names` of properties (None: all), and whether with its geometry."""

    names: tuple[str, ...] | None = None
    geometry: bool = True


def feature_texts(
    features: Sequence[Stored], crs: OutputCrs, frame: str, *, downloadable: bool, shown: Shown | None = None
) -> list[bytes]:
    """The UTF-8 text of each GeoJSON Feature in the CRS asked for, axes in the order of its definition.

    A collection that is for viewing only (利用条件の一文がない) hands out attributes, not coordinates.
    """
    shown = shown or Shown()
    if not downloadable or not shown.geometry:
        texts = [orjson.dumps(orjson.loads(stored.geojson) | {"geometry": None}) for stored in features]
    elif crs.code == "OGC:CRS84":
        texts = [stored.geojson for stored in features]
    else:
        texts = [_moved(stored, crs, frame) for stored in features]
    return texts if shown.names is None else [_reduced(text, shown.names) for text in texts]


def _reduced(text: bytes, names: Sequence[str]) -> bytes:
    """The feature with these properties only, in the collection's own order."""
    document: dict[str, Any] = orjson.loads(text)
    kept = {name: value for name, value in document["properties"].items() if name in names}
    return orjson.dumps(document | {"properties": kept})


def with_members(text: bytes, members: dict[str, Any]) -> bytes:
    """A JSON object's text with members added at its end, the rest untouched byte for byte."""
    return text.rstrip()[:-1] + b"," + orjson.dumps(members)[1:]


def _moved(stored: Stored, crs: OutputCrs, frame: str) -> bytes:
    document: dict[str, Any] = orjson.loads(stored.geojson)
    if stored.town is None or document["geometry"] is None:
        return stored.geojson
    if crs.code == label(frame_crs(frame)):
        # Straight from the town metres: nothing is computed, so nothing is lost.
        geometry = shapely.transform(shapely.from_wkb(stored.town), lambda pairs: _ordered(pairs, crs))
    else:
        geometry = shapely.transform(
            shapely.from_geojson(orjson.dumps(document["geometry"])), lambda pairs: _projected(pairs, crs)
        )
    return orjson.dumps(document | {"geometry": shapely.geometry.mapping(geometry)})


def _ordered(pairs: Array, crs: OutputCrs) -> Array:
    """(easting, northing) rows → rows in the order of the definition, rounded."""
    return np.round(pairs[:, ::-1] if crs.northing_first else pairs, METRE_DECIMALS)


def _projected(pairs: Array, crs: OutputCrs) -> Array:
    """(lon, lat) rows → rows of the CRS; degrees keep their nine decimals, metres four."""
    moved = np.column_stack(crs.from_lonlat(pairs[:, 0], pairs[:, 1]))
    return np.round(moved, DEGREE_DECIMALS if parse(crs.code).is_geographic else METRE_DECIMALS)
