"""What a request for a download asks for, as an `Order`: the part of the ground, the CRS, the text code."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import shapely
from fastapi import Depends, Query

from gis_pipeline.catalog import Published
from gis_pipeline.crs import frame_crs, label
from gis_pipeline.errors import UnknownItem
from gis_pipeline.members import Download
from gis_pipeline.model import Act, Collection
from gis_pipeline.proof import LONLAT
from tile_server import clip, regions
from tile_server.area import Area
from tile_server.boxes import AskedArea, crs_named
from tile_server.clip import Order
from tile_server.errors import Forbidden, Nowhere, RequestError
from tile_server.files import check_downloadable
from tile_server.making import kind, permitted
from tile_server.numbers import number
from tile_server.regions import Region
from tile_server.site import View

DEFAULT_BUFFER_M = 20.0
_ROUTE_DIGITS = 8
_ACT_NAMES: dict[Act, str] = {"raw download": "データの提供"}


@dataclass(frozen=True)
class Wished:
    """The query of a download, as text but for the box."""

    box: Area | None
    area: str | None
    sheet: str | None
    route: str | None
    buffer_m: str | None
    crs: str | None
    clip: str | None
    encoding: str | None

    @property
    def whole(self) -> bool:
        """Whether the published file itself answers the request."""
        return (self.box, self.area, self.sheet, self.route, self.crs, self.encoding) == (None,) * 6


async def wished(
    box: AskedArea,
    area: Annotated[str | None, Query(description="範囲の多角形 (GeoJSON か WKT、経度・緯度)")] = None,
    sheet: Annotated[str | None, Query(description="図郭番号")] = None,
    route: Annotated[str | None, Query(description="道路の路線番号。その沿道が範囲になる")] = None,
    buffer_m: Annotated[str | None, Query(description="路線からの距離 (m)")] = None,
    crs: Annotated[str | None, Query(description="ファイルの座標系")] = None,
    clip: Annotated[str | None, Query(description="true なら境界で切り取る。既定は触れる地物を切らずに")] = None,
    encoding: Annotated[str | None, Query(description="Shapefile の文字コード")] = None,
) -> Wished:
    """The query as it stands."""
    return Wished(box, area, sheet, route, buffer_m, crs, clip, encoding)


Wish = Annotated[Wished, Depends(wished)]


def order(view: View, published: Published, suffix: str, member: Download, wish: Wished, on: dt.date | None) -> Order:
    """The order; RequestError, Forbidden (viewing only, or no permission for this act) or UnknownItem."""
    check_downloadable(published)
    _check_act(published, member)
    declaration = published.declaration
    if kind(declaration) not in member.APPLIES:
        raise UnknownItem(f"「{declaration.title}」を {member.TITLE} で渡すことはできません。")
    region = _region(view, published, wish, on)
    if region is not None and declaration.geometry == "none":
        raise Nowhere("この台帳には形がないので、範囲では選べません。", "A register has no geometry.", "bbox")
    clipped = _flag(wish.clip)
    if wish.clip is not None and region is None:
        raise Nowhere("clip は範囲と一緒に指定してください。", "clip needs an area.", "clip")
    scans, remark = _scans(view, declaration, member, region, on)
    target, encoding = _target(view, member, wish), _encoding(member, wish.encoding)
    return Order(view.service, published, suffix, region, clipped, target, encoding, scans, remark)


def _scans(
    view: View, declaration: Collection, member: Download, region: Region | None, on: dt.date | None
) -> tuple[tuple[Published, ...], str]:
    """The scans of the ground that is asked for, where the format takes them along; and which are left out, and why."""
    if region is None or declaration.scan is not None or not getattr(member, "WITH_SCANS", False):
        return (), ""
    taken: list[Published] = []
    remarks, left = "", view.site.settings.max_download_pixels
    for entry in view.snapshot.collections():
        published = view.current(entry, on)[0]
        if published is None or entry.declaration.scan is None or entry.declaration.status == "案":
            continue
        sheets = clip.sheets_in(published, region)
        if not sheets:
            continue
        title = f"画像「{entry.declaration.title}」"
        if not published.declaration.downloadable or not permitted(published, member):
            remarks += f"。{title}は提供できないため入っていません"
        elif (count := clip.pixels(sheets, region)) > left:
            remarks += f"。{title}は範囲が広いため入っていません"
        else:
            taken.append(published)
            left -= count
    return tuple(taken), remarks


def _check_act(published: Published, member: Download) -> None:
    if not permitted(published, member):
        name = _ACT_NAMES.get(member.ACT, member.ACT)
        raise Forbidden(
            f"「{published.declaration.title}」には {name} の承認がないため、ダウンロードはできません。",
            f"No permission covers this act: {member.ACT}.",
        )


def _flag(text: str | None) -> bool:
    if text in (None, "true", "false"):
        return text == "true"
    raise RequestError("clip は true か false です。", "clip must be true or false.", "clip")


def _encoding(member: Download, text: str | None) -> Literal["utf-8", "cp932"]:
    if text is None:
        return "utf-8"
    if not member.SUFFIX.startswith("shp"):
        raise Nowhere("encoding は Shapefile だけに使えます。", "encoding is for Shapefile only.", "encoding")
    match text.lower():
        case "utf-8" | "utf8":
            return "utf-8"
        case "cp932" | "shift_jis" | "sjis":
            return "cp932"
    raise RequestError("encoding は utf-8 か cp932 です。", "encoding must be utf-8 or cp932.", "encoding")


def _target(view: View, member: Download, wish: Wished) -> str | None:
    """The CRS the file shall stand in; None for the format's own."""
    if wish.crs is None:
        return None
    code, frame = crs_named(view, wish.crs, "crs").code, label(frame_crs(view.service.crs))
    if member.FRAMES == "any":
        return None if code == frame else code
    own = LONLAT if member.FRAMES == "lonlat" else frame
    if code == own:
        return None
    raise Nowhere(
        f"{member.TITLE} は {own} で渡します。ほかの座標系は GeoPackage などを選んでください。",
        f"This format is given in {own} only.",
        "crs",
    )


