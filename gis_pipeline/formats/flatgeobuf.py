"""FlatGeobuf (.fgb)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from gis_pipeline.errors import MaterialError, Where
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
    layers = _gdal.layers(dataset, name)
    if len(layers) != 1:
        raise MaterialError("見出しが壊れています。", Where(file=name), "元のソフトから出力し直してください。")
    sole_layer(name, source, tuple(dict.fromkeys((*layers, path.stem))))
    declared = _gdal.declared_count(dataset, name)
    table = read_layer(dataset, name, layers[0], shown=None)
    if len(table.frame) != declared:
        raise MaterialError(
            f"見出しは {declared} 件ですが、{len(table.frame)} 件しか読めません。",
            Where(file=name),
            "コピーし直すか、元のソフトから出力し直してください。",
        )
    yield table
