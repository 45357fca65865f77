"""Vector tiles (MVT 2.1) made on request from the store, for tile matrix sets that nothing is prebuilt for.

The same layer name, feature ids and properties as the prebuilt tiles. Nothing is left out and nothing generalised
but to the tile's own grid of 1/4096.
"""

from __future__ import annotations

from typing import Any

import mapbox_vector_tile
import orjson
import shapely
from mapbox_vector_tile.encoder import on_invalid_geometry_make_valid

from tile_server.area import Area
from tile_server.draw import MOST_FEATURES, Layer, too_many
from tile_server.window import Window

EXTENT = 4096
_BUFFER_PX = 5


def encoded(layer: Layer, window: Window) -> bytes | None:
    """One tile of a collection; None where it has nothing."""
    extent = layer.published.edition.bbox
    box = window.grown(_BUFFER_PX).within(extent) if extent is not None else None
    if box is None:
        return None
    seqs = layer.store.matching(Area((box,)), ())
    if len(seqs) > MOST_FEATURES:
        raise too_many(layer.declaration)
    stored = [one for one in layer.store.read(seqs) if one.town is not None]
    if not stored:
        return None
    shapes = shapely.transform(shapely.from_wkb([one.town for one in stored]), window.pixels)
    edge = float(_BUFFER_PX)
    seen = shapely.clip_by_rect(shapes, -edge, -edge, window.width_px + edge, window.height_px + edge)
    scale = EXTENT / window.width_px
    units = shapely.transform(seen, lambda pairs: pairs * scale)
    features: list[dict[str, Any]] = [
        {"geometry": shape, "id": one.seq, "properties": _properties(one.fid, one.geojson)}
        for one, shape in zip(stored, units, strict=True)
        if not shape.is_empty
    ]
    if not features:
        return None
    made: bytes = mapbox_vector_tile.encode(
        [{"name": layer.declaration.id, "features": features}],
        default_options={
            "extents": EXTENT,
            "y_coord_down": True,
            "on_invalid_geometry": on_invalid_geometry_make_valid,
        },
    )
    return made


def _properties(fid: str, text: bytes) -> dict[str, Any]:
    properties: dict[str, Any] = orjson.loads(text)["properties"]
    return {"fid": fid} | {name: value for name, value in properties.items() if value is not None}
