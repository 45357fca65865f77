"""A seeded town of parcels for measurements: polygons that share every boundary, as FlatGeobuf with a declaration.

python -m bench.parcels COUNT FOLDER [ZOOM_LOW ZOOM_HIGH]    writes FOLDER/source
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

FRAME = "EPSG:6677"
WEST_M, SOUTH_M, SIDE_M = -52000.0, -30000.0, 20.0
SEED = 6677
KINDS = ("宅地", "田", "畑", "山林", "雑種地")

SERVICE = """name = "測定町"
code = "99997"
crs = "EPSG:6677"
fictional = true
attribution = "測定町（架空）"
"""
DECLARATION = """title = "区画"
theme = "測定"
geometry = "polygon"
licence = "CC0-1.0"
permission = "自由に使えます。"
authority = "測定町"
attribution = "測定町（架空）"
outputs = [{outputs}]
zooms = [{low}, {high}]
feature_id = ["bango"]
[source]
crs = "EPSG:6677"
[fields]
bango = {{ source = "bango", type = "code", title = "番号" }}
chimoku = {{ source = "chimoku", title = "地目" }}
menseki = {{ source = "menseki", type = "number", title = "面積", unit = "㎡" }}
"""


def parcels(count: int) -> gpd.GeoDataFrame:
    """`count` parcels of about SIDE_M metres in the town frame, eight corners each, row by row from the south-west.

    Corners and the middles of sides are moved at random once and shared by the neighbours.
    """
    across = math.ceil(math.sqrt(count))
    rng = np.random.default_rng(SEED)
    steps = 2 * across + 1
    points = np.stack(np.meshgrid(np.arange(steps), np.arange(steps), indexing="xy"), axis=-1) * (SIDE_M / 2)
    points += np.array([WEST_M, SOUTH_M]) + rng.uniform(-SIDE_M / 8, SIDE_M / 8, points.shape)
    number = np.arange(count)
    col, row = 2 * (number % across), 2 * (number // across)
    around = ((0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1), (0, 0))
    rings = np.stack([points[row + up, col + right] for right, up in around], axis=1)
    shapes = shapely.polygons(np.round(rings, 4))
    return gpd.GeoDataFrame(
        {
            "bango": [f"{one:07d}" for one in number],
            "chimoku": np.array(KINDS)[rng.integers(0, len(KINDS), count)],
            "menseki": np.round(shapely.area(shapes), 2),
        },
        geometry=shapes,
        crs=FRAME,
    )


def extent_m(count: int) -> tuple[float, float, float, float]:
    """West, south, east, north of the town in its frame, metres."""
    side = math.ceil(math.sqrt(count)) * SIDE_M
    return WEST_M, SOUTH_M, WEST_M + side, SOUTH_M + side


def write_source(
    folder: Path, count: int, zooms: tuple[int, int] = (10, 16), outputs: tuple[str, ...] = ("flatgeobuf", "pmtiles")
) -> None:
    """A source tree with one collection `kukaku` of `count` parcels."""
    edition = folder / "kukaku/2026-04-01"
    edition.mkdir(parents=True)
    (folder / "service.toml").write_text(SERVICE, encoding="utf-8")
    named = ", ".join(f'"{name}"' for name in outputs)
    text = DECLARATION.format(outputs=named, low=zooms[0], high=zooms[1])
    (folder / "kukaku/collection.toml").write_text(text, encoding="utf-8")
    pyogrio.write_dataframe(parcels(count), edition / "kukaku.fgb", driver="FlatGeobuf", geometry_type="Polygon")


if __name__ == "__main__":
    low, high = (int(sys.argv[3]), int(sys.argv[4])) if len(sys.argv) > 4 else (10, 16)
    write_source(Path(sys.argv[2], "source"), int(sys.argv[1]), (low, high))
