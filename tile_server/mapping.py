"""What the map services share (OGC API – Maps, WMS, WMTS): boxes between CRSs, sizes, colours, what lies at a pixel."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from gis_pipeline.catalog import Published
from gis_pipeline.crs import OutputCrs, output_crs, parse
from gis_pipeline.model import BBox, Collection
from tile_server import documents
from tile_server.boxes import around
from tile_server.errors import RequestError
from tile_server.images import ImageFormat
from tile_server.numbers import number
from tile_server.site import View
from tile_server.store import Near
from tile_server.window import MOST_SIDE_PX, TooLarge, Window

Box = tuple[float, float, float, float]

MEDIA: dict[str, ImageFormat] = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
MOST_LAYERS = 20
MOST_FOUND = 100
_REACH_PX = 6.0
_MIDDLE = 21


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
        raise TooLarge()
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


def union(listed: Iterable[Published]) -> BBox | None:
    """The box around all of them."""
    boxes = [published.edition.bbox for published in listed if published.edition.bbox is not None]
    if not boxes:
        return None
    return BBox(
        west=min(box.west for box in boxes),
        south=min(box.south for box in boxes),
        east=max(box.east for box in boxes),
        north=max(box.north for box in boxes),
    )


def around_in(box: BBox, crs: OutputCrs) -> Box:
    """West, south, east, north in a CRS of the smallest box around a lon/lat box (its sides may be curves)."""
    steps = np.linspace(0.0, 1.0, _MIDDLE)
    across, up = box.west + steps * (box.east - box.west), box.south + steps * (box.north - box.south)
    lon = np.concatenate([across, across, np.full(_MIDDLE, box.west), np.full(_MIDDLE, box.east)])
    lat = np.concatenate([np.full(_MIDDLE, box.south), np.full(_MIDDLE, box.north), up, up])
    first, second = crs.from_lonlat(lon, lat)
    x, y = (second, first) if crs.northing_first else (first, second)
    values = float(x.min()), float(y.min()), float(x.max()), float(y.max())
    if not all(math.isfinite(value) for value in values):
        raise RequestError("bbox が座標系の範囲の外です。", "bbox: outside the coordinate reference system.", "bbox")
    return values


def moved(given: Box, box_crs: OutputCrs, crs: OutputCrs) -> Box:
    """A box in the axis order of its CRS → west, south, east, north in another CRS."""
    west, south, east, north = (given[1], given[0], given[3], given[2]) if box_crs.northing_first else given
    if box_crs.code == crs.code:
        return west, south, east, north
    if not (west < east and south < north) or max(map(abs, given)) > 1e8:
        raise RequestError("bbox の上限は下限より大きくしてください。", "bbox: the box has no area.", "bbox")
    if parse(box_crs.code).is_geographic and (max(abs(south), abs(north)) > 90 or max(abs(west), abs(east)) > 180):
        raise RequestError("経度は ±180、緯度は ±90 の範囲です。", "bbox: outside ±180, ±90.", "bbox")
    box = box_crs.bbox_to_lonlat(*given)
    if not all(math.isfinite(edge) for edge in (box.west, box.south, box.east, box.north)):
        raise RequestError("bbox が座標系の範囲の外です。", "bbox: outside the coordinate reference system.", "bbox")
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


# ------------------------------------------------------------------ what lies at a pixel


@dataclass(frozen=True)
class Hit:
    """What one layer has at the place asked about."""

    published: Published
    near: tuple[Near, ...]

    @property
    def declaration(self) -> Collection:
        """How its attributes are called."""
        return self.published.declaration


def at_pixel(
    view: View, listed: Sequence[Published], window: Window, place: tuple[float, float], most: int
) -> list[Hit]:
    """The features of each layer at (col, row): areas that hold the place, lines and points within a few pixels."""
    lon, lat = window.place(place[0] + 0.5, place[1] + 0.5)
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        return []
    radius_m = min(view.site.settings.max_radius_m, _REACH_PX * window.metres_px)
    spot = around(view.service.crs, lon, lat, radius_m)
    if spot is None:
        return []
    hits: list[Hit] = []
    for published in listed:
        store = view.site.stores.open(published.file("store.sqlite"))
        hits.append(Hit(published, tuple(store.near(spot[0], spot[1], spot[2], radius_m, most))))
    return hits


def info(view: View, hits: Sequence[Hit], form: str) -> tuple[bytes, str]:
    """The answer to GetFeatureInfo as JSON (GeoJSON), HTML or plain text, with its media type."""
    if "json" in form:
        return _geojson(hits), form
    if form == "text/html":
        page = view.site.pages.get_template("featureinfo.html")
        return page.render(view=view, hits=[(hit, _rows(hit)) for hit in hits]).encode(), "text/html; charset=utf-8"
    lines: list[str] = []
    for hit in hits:
        lines.append(f"{hit.declaration.title}（{hit.published.edition.id}）")
        for rows in _rows(hit):
            lines += [f"  {row['title']}: {'' if row['value'] is None else row['value']}{row['unit']}" for row in rows]
            lines.append("")
        if not hit.near:
            lines.append("  該当なし")
    return "\n".join(lines).encode(), "text/plain; charset=utf-8"


def _rows(hit: Hit) -> list[list[dict[str, Any]]]:
    read = (orjson.loads(near.feature.geojson)["properties"] for near in hit.near)
    return [documents.labelled(hit.declaration, properties) for properties in read]


def _geojson(hits: Sequence[Hit]) -> bytes:
    """A collection that is for viewing only hands out attributes, not coordinates."""
    features: list[dict[str, Any]] = []
    for hit in hits:
        for near in hit.near:
            feature: dict[str, Any] = orjson.loads(near.feature.geojson)
            if not hit.declaration.downloadable:
                feature["geometry"] = None
            names = {"collection": hit.declaration.id, "edition": hit.published.edition.id}
            features.append(feature | names | {"distance_m": round(near.distance_m, 3)})
    return orjson.dumps({"type": "FeatureCollection", "features": features})
