"""features.geojson: one FeatureCollection in longitude/latitude (RFC 7946), nine decimals."""

from __future__ import annotations

import shutil
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

Box = tuple[float, float, float, float]


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes features.geojson: one feature a line, in published order.

    Foreign members (RFC 7946 §6.1) say what the collection is: title, edition, attribution, licence,
    mapLevel (地図情報レベル) and accuracyM (standard deviation of position in metres).
    """
    target = folder / "features.geojson"
    with _files.beside(target) as part:
        body = part.with_name(f"{part.name}.body")
        bbox = _write_body(product, body)
        with part.open("wb") as stream, body.open("rb") as features:
            stream.write(_head(product, bbox))
            shutil.copyfileobj(features, stream, 1 << 20)
            stream.write(b"\n]}\n")
        _files.expect(target, _count(part), len(product.frame))
    return (target,)


def _write_body(product: Product, body: Path) -> Box | None:
    """The features, one a line; west, south, east, north of them all, None if none has a place.

    The box stands before them in the file and is known only after them.
    """
    boxes: list[Box] = []
    with body.open("wb") as stream:
        between = b""
        for prepared in _geojson.prepared_chunks(product):
            stream.write(between + b",\n".join(prepared.texts()))
            between = b",\n"
            boxes += [prepared.bbox] if prepared.bbox else []
    if not boxes:
        return None
    edges = np.array(boxes)
    west, south = edges[:, :2].min(axis=0).tolist()
    east, north = edges[:, 2:].max(axis=0).tolist()
    return west, south, east, north


def _count(path: Path) -> int:
    """How many features there are in a whole file; -1 if it is cut off."""
    with path.open("rb") as stream:
        head, count, line = stream.readline(), 0, b""
        for line in stream:
            if line.startswith(b"{"):
                count += orjson.loads(line.rstrip(b",\n"))["type"] == "Feature"
    return count if head.endswith(b'"features":[\n') and line == b"]}\n" else -1


def _head(product: Product, bbox: Box | None) -> bytes:
    """Everything up to the first feature."""
    collection = product.collection
    members: dict[str, object] = {
        "type": "FeatureCollection",
        "title": collection.title,
        "collection": collection.id,
        "edition": product.edition_id,
        "attribution": collection.attribution or product.service.attribution,
        "licence": collection.licence,
        "notices": list(collection.notices),
        "mapLevel": collection.map_level,
        "accuracyM": collection.tolerance_m,
    }
    if product.part.sentence:
        members["selection"] = product.part.sentence
        members["permission"] = collection.permission
        members["disclaimer"] = product.service.disclaimer
    if bbox is not None:
        members["bbox"] = bbox
    return orjson.dumps(members)[:-1] + b',"features":[\n'


def reread(path: Path) -> Reread:
    """By GDAL, which did not write it."""
    read = pyogrio.read_dataframe(path)
    return Reread(np.asarray(read.geometry.array, dtype=object), [str(fid) for fid in read["id"]])
