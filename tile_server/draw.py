"""Features and cartography, and scans, as one picture of a window: maps, tiles of any set, WMTS, WMS, the legend.

Vectors become SVG and are rasterised by resvg; scans are warped once from their masters into the window's CRS.
Layers lie in the order given; labels lie above all of them. Blocking: run it off the event loop, in
`Site.rendering`. Pixels are bounded by `tile_server.window`, features by MOST_FEATURES.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import orjson
import resvg_py
import shapely
from PIL import Image

from gis_pipeline.cartography import legend
from gis_pipeline.catalog import Published
from gis_pipeline.model import Collection
from tile_server import images, symbols
from tile_server.archives import Archive
from tile_server.area import Area
from tile_server.errors import TooLarge
from tile_server.images import ImageFormat
from tile_server.labels import BUFFER_PX, Geometries, Placer
from tile_server.masters import Masters
from tile_server.site import View
from tile_server.store import FeatureStore
from tile_server.window import Window

MOST_FEATURES = 20_000
_EDGE_PX = 16
_LINE_LABELS_M, _POINT_LABELS_M, _POLYGON_LABELS_M = 3.4, 1.2, 14.5
"""Metres a pixel above which labels are not worth their room."""


@dataclass(frozen=True)
class Layer:
    """One collection's edition to be drawn; `archive` holds its prebuilt pictures if it is of scans."""

    published: Published
    store: FeatureStore
    masters: Masters
    archive: Archive | None = None

    @property
    def declaration(self) -> Collection:
        """How it is drawn."""
        return self.published.declaration


def layer_of(view: View, published: Published) -> Layer:
    """Opens what an edition is drawn from, for the calling thread."""
    asset = published.edition.asset_of("image_pmtiles")
    archive = None if asset is None else view.site.archives.open(published.file(asset.name))
    return Layer(published, view.site.stores.open(published.file("store.sqlite")), view.site.masters, archive)


@dataclass(frozen=True)
class Ground:
    """What lies behind the map: nothing where it is transparent and the format can say so, else a colour."""

    colour: str = "#ffffff"
    transparent: bool = True


def picture(layers: Sequence[Layer], window: Window, form: ImageFormat, ground: Ground) -> bytes | None:
    """The encoded picture; None where no layer shows anything."""
    body: list[str] = []
    reach = float(BUFFER_PX if window.tiled else 0)
    shown = (0.0, 0.0, float(window.width_px), float(window.height_px))
    placer = Placer((-reach, -reach, shown[2] + reach, shown[3] + reach), shown)
    stack: list[Image.Image] = []
    for layer in layers:
        if layer.declaration.scan is not None:
            scan = images.scanned(layer.published, layer.store, layer.masters, layer.archive, window)
            if scan is not None:
                stack += [*_flush(body, window), scan]
        elif layer.declaration.geometry != "none":
            body += _features(layer, window, placer)
    body += placer.parts
    if not body and not stack:
        return None
    opaque = form == "jpg" or not ground.transparent
    if not stack:
        drawn = rasterised(window, body, ground.colour if opaque else "")
        return drawn if form == "png" else images.encode(_opened(drawn), form)
    stack += _flush(body, window)
    base = Image.new("RGBA", (window.width_px, window.height_px), ground.colour if opaque else (0, 0, 0, 0))
    for image in stack:
        base.alpha_composite(image)
    return images.encode(base, form)


def blank(size_px: tuple[int, int], form: ImageFormat, ground: Ground) -> bytes:
    """A picture of nothing."""
    opaque = form == "jpg" or not ground.transparent
    return images.encode(Image.new("RGBA", size_px, ground.colour if opaque else (0, 0, 0, 0)), form)


def message(words: str, size_px: tuple[int, int], form: ImageFormat, ground: Ground) -> bytes:
    """A picture of nothing but words, in lines as long as it is wide."""
    if not words:
        return blank(size_px, form, ground)
    size, margin = 14.0, 4.0
    count = max(1, int((size_px[0] - 2 * margin) // size))
    lines = [words[at : at + count] for at in range(0, len(words), count)]
    drawn = "".join(symbols.text(line, margin, (n + 0.8) * 1.4 * size, size) for n, line in enumerate(lines))
    opaque = form == "jpg" or not ground.transparent
    png = to_png(symbols.svg(*size_px, drawn, ground=ground.colour if opaque else ""))
    return png if form == "png" else images.encode(_opened(png), form)


def _flush(body: list[str], window: Window) -> list[Image.Image]:
    """What has been drawn so far as an image; the list is emptied."""
    if not body:
        return []
    drawn = _opened(rasterised(window, body, ""))
    body.clear()
    return [drawn]


def _opened(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png)).convert("RGBA")


def rasterised(window: Window, body: Sequence[str], ground: str) -> bytes:
    """SVG of the window's size as PNG."""
    return to_png(symbols.svg(window.width_px, window.height_px, "".join(body), ground=ground))


def to_png(svg: str) -> bytes:
    """SVG as PNG: without text, so without any font."""
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))


