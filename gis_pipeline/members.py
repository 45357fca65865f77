"""What passes between the rooms in memory, and what a member of each open set must offer.

`formats/`, `checks/` and `outputs/` are open sets: one public module is one member, found by
`gis_pipeline.plugins.members`. The module itself is the member: module-level names, held against
the Protocols below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from rasterio.io import DatasetReader

from gis_pipeline.model import (
    Act,
    Collection,
    EditionDeclaration,
    Finding,
    Service,
    SheetDeclaration,
    SheetFit,
    Source,
    Transformation,
)

Array = NDArray[np.float64]

# ------------------------------------------------------------------ read


@dataclass(frozen=True)
class SourceTable:
    """One layer of one source file as it stands there, nothing converted.

    `file` is relative to the edition's folder. `frame` has the source's columns (all text columns decoded)
    and geometry in the source CRS, x = easting or longitude, y = northing or latitude, with a `RangeIndex` from 1 that
    counts records as the file does. `crs` is what the file itself says (authority code or WKT), None if nothing.
    `findings` are what reading noticed (Z dropped, `.cpg` contradicted, records without geometry kept as None).
    """

    file: str
    layer: str | None
    frame: gpd.GeoDataFrame
    crs: str | None
    encoding: str | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class ScanPage:
    """One scanned page as it stands in its file.

    `open()` gives a rasterio dataset of the page's own pixels (1-bit, grey, palette, RGB; row 0 at the top);
    its georeferencing is ignored in favour of `transform`/`crs`, which are what GeoTIFF tags or a world file
    say (affine coefficients a, b, c, d, e, f: easting = a·col + b·row + c, northing = d·col + e·row + f, with
    col, row at pixel corners), None if nothing.
    """

    file: str
    page: int
    width_px: int
    height_px: int
    bitonal: bool
    dpi: float | None
    open: Callable[[], AbstractContextManager[DatasetReader]]
    transform: tuple[float, float, float, float, float, float] | None = None
    crs: str | None = None
    findings: tuple[Finding, ...] = ()


def is_named(file: str, source: Source) -> bool:
    """Whether `[source] files` names a file, given relative to the edition's folder, in whatever subfolder it lies.

    Case does not count: `*.shp` must not pass over the YOUTO.SHP of a delivery from Windows.
    """
    pattern = source.files.casefold().replace("\\", "/").removeprefix("**/")  # `match` looks from the right anyway.
    return PurePosixPath(file.casefold()).match(pattern)


class VectorFormat(Protocol):
    """A member of `formats/` that reads features."""

    KIND: Literal["vector"]
    TITLE: str
    SUFFIXES: tuple[str, ...]
    """Lower-case suffixes of the files that are opened (not of their side files)."""

    def read(self, path: Path, name: str, source: Source) -> Iterator[SourceTable]:
        """Every layer of the file that `source` asks for; `name` is the file relative to the edition's folder.

        Raises MaterialError naming file, record and field. Never writes beside `path`.
        """


class ScanFormat(Protocol):
    """A member of `formats/` that reads scanned pages."""

    KIND: Literal["scan"]
    TITLE: str
    SUFFIXES: tuple[str, ...]

    def read(self, path: Path, name: str, dpi: int, work: Path) -> Iterator[ScanPage]:
        """Every page of the file. `dpi` is for pages that must be rendered; `work` is a folder for what must
        be unpacked first (the page must stay readable as long as that folder exists)."""


# ------------------------------------------------------------------ place and conform


class Georeference(Protocol):
    """A fitted map between scan pixels and the town frame."""

    def to_town(self, col_px: Array, row_px: Array) -> tuple[Array, Array]:
        """Pixel corners coordinates → easting_m, northing_m in the town frame."""

    def to_pixel(self, easting_m: Array, northing_m: Array) -> tuple[Array, Array]:
        """The inverse: easting_m, northing_m → col_px, row_px."""


@dataclass(frozen=True)
class PlacedSheet:
    """A scanned page that has found its place (図郭): neatline as a polygon in town metres."""

    code: str
    page: ScanPage
    declaration: SheetDeclaration | None
    georeference: Georeference
    neatline: shapely.Polygon
    fit: SheetFit
    transformation: Transformation


@dataclass(frozen=True)
class Master:
    """A sheet warped once onto the town lattice: a tiled GeoTIFF in the town frame, lossless.

    Bands: 1 (grey; also bitonal sheets, anti-aliased) or 3 (RGB), with an internal mask where the sheet has no pixels.
    """

    code: str
    path: Path
    bitonal: bool


@dataclass(frozen=True)
class Features:
    """Features after conforming (地物): the declared fields only, in the town frame.

    `frame`: index "fid" (str, stable feature id), one column per declared field in declared order (for a class
    field also "<name>_name" right after it), geometry promoted to Multi* in town metres. Dtypes: text, code, date and
    class are `string`; integer and percent `Int64`; number `Float64`. Missing is NA.
    `origin`: same index and order; columns "file" (str), "layer" (str or None), "record" (int), and "x", "y" (float):
    the middle of the record's box as it stands in the source, in its CRS; NaN where it has no readable geometry.
    """

    collection: Collection
    frame: gpd.GeoDataFrame
    origin: pd.DataFrame


# ------------------------------------------------------------------ check


@dataclass(frozen=True)
class Context:
    """All that a check may look at; filled by `gis_pipeline.build`.

    `tables` are what was read, without its geometry: where a record stood is in `features.origin`.
    `town` is the 町域 in the town frame, None where the service declares none. `before` is the edition before
    (its frame as `Features.frame`). `others` are the other collections of this candidate.
    `built_on` is the day of the build. `acts` is the permission act of each output that will be written, by name.
    """

    service: Service
    collection: Collection
    edition: EditionDeclaration
    takes_effect: date
    tables: tuple[SourceTable, ...]
    features: Features
    transformations: tuple[Transformation, ...]
    fits: tuple[SheetFit, ...] = ()
    before: gpd.GeoDataFrame | None = None
    others: Mapping[str, Features] = field(default_factory=dict)
    town: shapely.Geometry | None = None
    built_on: date = date.min
    acts: Mapping[str, Act] = field(default_factory=dict)


class Check(Protocol):
    """A member of `checks/`: a pure function over the context."""

    TITLE: str
    """What is checked, in Japanese, for the report."""

    def check(self, context: Context) -> Iterable[Finding]:
        """Findings; none if all is well. `Finding.rule` is the module's name."""


