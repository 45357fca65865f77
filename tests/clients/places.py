"""Where the districts of the sample are, and whether a picture shows them there in their colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from rasterio.features import rasterize

from tests.clients.expected import colour, published

WEST_M, SOUTH_M, EAST_M, NORTH_M = -51500.0, -29800.0, -48500.0, -27600.0
"""The middle of the town in EPSG:6677."""
SIZE_PX = (600, 440)
"""A picture of it: 5 m a pixel."""


def shapes(sample: Path, collection: str, crs: str) -> gpd.GeoDataFrame:
    """The published features in a CRS, by id."""
    frame = gpd.read_file(published(sample, collection).file("features.gpkg"))
    return frame.set_index("fid").to_crs(crs)


def shows_the_districts(sample: Path, image: npt.NDArray[np.int16]) -> None:
    """In the inner part of each district there is its declared colour, laid on white as the styles say.

    The picture is of the middle of the town on white, RGB, row by row from the north; patterns and labels leave
    a part of the colour free.
    """
    seen = 0
    for district in shapes(sample, "youto", "EPSG:6677").itertuples():
        inner = district.geometry.buffer(-10)
        place = inner.representative_point()
        if inner.is_empty or not (WEST_M < place.x < EAST_M and SOUTH_M < place.y < NORTH_M):
            continue
        to_pixels = Affine(5.0, 0.0, WEST_M, 0.0, -5.0, NORTH_M)
        near = image[rasterize([inner], (SIZE_PX[1], SIZE_PX[0]), transform=to_pixels) == 1]
        wanted = 0.6 * np.array(colour(sample, "youto", str(district.youto))) + 0.4 * 255
        assert (np.abs(near - wanted).max(axis=1) <= 6).sum() >= 8, (district.Index, wanted)
        seen += 1
    assert seen >= 15


def around(sample: Path, collection: str) -> dict[str, Any]:
    """The box of a collection in degrees, a little wider than published numbers are rounded, for a map of it."""
    west, south, east, north = shapes(sample, collection, "EPSG:4326").total_bounds
    return {"box": [west - 1e-5, south - 1e-5, east + 1e-5, north + 1e-5], "projection": "EPSG:6677"}


def middle() -> dict[str, Any]:
    """The middle of the town at 5 m a pixel, for a map in the town's frame."""
    box = gpd.GeoSeries([shapely.box(WEST_M, SOUTH_M, EAST_M, NORTH_M)], crs="EPSG:6677").to_crs("EPSG:4326")
    return {"box": box.total_bounds.tolist(), "projection": "EPSG:6677", "resolution": 5}