# ------------------------------------------------------------------ features


def _features(layer: Layer, window: Window, placer: Placer) -> list[str]:
    """The shapes of one layer class by class, in the order of its legend; its labels go to the placer."""
    collection, extent = layer.declaration, layer.published.edition.bbox
    labelled = bool(collection.label) and window.metres_px <= _labelled_below(collection)
    reach = window.grown(BUFFER_PX if labelled and window.tiled else _EDGE_PX)
    box = reach.within(extent) if extent is not None else None
    if box is None:
        return []
    seqs = layer.store.matching(Area((box,)), ())
    if len(seqs) > MOST_FEATURES:
        raise too_many(collection)
    stored = [one for one in layer.store.read(seqs) if one.town is not None]
    if not stored:
        return []
    whole = shapely.transform(shapely.from_wkb([one.town for one in stored]), window.pixels)
    edge = _EDGE_PX
    seen = shapely.clip_by_rect(whole, -edge, -edge, window.width_px + edge, window.height_px + edge)
    properties = [orjson.loads(one.geojson)["properties"] for one in stored]
    if labelled:
        words = [symbols.words_of(collection, entry) for entry in properties]
        _label(placer, collection, whole if window.tiled else seen, words)
    field = collection.class_field
    codes = [entry.get(field) if field else None for entry in properties]
    return _by_class(collection, seen, codes, window.metres_px)


def too_many(collection: Collection) -> TooLarge:
    """More features than are ever drawn at once."""
    return TooLarge(
        f"「{collection.title}」の地物が多すぎます。範囲を狭くしてください。",
        f"More than {MOST_FEATURES} features lie in the box: ask for a smaller one.",
        "bbox",
    )


def _labelled_below(collection: Collection) -> float:
    return {"point": _POINT_LABELS_M, "line": _LINE_LABELS_M}.get(collection.geometry, _POLYGON_LABELS_M)


def _label(placer: Placer, collection: Collection, shapes: Geometries, words: Sequence[str]) -> None:
    worth = np.array([bool(text) for text in words]) & ~shapely.is_empty(shapes)
    kept = [text for text, keep in zip(words, worth, strict=True) if keep]
    if not kept:
        return
    place = {"point": placer.points, "line": placer.lines}.get(collection.geometry, placer.polygons)
    place(shapes[worth], kept)


def _by_class(collection: Collection, shapes: Geometries, codes: Sequence[str | None], metres_px: float) -> list[str]:
    order = {entry.code: rank for rank, entry in enumerate(legend(collection))}
    groups: dict[str, list[int]] = {}
    known = {code: symbols.class_of(collection, code).code for code in set(codes)}
    for index, code in enumerate(codes):
        groups.setdefault(known[code], []).append(index)
    parts: list[str] = []
    for name in sorted(groups, key=lambda name: order.get(name, -1)):
        path = path_of(shapes[groups[name]])
        if path:
            parts.append(symbols.shape(collection, symbols.class_of(collection, name), path, metres_px))
    return parts


def path_of(shapes: Geometries) -> str:
    """SVG path data of geometries in pixels, to a tenth of a pixel; points become moves with a length of nothing."""
    parts = shapely.get_parts(shapely.get_parts(shapes))
    kinds = shapely.get_type_id(parts)
    polygons = shapely.orient_polygons(parts[kinds == shapely.GeometryType.POLYGON])
    rings: Geometries = shapely.get_rings(polygons)
    pieces = [*_runs(rings, "Z"), *_runs(parts[kinds == shapely.GeometryType.LINESTRING], "")]
    pieces += [f"M{x:.1f} {y:.1f}{symbols.DOT}" for x, y in shapely.get_coordinates(parts[kinds == 0]).tolist()]
    return "".join(pieces)


def _runs(lines: Geometries, end: str) -> list[str]:
    if not len(lines):
        return []
    pairs, owner = shapely.get_coordinates(lines, return_index=True)
    pairs = np.round(pairs, 1)
    changed = np.ones(len(pairs), dtype=bool)
    changed[1:] = (owner[1:] != owner[:-1]) | (pairs[1:] != pairs[:-1]).any(axis=1)
    pairs, owner = pairs[changed], owner[changed]
    starts = np.flatnonzero(np.diff(owner, prepend=-1)).tolist()
    texts = list(map(str, pairs.ravel().tolist()))
    return [
        f"M{' '.join(texts[2 * start : 2 * stop])}{end if stop - start > 1 else symbols.DOT}"
        for start, stop in zip(starts, [*starts[1:], len(pairs)], strict=True)
    ]
