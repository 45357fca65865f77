"""FlatGeobuf (.fgb)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from gis_pipeline.formats import _gdal
from gis_pipeline.formats._files import check_file, check_magic, plain_path, sole_layer
from gis_pipeline.formats._layers import read_layer
from gis_pipeline.members import SourceTable
from gis_pipeline.model import Source

KIND: Literal["vector"] = "vector"
TITLE = "FlatGeobuf"
SUFFIXES: tuple[str, ...] = (".fgb",)


def read(path: Path, name: str, source: Source) -> Iterator[SourceTable]:
    """The one layer of the file, x = easting or longitude, y = northing or latitude.

    Records are in the file's order, which a file with a spatial index has along a Hilbert curve.
    Raises MaterialError for a file that is none, is broken, or lacks the layer asked for.
    """
    check_file(path, name)
    check_magic(path, name, (b"fgb\x03fgb",), TITLE)
    dataset = plain_path(path, name)
    (layer,) = _gdal.layers(dataset, name)
    sole_layer(name, source, tuple(dict.fromkeys((layer, path.stem))))
    yield read_layer(dataset, name, layer, shown=None)
