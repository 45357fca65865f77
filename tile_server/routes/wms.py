"""WMS 1.1.1 (OGC 01-068r3) and 1.3.0 (OGC 06-042) over the same pictures as every other map here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import anyio
from fastapi import APIRouter, Depends, Request, Response

from gis_pipeline.catalog import Published
from gis_pipeline.crs import OutputCrs, output_crs
from gis_pipeline.errors import MachizuError
from tile_server import documents, draw, mapping, symbols
from tile_server.archives import MEDIA_TYPES
from tile_server.draw import Ground
from tile_server.errors import RequestError
from tile_server.kvp import Kvp, ServiceError, wms_exception
from tile_server.params import any_parameters, parse_instant
from tile_server.respond import reply
from tile_server.site import Asked, View
from tile_server.window import Window, window_of

router = APIRouter()

ROOT = "_all"
"""The name of the root layer; no collection can be called so."""
INFO_FORMATS = ("application/json", "application/geo+json", "text/html", "text/plain")
_VERSIONS = ("1.3.0", "1.1.1")


@dataclass(frozen=True)
class Call:
    """One request: its parameters, and the version it is answered in."""

    view: View
    kvp: Kvp
    version: str

    @property
    def crs_key(self) -> str:
        """The CRS is called SRS before 1.3.0."""
        return "CRS" if self.version == "1.3.0" else "SRS"


@router.get("/wms", include_in_schema=False, dependencies=[Depends(any_parameters)])
async def wms(view: Asked, request: Request) -> Response:
    """WMS by keys and values; every error is a service exception of the version asked for."""
    kvp = Kvp(request)
    asked = kvp.get("VERSION", kvp.get("WMTVER", "1.3.0"))
    version = "1.3.0" if asked >= "1.3.0" else "1.1.1"
    try:
        return await _answer(Call(view, kvp, version), request)
    except MachizuError as error:
        return wms_exception(error, version)


async def _answer(call: Call, request: Request) -> Response:
    name = call.kvp.get("REQUEST", "GetCapabilities").lower()
    if name in ("getcapabilities", "capabilities"):
        if call.kvp.get("SERVICE", "WMS").upper() != "WMS":
            raise ServiceError("OperationNotSupported", "SERVICE は WMS です。", "SERVICE must be WMS.", "SERVICE")
        content, media_type = await anyio.to_thread.run_sync(_capabilities, call)
        return reply(call.view, request, content, media_type)
    call = Call(_dated(call), call.kvp, call.version)
    work = {"getmap": _map, "map": _map, "getfeatureinfo": _info, "getlegendgraphic": _legend}.get(name)
    if work is None:
        raise ServiceError("OperationNotSupported", "この REQUEST はありません。", "Unknown REQUEST.", "REQUEST")
    content, media_type = await anyio.to_thread.run_sync(work, call, limiter=call.view.site.rendering)
    return reply(call.view, request, content, media_type)


def _dated(call: Call) -> View:
    """TIME (or `datetime`, as everywhere here) is one instant; `current` and nothing are today."""
    text = call.kvp.get("TIME", call.kvp.get("DATETIME"))
    if text in ("", "current"):
        return call.view
    try:
        return call.view.at(parse_instant(text))
    except RequestError as error:
        raise ServiceError("InvalidDimensionValue", str(error), error.english, "TIME") from error


def _capabilities(call: Call) -> tuple[bytes, str]:
    view = call.view
    known = mapping.layers_in_force(view)
    offered = [crs for crs in output_crs(view.service.crs) if crs.code != "OGC:CRS84"]
    boxes = {
        one.declaration.id: [(crs, mapping.around_in(one.edition.bbox, crs)) for crs in offered]
        for one in known
        if one.edition.bbox is not None
    }
    whole = mapping.union(known)
    page = view.site.pages.get_template("wms.xml")
    text = page.render(
        view=view,
        service=view.service,
        title=documents.title_of(view.service),
        version=call.version,
        root=ROOT,
        layers=known,
        boxes=boxes,
        whole=whole,
        crs=offered,
        info_formats=INFO_FORMATS,
        formats=list(mapping.MEDIA),
        attribution={one.declaration.id: documents.attribution_of(view, one) for one in known},
        editions={one.declaration.id: _times(view, one) for one in known},
        most_px=4096,
    )
    media = "text/xml" if call.version == "1.3.0" else "application/vnd.ogc.wms_xml"
    return text.encode(), media


def _times(view: View, published: Published) -> list[str]:
    """The days on which editions that are live came into force."""
    entry = view.snapshot.collection(published.declaration.id)
    days = {edition.takes_effect.isoformat() for edition in entry.editions if edition.state == "live"}
    return sorted(day for day in days if day <= view.today.isoformat())


def _layers(call: Call, key: str) -> list[Published]:
    view, names = call.view, call.kvp.need(key).split(",")
    if len(names) > mapping.MOST_LAYERS:
        raise ServiceError("LayerNotDefined", f"{key} が多すぎます。", f"Too many {key}.", key)
    listed: list[Published] = []
    for name in names:
        if name == ROOT:
            listed += [one for one in mapping.layers_in_force(view) if one.declaration.status == "決定"]
            continue
        published = view.published(name)
        if not mapping.drawable(published):
            raise ServiceError("LayerNotDefined", f"「{name[:60]}」に図形はありません。", "Nothing to draw.", key)
        listed.append(published)
    styles = call.kvp.get("STYLES").split(",")
    if any(style not in ("", "default") for style in styles) or len(styles) > max(1, len(names)):
        raise ServiceError("StyleNotDefined", "STYLES は default です。", "STYLES must be default.", "STYLES")
    return listed


def _crs(call: Call) -> OutputCrs:
    code = call.kvp.need(call.crs_key)
    if code.upper() == "CRS:84" and call.version == "1.3.0":
        return output_crs(call.view.service.crs)[0]
    crs = mapping.offered(call.view, code)
    if crs is None:
        name = "InvalidCRS" if call.version == "1.3.0" else "InvalidSRS"
        raise ServiceError(name, "この座標系では描けません。", "This CRS is not offered.", call.crs_key)
    return crs


def _window(call: Call) -> Window:
    """Version 1.3.0 follows the axes of the definition; 1.1.1 always says east first."""
    crs = _crs(call)
    size = mapping.pixels(call.kvp.need("WIDTH"), "WIDTH"), mapping.pixels(call.kvp.need("HEIGHT"), "HEIGHT")
    box = mapping.four(call.kvp.need("BBOX"))
    northing_first = crs.northing_first and call.version == "1.3.0"
    return window_of(crs, call.view.service.crs, box, size, northing_first=northing_first)


def _map(call: Call) -> tuple[bytes, str]:
    kvp = call.kvp
    listed, window = _layers(call, "LAYERS"), _window(call)
    wanted = kvp.get("FORMAT", "image/png").partition(";")[0].strip()
    form = mapping.MEDIA.get(wanted)
    if form is None:
        raise ServiceError("InvalidFormat", "この FORMAT はありません。", "Unknown FORMAT.", "FORMAT")
    colour = mapping.colour(kvp.get("BGCOLOR", "0xFFFFFF"), "BGCOLOR")
    ground = Ground(colour, kvp.get("TRANSPARENT", "FALSE").upper() == "TRUE")
    made = draw.picture([draw.layer_of(call.view, one) for one in listed], window, form, ground)
    return draw.blank(window, form, ground) if made is None else made, MEDIA_TYPES[form]


def _info(call: Call) -> tuple[bytes, str]:
    kvp = call.kvp
    listed, window = _layers(call, "QUERY_LAYERS"), _window(call)
    across, down = ("I", "J") if call.version == "1.3.0" else ("X", "Y")
    place = _within(kvp.need(across), window.width_px, across), _within(kvp.need(down), window.height_px, down)
    form = kvp.get("INFO_FORMAT", "text/plain")
    if form not in INFO_FORMATS:
        raise ServiceError("InvalidFormat", "この INFO_FORMAT はありません。", "Unknown INFO_FORMAT.", "INFO_FORMAT")
    count = kvp.get("FEATURE_COUNT", "1")
    most = min(mapping.MOST_FOUND, int(count)) if count.isascii() and count.isdigit() and len(count) < 10 else 1
    return mapping.info(call.view, mapping.at_pixel(call.view, listed, window, place, max(1, most)), form)


def _within(text: str, size_px: int, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) < size_px):
        raise ServiceError("InvalidPoint", f"{name} は画像の中の画素です。", f"{name} lies outside the picture.", name)
    return int(text)


def _legend(call: Call) -> tuple[bytes, str]:
    kvp = call.kvp
    if kvp.get("FORMAT", "image/png") != "image/png":
        raise ServiceError("InvalidFormat", "凡例は image/png です。", "Legends are image/png.", "FORMAT")
    listed: Sequence[Published] = _layers(call, "LAYER")
    return draw.to_png(symbols.legend_svg([one.declaration for one in listed])), "image/png"