# ------------------------------------------------------------------ write


@dataclass(frozen=True)
class Part:
    """How a file made for a request differs from the whole edition; the default is the whole edition.

    `target_crs` (authority code, None: what the format usually stands in) is for members with `FRAMES = "any"`.
    `area` is what was asked for, in town metres: pictures are cut to it; features were chosen (and with `clipped`
    cut) by it before. `sentence` says in Japanese how the features were chosen. `encoding` is for dBASE files.
    """

    target_crs: str | None = None
    area: shapely.Geometry | None = None
    clipped: bool = False
    sentence: str = ""
    encoding: Literal["utf-8", "cp932"] = "utf-8"


@dataclass(frozen=True)
class Product:
    """What the writers write: one edition of one collection, or a part of it.

    `frame` as in `Features.frame`, in the town frame; `masters` only for collections of scans. `companions` are the
    scans of the same ground, each with its own edition and terms, for a format that is a set.
    """

    service: Service
    collection: Collection
    edition_id: str
    frame: gpd.GeoDataFrame
    masters: tuple[Master, ...] = ()
    part: Part = Part()
    companions: tuple[Product, ...] = ()


class Output(Protocol):
    """A member of `outputs/`: one published file type. The module's name is the name in `outputs = […]`.

    A changed `VERSION` (of the bytes written) makes unchanged material a correction. `ACT` is the permission
    act that must be granted. `ALWAYS` members are written for every collection they apply to, named or not.
    """

    TITLE: str
    VERSION: int
    ACT: Act
    MEDIA_TYPE: str
    APPLIES: frozenset[Literal["features", "sheets", "register"]]
    ALWAYS: bool

    def write(self, product: Product, folder: Path) -> tuple[Path, ...]:
        """Writes below `folder` (which exists) and returns the files written. Raises MachineError on a full disk."""


@dataclass(frozen=True)
class Reread:
    """What an independent reader found in a written file.

    `geometry`: one shapely object or None per feature, x = easting or longitude first, in the CRS of the file.
    `fids`: the feature ids in the same order, None where the file keeps the order and has no room for ids.
    `placed_only`: the format has no features without geometry (a drawing); those with one have their ids.
    """

    geometry: NDArray[np.object_]
    fids: list[str] | None = None
    placed_only: bool = False


class Download(Output, Protocol):
    """An output that is also written for a request (`/download/{id}.{SUFFIX}`), whole or a part of an edition.

    `FRAMES`: which CRS the format can carry: "any"; "lonlat" (longitude/latitude only); "town" (the town frame only).
    A member may say `EFFORT`: how many times the work of a table a feature is (1); what is long becomes a job. It may
    say `WITH_SCANS`: a part of the ground comes with `Product.companions`.
    """

    SUFFIX: str
    FRAMES: Literal["any", "lonlat", "town"]

    def reread(self, path: Path) -> Reread:
        """Reads a file that `write` wrote, by another library than the one that wrote it where there is one."""
