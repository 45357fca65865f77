"""A page of features as a file: the writers of `gis_pipeline.outputs`, given what was selected."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import pandas as pd
import shapely

from gis_pipeline.catalog import Published
from gis_pipeline.crs import OutputCrs, output_crs
from gis_pipeline.errors import UnknownItem
from gis_pipeline.members import Download, Part, Product
from gis_pipeline.model import Collection, Service
from gis_pipeline.outputs import csv, flatgeobuf, geoparquet
from tile_server.features import Shown
from tile_server.files import check_downloadable
from tile_server.filters import kinds_of
from tile_server.selection import Selection

FileForm = Literal["csv", "fgb", "parquet"]
WRITERS: dict[FileForm, Download] = {"csv": csv, "fgb": flatgeobuf, "parquet": geoparquet}
"""By the value of `f`."""
MEDIA_TYPES: dict[FileForm, str] = {form: writer.MEDIA_TYPE for form, writer in WRITERS.items()}
_DTYPES = {"integer": "Int64", "percent": "Int64", "number": "Float64"}


@dataclass(frozen=True)
class Exported:
    """The file, and the CRS its coordinates stand in."""

    content: bytes
    crs: OutputCrs


def applies(declaration: Collection, form: FileForm) -> bool:
    """Whether a collection can be handed out in that form: it may be taken away, and the form can hold it."""
    kind: Literal["register", "features"] = "register" if _bare(declaration) else "features"
    return declaration.downloadable and kind in WRITERS[form].APPLIES


def export(
    service: Service, published: Published, page: Selection, form: FileForm, crs: OutputCrs, shown: Shown
) -> Exported:
    """The features of the page in their order (FlatGeobuf sorts them by place).

    A format that stands in the town frame only, and a register, ignore `crs`. Forbidden for viewing only.
    """
    check_downloadable(published)
    declaration = published.declaration
    if not applies(declaration, form):
        raise UnknownItem(f"「{declaration.title}」は図形のない台帳なので、{WRITERS[form].TITLE} では渡せません。")
    writer = WRITERS[form]
    free = writer.FRAMES == "any" and not _bare(declaration)
    part = Part(target_crs=crs.code if free else None)
    product = Product(service, declaration, published.edition.id, _frame(service, declaration, page, shown), part=part)
    with tempfile.TemporaryDirectory(prefix="machizu-") as folder:
        (path,) = writer.write(product, Path(folder))
        return Exported(path.read_bytes(), crs if free else output_crs(service.crs)[-1])


def _bare(declaration: Collection) -> bool:
    return declaration.geometry == "none" and declaration.scan is None


def _frame(service: Service, declaration: Collection, page: Selection, shown: Shown) -> gpd.GeoDataFrame:
    """As `gis_pipeline.members.Features.frame`."""
    names = [name for name in kinds_of(declaration) if shown.names is None or name in shown.names]
    features = [stored for store, seqs in page.parts for stored in store.read(seqs)]
    rows = [row for store, seqs in page.parts for row in store.attributes.values(seqs, names)]
    index = pd.Index([stored.fid for stored in features], name="fid", dtype="str")
    columns = {
        name: pd.Series(_column(rows, n), index=index, dtype=_dtype(declaration, name)) for n, name in enumerate(names)
    }
    shapes = shapely.from_wkb([stored.town if shown.geometry else None for stored in features])
    geometry = gpd.GeoSeries(shapes, index=index, crs=service.crs)
    return gpd.GeoDataFrame(pd.DataFrame(columns, index=index), geometry=geometry, crs=service.crs)


def _column(rows: Sequence[tuple[Any, ...]], n: int) -> list[Any]:
    return [row[n] for row in rows]


def _dtype(declaration: Collection, name: str) -> Any:
    declared = declaration.fields.get(name)
    return _DTYPES.get(declared.type, "string") if declared is not None else "string"
