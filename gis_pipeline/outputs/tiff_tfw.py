"""image.tfw.zip: the sheets, or a part of them, as TIFF with a world file, for CAD."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Final, Literal

import numpy as np
import shapely
from PIL import Image

from gis_pipeline.members import Product, Reread
from gis_pipeline.model import Act
from gis_pipeline.outputs import _about, _files, _picture

TITLE = "TIFF + TFW (ZIP)"
VERSION = 1
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "application/zip"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"sheets"})
ALWAYS = False
SUFFIX = "tfw.zip"
FRAMES: Final[Literal["any", "lonlat", "town"]] = "town"


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes image.tfw.zip: a TIFF (LZW, strips; outside the sheets it is white), its .tfw and README.txt.

    The world file gives the centre of the upper left pixel in town metres, easting before northing.
    """
    target = folder / f"image.{SUFFIX}"
    made = _picture.picture(product)
    stem = _about.stem(product)
    with _files.beside(target) as part, tempfile.TemporaryDirectory(dir=folder, prefix=".tfw-") as work:
        image = Path(work) / f"{stem}.tif"
        _picture.write(made, image, mask=False, compress="LZW", predictor=1)
        files: dict[str, bytes | Path] = {f"{stem}.tif": image, f"{stem}.tfw": _picture.world(made)}
        files["README.txt"] = _about.crlf(_about.text(product))
        _about.pack(part, files, compress=False)
        found, wanted = shapely.normalize(reread(part).geometry[0]), shapely.normalize(made.footprint)
        _files.expect(target, int(shapely.equals_exact(found, wanted, tolerance=1e-6)), 1, "か所")
    return (target,)


def reread(path: Path) -> Reread:
    """By Pillow and the world file: the rectangle on the ground. Only the TIFF's header is read."""
    with zipfile.ZipFile(path) as archive:
        names = {name.rpartition(".")[2]: name for name in archive.namelist()}
        a, _, _, e, c, f = (float(line) for line in archive.read(names["tfw"]).split())
        with archive.open(names["tif"]) as stream, Image.open(stream) as image:
            width, height = image.size
    west_m, north_m = c - a / 2, f - e / 2
    return Reread(np.array([shapely.box(west_m, north_m + height * e, west_m + width * a, north_m)], dtype=object))