# ------------------------------------------------------------------ the part of the ground


def _region(view: View, published: Published, wish: Wished, on: dt.date | None) -> Region | None:
    given = {"bbox": wish.box, "area": wish.area, "sheet": wish.sheet, "route": wish.route}
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise Nowhere(
            "範囲は bbox、area、sheet、route のどれか一つで指定してください。",
            "Give one of bbox, area, sheet and route.",
            named[1],
        )
    if wish.buffer_m is not None and wish.route is None:
        raise Nowhere("buffer_m は route と一緒に指定してください。", "buffer_m needs route.", "buffer_m")
    frame, settings = view.service.crs, view.site.settings
    if wish.box is not None:
        return regions.of_box(wish.box, published.edition.bbox, frame)
    if wish.area is not None:
        return regions.of_polygon(wish.area, frame, settings.max_area_characters, settings.max_area_vertices)
    if wish.sheet is not None:
        return regions.of_sheet(wish.sheet, frame)
    if wish.route is not None:
        return _corridor(view, wish.route, wish.buffer_m, on)
    return None


def _corridor(view: View, route: str, buffer_m: str | None, on: dt.date | None) -> Region:
    reach_m = DEFAULT_BUFFER_M if buffer_m is None else number(buffer_m, "buffer_m")
    most = view.site.settings.max_buffer_m
    if not 0 < reach_m <= most:
        raise RequestError(f"buffer_m は 0 より大きく {most:g} まで。", f"buffer_m: up to {most:g}.", "buffer_m")
    if not re.fullmatch(r"[\w\-.()（）]{1,40}", route):
        raise RequestError("route は路線番号を書いてください。", "route must be a route number.", "route")
    lines = _road(view, route, on)
    if not lines:
        raise UnknownItem(f"路線番号「{route}」の道路はありません。")
    return regions.of_route(route, shapely.union_all(lines), reach_m)


def _road(view: View, route: str, on: dt.date | None) -> list[shapely.Geometry]:
    """The lines of that number in every collection of roads that is in force on the day."""
    found: list[shapely.Geometry] = []
    for entry in view.snapshot.collections():
        declaration = entry.declaration
        published = view.current(entry, on)[0]
        field = _number_field(declaration)
        if declaration.role != "road" or declaration.geometry != "line" or published is None or field is None:
            continue
        store = view.site.stores.open(published.file("store.sqlite"))
        if field not in store.types:
            continue
        for seqs in filter(len, (store.matching(None, ((field, text),)) for text in _spellings(route))):
            shapes = np.asarray(shapely.from_wkb([stored.town for stored in store.read(seqs)]), dtype=object)
            found += [shape for shape in shapes if shape is not None]
            break
    return found


def _spellings(route: str) -> list[str]:
    """As asked for, then with fewer and more zeros in front: 101 finds 0101."""
    digits = route.lstrip("0")
    padded = [digits.zfill(width) for width in range(len(digits), _ROUTE_DIGITS + 1)] if digits.isdecimal() else []
    return list(dict.fromkeys([route, *padded]))


def _number_field(declaration: Collection) -> str | None:
    """The field of the route number: the code whose title says so, else the first code."""
    codes = [name for name, field in declaration.fields.items() if field.type == "code"]
    named = [name for name in codes if "路線番号" in declaration.fields[name].title]
    return next(iter([*named, *codes]), None)
