"""What the map services share (OGC API – Maps, WMS, WMTS): boxes between CRSs, sizes, colours, what lies at a pixel."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import orjson

from gis_pipeline.catalog import Published
from gis_pipeline.crs import OutputCrs, output_crs, parse
from tile_server import documents
from tile_server.answers import Found, Spot
from tile_server.archives import MAX_ZOOM
from tile_server.area import MERCATOR_EDGE_M
from tile_server.boxes import around
from tile_server.errors import Nowhere, RequestError
from tile_server.identifying import inside_town, look_at, place_document
from tile_server.images import ImageFormat
from tile_server.numbers import number
from tile_server.site import View
from tile_server.towngrid import SCALES, TILE_PX, town_grid
from tile_server.window import MOST_SIDE_PX, Box, Window, around_in, too_large

MEDIA: dict[str, ImageFormat] = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
MOST_LAYERS = 20
MOST_FOUND = 100
_REACH_PX = 6.0
_WORLD_SCALE = 559_082_264.0287178
"""The scale denominator of zoom 0 of WebMercatorQuad."""
_ON_GRID = 1e-4
"""So many sides of a tile a box may lie beside it, for the digits of a request: a fortieth of a pixel."""


def colour(text: str, name: str) -> str:
    """`0xRRGGBB` or `#RRGGBB` as `#rrggbb`."""
    if not re.fullmatch(r"(0[xX]|#)?[0-9A-Fa-f]{6}", text):
        raise RequestError(f"{name} は 0xFFFFFF のように書いてください。", f"{name} must be 0xRRGGBB.", name)
    return "#" + text[-6:].lower()


def pixels(text: str, name: str) -> int:
    """A number of pixels from 1; TooLarge beyond what any picture may have."""
    if not re.fullmatch(r"[0-9]{1,40}", text) or not text.strip("0"):
        raise RequestError(f"{name} は 1 以上の整数です。", f"{name} must be a positive integer.", name)
    if int(text) > MOST_SIDE_PX:
        raise too_large()
    return int(text)


def four(text: str) -> Box:
    """A box as four numbers, or six of which the heights are left out."""
    parts = text.split(",") if len(text) <= 300 else []
    if len(parts) == 6:
        parts = [parts[0], parts[1], parts[3], parts[4]]
    if len(parts) != 4:
        raise RequestError(
            "bbox は 4 個の数をコンマで区切って書いてください。", "bbox: four numbers are needed.", "bbox"
        )
    first, second, third, fourth = (number(part, "bbox") for part in parts)
    return first, second, third, fourth


def no_area() -> Nowhere:
    """A box whose upper bound does not lie above its lower one."""
    return Nowhere("bbox の上限は下限より大きくしてください。", "bbox: the box has no area.", "bbox")


def moved(given: Box, box_crs: OutputCrs, crs: OutputCrs) -> Box:
    """A box in the axis order of its CRS → west, south, east, north in another CRS."""
    west, south, east, north = (given[1], given[0], given[3], given[2]) if box_crs.northing_first else given
    if box_crs.code == crs.code:
        return west, south, east, north
    if not (west < east and south < north) or max(map(abs, given)) > 1e8:
        raise no_area()
    if parse(box_crs.code).is_geographic and (max(abs(south), abs(north)) > 90 or max(abs(west), abs(east)) > 180):
        raise Nowhere("経度は ±180、緯度は ±90 の範囲です。", "bbox: outside ±180, ±90.", "bbox")
    box = box_crs.bbox_to_lonlat(*given)
    if not all(math.isfinite(edge) for edge in (box.west, box.south, box.east, box.north)):
        raise Nowhere("bbox が座標系の範囲の外です。", "bbox: outside the coordinate reference system.", "bbox")
    return around_in(box, crs)


def shortening(crs: OutputCrs, north: float) -> float:
    """How much shorter a unit from west to east is than one from south to north: degrees only."""
    return max(0.01, math.cos(math.radians(min(90.0, abs(north))))) if parse(crs.code).is_geographic else 1.0


def offered(view: View, code: str) -> OutputCrs | None:
    """The offered CRS of a code such as EPSG:6677; None for any other."""
    known = {crs.code: crs for crs in output_crs(view.service.crs)}
    return known.get(code.upper())


def drawable(published: Published) -> bool:
    """Whether there is anything to draw."""
    return published.declaration.geometry != "none" and published.edition.bbox is not None


def layers_in_force(view: View) -> list[Published]:
    """What can be drawn today: scans lowest, then areas, lines, points."""
    order = {"polygon": 1, "line": 2, "point": 3}
    known = [published for published in documents.current_editions(view) if drawable(published)]
    return sorted(known, key=lambda one: 0 if one.declaration.scan is not None else order[one.declaration.geometry])


def times(view: View, published: Published) -> list[tuple[str, str]]:
    """First and last day on which each edition that is live was in force, up to today."""
    today = view.site.today()
    entry = view.snapshot.collection(published.declaration.id)
    days = sorted({edition.takes_effect for edition in entry.editions if edition.state == "live"})
    known = [day for day in days if day <= today]
    ends = [day - dt.timedelta(days=1) for day in known[1:]] + [today]
    return [(start.isoformat(), end.isoformat()) for start, end in zip(known, ends, strict=True)]


def most_scale(published: Published) -> float:
    """The scale denominator above which the map is not meant to be looked at: half a zoom above its first one."""
    return _WORLD_SCALE / 2 ** (published.edition.zooms[0] - 0.5)


def on_grid(window: Window) -> Window:
    """The tile that a window is, of WebMercatorQuad or the town's set; any other window as it is.

    Clients that ask for a map in tiles get what the tiles are: labels go on from one to the next.
    """
    side = window.east - window.west
    if window.width_px != window.height_px or abs(window.north - window.south - side) > 1e-6 * side:
        return window
    if window.in_frame:
        grid = town_grid(window.frame)
        west, north = grid.west_m, grid.north_m
        steps = [grid.cell_m(matrix) * TILE_PX for matrix in range(len(SCALES))]
    elif window.crs.code == "EPSG:3857":
        west, north = -MERCATOR_EDGE_M, MERCATOR_EDGE_M
        steps = [2 * MERCATOR_EDGE_M / (1 << zoom) for zoom in range(MAX_ZOOM + 1)]
    else:
        return window
    for step in steps:
        col, row = (window.west - west) / step, (north - window.north) / step
        if abs(side / step - 1) < _ON_GRID and max(abs(col - round(col)), abs(row - round(row))) < _ON_GRID:
            left, top = west + round(col) * step, north - round(row) * step
            return replace(window, west=left, south=top - step, east=left + step, north=top, tiled=True)
    return window


# ------------------------------------------------------------------ what lies at a pixel


def info(
    view: View, listed: Sequence[Published], window: Window, place: tuple[int, int], form: str, most: int
) -> tuple[bytes, str]:
    """The answer to GetFeatureInfo at (col, row), with its media type: what /identify says about these layers there,
    as GeoJSON, HTML or plain text. Areas count when they hold the place, lines and points within a few pixels."""
    spot = _spot(view, window, place)
    inside = None if spot is None else inside_town(view, spot)
    entries = [view.snapshot.collection(published.declaration.id) for published in listed]
    found = [] if spot is None else look_at(view, entries, spot, inside, min(most, MOST_FOUND))
    document = {} if spot is None else place_document(view, spot, inside, found)
    if "json" in form:
        collection = {"type": "FeatureCollection", "features": [row for one in found for row in _features(one)]}
        return orjson.dumps(collection | document), form
    if form == "text/html":
        page = view.site.pages.get_template("featureinfo.html")
        return page.render(view=view, document=document, states=STATES).encode(), "text/html; charset=utf-8"
    return "\n".join(_lines(document)).encode(), "text/plain; charset=utf-8"


STATES = {"none": "該当なし", "nodata": "データ無し"}
"""Two answers that must never look the same."""


def _spot(view: View, window: Window, place: tuple[int, int]) -> Spot | None:
    """The middle of a pixel; None where the earth or the town frame has no such place."""
    lon, lat = window.place(place[0] + 0.5, place[1] + 0.5)
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        return None
    radius_m = min(view.site.settings.max_radius_m, _REACH_PX * window.metres_px)
    placed = around(view.service.crs, lon, lat, radius_m)
    return None if placed is None else Spot(lon, lat, *placed, radius_m)


def _lines(document: dict[str, Any]) -> Iterator[str]:
    for layer in document.get("layers", []):
        yield f"{layer['title']}（{layer['edition']}）"
        for feature in layer["features"]:
            for row in feature["labelled"]:
                yield f"  {row['title']}: {'–' if row['value'] in (None, '') else str(row['value']) + row['unit']}"
            yield ""
        if not layer["features"]:
            yield f"  {STATES[layer['state']]}"
        for sentence in (layer["attribution"], *layer["notices"]):
            yield f"  {sentence}"


def _features(found: Found) -> Iterator[dict[str, Any]]:
    """A collection that is for viewing only hands out attributes, not coordinates."""
    if found.published is None:
        return
    for near in found.near:
        feature: dict[str, Any] = orjson.loads(near.feature.geojson)
        if not found.declaration.downloadable:
            feature["geometry"] = None
        names = {"collection": found.declaration.id, "edition": found.published.edition.id}
        yield feature | names | {"distance_m": round(near.distance_m, 3)}
