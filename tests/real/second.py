"""The second reader: GDAL's command line (apt gdal-bin, a build of its own) on the same files.

It is another GDAL and another PROJ than those of the Python wheels, it guesses encodings, types and CRS by its own
rules, and it transforms with its own choice of operation; what it says is taken as it stands.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from gis_pipeline.model import Collection

Value = str | int | float | None

CONFIG = ["--config", "GML_FIELDTYPES", "ALWAYS_STRING", "--config", "GML_SKIP_RESOLVE_ELEMS", "ALL"]
_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
"""GeoPackage 1.3, clause 2.1.3.1.1: the size of the box before the WKB, by its indicator."""


@dataclass(frozen=True)
class Table:
    """What ogr2ogr made of a file: rows in its order, geometry moved into the asked CRS, x = easting or longitude."""

    rows: list[dict[str, Value]]
    shapes: NDArray[np.object_]

    def column(self, name: str) -> list[Value]:
        """One column as it stands in the source."""
        return [row[name] for row in self.rows]


def require() -> str:
    """The program; a visible skip where it is missing."""
    program = shutil.which("ogr2ogr")
    if program is None:
        pytest.skip("skipped: no ogr2ogr")
    return program


def convert(
    path: Path,
    target_crs: str,
    scratch: Path,
    *,
    source_crs: str | None = None,
    layer: str | None = None,
    where: str | None = None,
    encoding: str | None = None,
    columns: tuple[str | None, str | None] = (None, None),
) -> Table:
    """`path` through ogr2ogr into `target_crs`; `scratch` is an empty folder that the caller forgets.

    `columns` are those of a CSV's easting or longitude and northing or latitude.
    """
    made = scratch / "second.gpkg"
    command = [require(), *CONFIG, "-f", "GPKG", str(made), str(_apart(path, scratch)), "-nln", "second"]
    command += [
        "-t_srs",
        target_crs,
        "-dim",
        "XY",
        "-unsetFid",
        "-lco",
        "FID=ogr_fid",
        "-lco",
        "GEOMETRY_NAME=ogr_geom",
    ]
    command += ["-s_srs", source_crs] if source_crs is not None else []
    command += ["-where", where] if where is not None else []
    if path.suffix.lower() in (".geojson", ".json"):
        command += ["-oo", "DATE_AS_STRING=YES"]
    if encoding is not None:
        command += ["-oo", f"ENCODING={encoding}"]
    if columns[0] is not None:
        command += ["-oo", f"X_POSSIBLE_NAMES={columns[0]}", "-oo", f"Y_POSSIBLE_NAMES={columns[1]}"]
    command += [layer] if layer is not None else []
    environment = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
    }  # no PROJ_DATA of the wheels: its own grids and tables
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return _read(made)


def _apart(path: Path, scratch: Path) -> Path:
    """A copy with its side files: this GDAL writes `.gfs` beside a GML, and the material must not change."""
    folder = scratch / "material"
    folder.mkdir()
    for side in path.parent.glob(f"{path.stem}.*"):
        shutil.copyfile(side, folder / side.name)
    return folder / path.name


def _read(made: Path) -> Table:
    """The GeoPackage by its specification, with sqlite3 alone."""
    with closing(sqlite3.connect(made)) as database:
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute("SELECT * FROM second ORDER BY ogr_fid")]
    shapes = shapely.from_wkb([_wkb(row.pop("ogr_geom", None)) for row in rows])
    return Table(rows, np.asarray(shapes, dtype=object))


def _wkb(blob: bytes | None) -> bytes | None:
    if blob is None:
        return None
    magic, _, flags = struct.unpack("2sBB", blob[:4])
    assert magic == b"GP"
    return blob[8 + _ENVELOPE_BYTES[flags >> 1 & 7] :]


def of_collection(folder: Path, collection: Collection, frame: str, scratch: Path) -> Table:
    """Every file of an edition's folder that the declaration names, in the order of names, as one table in `frame`."""
    require()
    source = collection.source
    where = None
    if source.where is not None:
        values = ", ".join(f"'{value}'" for value in source.where.values)
        where = f'CAST("{source.where.field}" AS character(255)) IN ({values})'
    parts = []
    for number, path in enumerate(sorted(folder.glob(source.files))):
        place = scratch / str(number)
        place.mkdir(parents=True)
        parts.append(
            convert(
                path,
                frame,
                place,
                source_crs=source.crs if path.suffix.lower() == ".csv" else None,
                layer=source.layer,
                where=where,
                encoding=source.encoding if path.suffix.lower() == ".shp" else None,
                columns=(source.easting, source.northing),
            )
        )
    assert parts, f"{source.files} matches nothing in {folder}"
    return Table([row for part in parts for row in part.rows], np.concatenate([part.shapes for part in parts]))
