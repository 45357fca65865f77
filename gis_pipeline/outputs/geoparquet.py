"""features.parquet: GeoParquet 1.1 in the town frame, full precision."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import numpy as np
import pyarrow.parquet
import shapely

from gis_pipeline.members import Product, Reread
from gis_pipeline.model import Act
from gis_pipeline.outputs import _files, _table

TITLE = "GeoParquet"
VERSION = 1
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "application/vnd.apache.parquet"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets", "register"})
ALWAYS = False
SUFFIX = "parquet"
FRAMES: Final[Literal["any", "lonlat", "town"]] = "any"


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes features.parquet: town metres (x = easting, y = northing), zstd, a bbox column per feature.

    `fid` is the stable feature id. A register is plain Parquet without geometry.
    """
    target = folder / "features.parquet"
    with _files.beside(target) as part:
        if product.collection.geometry == "none" and product.collection.scan is None:
            _table.table(product).to_parquet(part, compression="zstd", index=False)
        else:
            _table.geo_table(product).to_parquet(
                part, compression="zstd", index=False, write_covering_bbox=True, schema_version="1.1.0"
            )
        _files.expect(target, pyarrow.parquet.read_metadata(part).num_rows, len(product.frame))
    return (target,)


def reread(path: Path) -> Reread:
    """By Arrow and WKB, without what makes a GeoParquet of it."""
    read = pyarrow.parquet.read_table(path)
    fids = read["fid"].to_pylist()
    blobs = read["geometry"].to_pylist() if "geometry" in read.column_names else [None] * len(fids)
    return Reread(np.asarray(shapely.from_wkb(np.array(blobs, dtype=object)), dtype=object), fids)
