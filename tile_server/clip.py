"""A part of a published edition as a `Product` that the writers write: what is chosen, cut, and said about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import rasterio
import shapely
from numpy.typing import NDArray

from gis_pipeline.catalog import Published
from gis_pipeline.errors import UnknownItem
from gis_pipeline.members import Master, Part, Product
from gis_pipeline.model import Collection, Service
from tile_server.area import FrameBox
from tile_server.errors import TooLarge
from tile_server.regions import Region
from tile_server.settings import Settings
from tile_server.store import FeatureStore

Geometries = NDArray[np.object_]

_DTYPES = {"INTEGER": "Int64", "REAL": "Float64"}
_BATCH = 5000


@dataclass(frozen=True)
class Order:
    """What a download is made of: everything a worker needs, nothing of the request itself.

    `scans` are the editions of scans that go with it; `remark` says in Japanese which do not, and why.
    """

    service: Service
    published: Published
    suffix: str
    region: Region | None
    clipped: bool
    target_crs: str | None
    encoding: Literal["utf-8", "cp932"]
    scans: tuple[Published, ...] = ()
    remark: str = ""

    @property
    def sentence(self) -> str:
        """How the features were chosen, for the file itself."""
        if self.region is None:
            return ""
        how = "境界で切り取り" if self.clipped else "範囲に触れる地物を切らずに"
        return f"{self.region.sentence}（{how}）{self.remark}"

    @property
    def filename(self) -> str:
        """A name that a person recognises: title, edition, part, CRS and text code."""
        declaration = self.published.declaration
        parts = [declaration.title.replace("/", "／"), self.published.edition.id]
        if self.region is not None:
            parts.append(self.region.name + ("切取" if self.clipped else ""))
        if self.target_crs is not None:
            parts.append(self.target_crs.replace(":", ""))
        if self.encoding != "utf-8":
            parts.append(self.encoding.upper())
        return "_".join(parts) + f".{self.suffix}"


# ------------------------------------------------------------------ which features


def chosen(store: FeatureStore, region: Region | None, most: int) -> list[int]:
    """Numbers of the features that touch the region, in published order; of all without one.

    A feature without a place touches nothing. TooLarge (413) beyond `most`.
    """
    if region is None:
        _bounded(store.count, most)
        return list(range(1, store.count + 1))
    found: list[int] = []
    for seqs in _batches(_candidates(store, region)):
        found += _touching(store, seqs, region) if region.box is None else seqs
        _bounded(len(found), most)
    return found


def _bounded(count: int, most: int) -> None:
    if count > most:
        raise TooLarge(
            f"地物が {most} 件を超えます。範囲を狭くするか、全体のファイルを選んでください。",
            f"More than {most} features: ask for a smaller area, or take the whole file.",
        )


def _batches(seqs: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(seqs), _BATCH):
        yield list(seqs[start : start + _BATCH])


def _candidates(store: FeatureStore, region: Region) -> list[int]:
    if shapely.is_empty(region.polygon):
        return []
    if region.box is not None and region.box.frame is None:
        return sorted({seq for box in region.box.boxes for seq in store.shelf.in_box(box)})
    west_m, south_m, east_m, north_m = shapely.bounds(region.polygon).tolist()
    return sorted(store.shelf.in_frame(FrameBox(west_m, south_m, east_m, north_m)))


def _touching(store: FeatureStore, seqs: list[int], region: Region) -> list[int]:
    shapes = shapely.from_wkb([stored.town for stored in store.read(seqs)])
    if region.line is not None:
        hits = shapely.dwithin(shapes, region.line, region.reach_m)
    else:
        shapely.prepare(region.polygon)
        hits = shapely.intersects(region.polygon, shapes)
    return [seq for seq, hit in zip(seqs, hits.tolist(), strict=True) if hit]


# ------------------------------------------------------------------ the product


def product(order: Order, store: FeatureStore, seqs: Sequence[int]) -> Product:
    """Those features as the writers want them, cut to the region where that was asked for."""
    published, region = order.published, order.region
    stored = store.read(seqs)
    town = np.asarray(shapely.from_wkb(np.array([one.town for one in stored], dtype=object)), dtype=object)
    fids = np.array([one.fid for one in stored], dtype=object)
    rows = [orjson.loads(one.geojson)["properties"] for one in stored]
    if region is not None and order.clipped:
        town = cut(town, region.polygon)
        kept = np.flatnonzero(~shapely.is_missing(town))
        town, fids, rows = town[kept], fids[kept], [rows[n] for n in kept.tolist()]
    index = pd.Index(fids, name="fid", dtype="str")
    columns = {
        name: pd.Series([row.get(name) for row in rows], dtype=_DTYPES.get(kind, "string")).array
        for name, kind in store.types.items()
    }
    geometry = gpd.GeoSeries(town, index=index, crs=order.service.crs)
    frame = gpd.GeoDataFrame(pd.DataFrame(columns, index=index), geometry=geometry, crs=order.service.crs)
    companions = tuple(_scanned(order, scan) for scan in order.scans)
    declaration = _declared(published)
    return Product(
        order.service, declaration, published.edition.id, frame, masters(published), _part(order), companions
    )


def _part(order: Order) -> Part:
    area = None if order.region is None else order.region.polygon
    return Part(order.target_crs, area, order.clipped, order.sentence, order.encoding)


def _declared(published: Published) -> Collection:
    """The declaration with what the edition states for itself."""
    edition = published.edition
    told = {"approvals": published.approvals, "map_level": edition.map_level, "accuracy_m": edition.accuracy_m}
    return published.declaration.model_copy(update=told)


def _scanned(order: Order, scan: Published) -> Product:
    """The sheets of another edition on the ground that is asked for: their codes and outlines, and the sheets."""
    touched = sheets_in(scan, order.region)
    index = pd.Index([sheet.code for sheet in touched], name="fid", dtype="str")
    outlines = [_rectangle(sheet) for sheet in touched]
    frame = gpd.GeoDataFrame(index=index, geometry=outlines, crs=order.service.crs)
    return Product(order.service, _declared(scan), scan.edition.id, frame, tuple(touched), _part(order))


def cut(shapes: Geometries, area: shapely.Geometry) -> Geometries:
    """Each shape's part in the area, of the shape's own dimension; None where none is left.

    What lies wholly inside stays as it is, vertex for vertex.
    """
    shapely.prepare(area)
    result = shapes.copy()
    crossing = np.flatnonzero(~shapely.covers(area, shapes) & ~shapely.is_missing(shapes))
    for n in crossing.tolist():
        shape = shapes[n] if shapely.is_valid(shapes[n]) else shapely.make_valid(shapes[n])
        result[n] = _of_dimension(shapely.intersection(shape, area), int(shapely.get_dimensions(shapes[n])))
    return result


def _of_dimension(shape: shapely.Geometry, dimension: int) -> shapely.Geometry | None:
    parts = shapely.get_parts(shapely.get_parts(shape))
    parts = parts[(shapely.get_dimensions(parts) == dimension) & ~shapely.is_empty(parts)]
    if not len(parts):
        return None
    if dimension == 2:
        made: shapely.Geometry = shapely.multipolygons(parts)
    else:
        made = shapely.multilinestrings(parts) if dimension == 1 else shapely.multipoints(parts)
    return made


# ------------------------------------------------------------------ pictures


def masters(published: Published) -> tuple[Master, ...]:
    """The published sheets of a collection of scans."""
    if published.declaration.scan is None:
        return ()
    return tuple(
        Master(asset.name.rpartition("/")[2].removesuffix(".tif"), published.file(asset.name), bitonal=False)
        for asset in published.edition.assets
        if asset.output == "cog"
    )


def sheets_in(published: Published, region: Region | None) -> list[Master]:
    """The sheets of an edition that have ground in common with the region; all of them without one."""
    found = masters(published)
    if region is None:
        return list(found)
    return [sheet for sheet in found if shapely.area(shapely.intersection(_rectangle(sheet), region.polygon)) > 0]


def _rectangle(sheet: Master) -> shapely.Geometry:
    with rasterio.open(sheet.path) as dataset:
        rectangle: shapely.Geometry = shapely.box(*dataset.bounds)
    return rectangle


def footprint(made: Product) -> shapely.Geometry:
    """The rectangle of whole pixels on the ground that a picture of the product covers."""
    extent, pixel_m = _extent(made.masters)
    west_m, south_m, east_m, north_m = shapely.bounds(extent).tolist()
    if made.part.area is not None:
        low_e, low_n, high_e, high_n = shapely.bounds(made.part.area).tolist()
        west_m += max(0.0, np.floor((low_e - west_m) / pixel_m + 1e-3)) * pixel_m
        north_m -= max(0.0, np.floor((north_m - high_n) / pixel_m + 1e-3)) * pixel_m
        east_m -= max(0.0, np.floor((east_m - high_e) / pixel_m + 1e-3)) * pixel_m
        south_m += max(0.0, np.floor((low_n - south_m) / pixel_m + 1e-3)) * pixel_m
    rectangle: shapely.Geometry = shapely.box(west_m, south_m, east_m, north_m)
    return rectangle


def pixels(sheets: Sequence[Master], region: Region | None) -> int:
    """How many pixels the part of the sheets has, at most; UnknownItem if there is none."""
    if not sheets:
        raise UnknownItem("この版には図郭の画像がありません。")
    extent, pixel_m = _extent(sheets)
    asked = extent if region is None else shapely.intersection(extent, shapely.envelope(region.polygon))
    if shapely.is_empty(asked) or shapely.area(asked) == 0:
        raise UnknownItem("その範囲に図郭の画像はありません。")
    west_m, south_m, east_m, north_m = shapely.bounds(asked).tolist()
    return int(((east_m - west_m) / pixel_m + 2) * ((north_m - south_m) / pixel_m + 2))


def _extent(sheets: Sequence[Master]) -> tuple[shapely.Geometry, float]:
    """The rectangle around all sheets in town metres, and the size of a pixel."""
    boxes, pixel_m = [], 1.0
    for sheet in sheets:
        with rasterio.open(sheet.path) as dataset:
            boxes.append(shapely.box(*dataset.bounds))
            pixel_m = float(dataset.transform.a)
    rectangle: shapely.Geometry = shapely.box(*shapely.total_bounds(boxes))
    return rectangle, pixel_m


def bounded(
    order: Order, store: FeatureStore, picture: bool, effort: int, settings: Settings
) -> tuple[list[int], bool]:
    """The features chosen, and whether the work is long; TooLarge beyond the published limits.

    `effort`: as many times the work of a table is a feature of the format.
    """
    if order.region is not None and order.region.area_km2 > settings.max_download_area_km2:
        most = settings.max_download_area_km2
        raise TooLarge(f"範囲が {most:g} km² を超えます。", f"The area exceeds {most:g} square kilometres.")
    seqs = chosen(store, order.region, settings.max_download_features)
    count = sum(pixels(sheets_in(scan, order.region), order.region) for scan in order.scans)
    if picture:
        count += pixels(masters(order.published), order.region)
    if count > settings.max_download_pixels:
        raise TooLarge(
            f"画像が {count} 画素になり、上限 {settings.max_download_pixels} 画素を超えます。範囲を狭くしてください。",
            f"{count} pixels exceed the limit of {settings.max_download_pixels}: ask for a smaller area.",
        )
    many = not picture and len(seqs) * effort > settings.direct_download_features
    return seqs, many or count > settings.direct_download_pixels
