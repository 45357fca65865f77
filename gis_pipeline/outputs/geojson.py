"""features.geojson: one FeatureCollection in longitude/latitude (RFC 7946), nine decimals."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import numpy as np
import orjson
import pyogrio

from gis_pipeline.members import Product, Reread
from gis_pipeline.model import Act
from gis_pipeline.outputs import _files, _geojson

TITLE = "GeoJSON"
VERSION = 1
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "application/geo+json"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets", "register"})
ALWAYS = False
SUFFIX = "geojson"
FRAMES: Final[Literal["any", "lonlat", "town"]] = "lonlat"


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes features.geojson: one feature a line, in published order.

    Foreign members (RFC 7946 §6.1) say what the collection is: title, edition, attribution, licence,
    mapLevel (地図情報レベル) and accuracyM (standard deviation of position in metres).
    """
    target = folder / "features.geojson"
    prepared = _geojson.prepare(product)
    texts = prepared.texts()
    with _files.beside(target) as part:
        with part.open("wb") as stream:
            stream.write(_head(prepared))
            stream.write(b",\n".join(texts))
            stream.write(b"\n]}\n")
        with part.open("rb") as stream:
            _files.expect(target, len(orjson.loads(stream.read())["features"]), len(texts))
    return (target,)


def _head(prepared: _geojson.Prepared) -> bytes:
    """Everything up to the first feature."""
    collection = prepared.product.collection
    members: dict[str, object] = {
        "type": "FeatureCollection",
        "title": collection.title,
        "collection": collection.id,
        "edition": prepared.product.edition_id,
        "attribution": collection.attribution or prepared.product.service.attribution,
        "licence": collection.licence,
        "notices": list(collection.notices),
        "mapLevel": collection.map_level,
        "accuracyM": collection.tolerance_m,
    }
    if prepared.product.part.sentence:
        members["selection"] = prepared.product.part.sentence
        members["permission"] = collection.permission
        members["disclaimer"] = prepared.product.service.disclaimer
    if prepared.bbox is not None:
        members["bbox"] = prepared.bbox
    return orjson.dumps(members)[:-1] + b',"features":[\n'


def reread(path: Path) -> Reread:
    """By GDAL, which did not write it."""
    read = pyogrio.read_dataframe(path)
    return Reread(np.asarray(read.geometry.array, dtype=object), [str(fid) for fid in read["id"]])
