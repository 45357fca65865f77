"""WMS 1.1.1 (OGC 01-068r3) and 1.3.0 (OGC 06-042) over the same pictures as every other map here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import anyio
from fastapi import APIRouter, Depends, Request, Response

from gis_pipeline.catalog import Published
from gis_pipeline.crs import OutputCrs, output_crs
from tile_server import documents, draw, mapping, symbols
from tile_server.archives import MEDIA_TYPES
from tile_server.draw import Ground
from tile_server.errors import FORESEEN, RequestError
from tile_server.images import ImageFormat
from tile_server.kvp import Kvp, ServiceError, wms_exception
from tile_server.limits import charge
from tile_server.params import any_parameters, parse_instant
from tile_server.respond import reply
from tile_server.site import View, view_of
from tile_server.window import MOST_SIDE_PX, Window, around_in, window_of

router = APIRouter()

ROOT = "_all"
"""The name of the layer that holds every map in force; no collection can be called so."""
INFO_FORMATS = ("application/json", "application/geo+json", "text/html", "text/plain")
_MAP, _INFO, _LEGEND = "getmap", "getfeatureinfo", "getlegendgraphic"
_VERSIONS = ("1.1.1", "1.3.0")
EXCEPTIONS = {
    "1.3.0": ("XML", "INIMAGE", "BLANK"),
    "1.1.1": ("application/vnd.ogc.se_xml", "application/vnd.ogc.se_inimage", "application/vnd.ogc.se_blank"),
}


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
async def wms(request: Request) -> Response:
    """WMS by keys and values; every error is a service exception of the version asked for."""
    kvp = Kvp(request)
    version = "1.3.0"
    try:
        version = _negotiated(kvp.get("VERSION"))
        return await _answer(Call(await view_of(request), kvp, version), request)
    except FORESEEN as error:
        return _in_image(kvp, version, error) or wms_exception(error, version)


def _negotiated(asked: str) -> str:
    """The highest version that is not above the one asked for, else the lowest (OGC 06-042, 6.2.4)."""
    if not asked:
        return "1.3.0"
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){1,2}", asked):
        raise ServiceError("InvalidParameterValue", "VERSION は 1.3.0 か 1.1.1 です。", "Unknown VERSION.", "VERSION")
    return "1.3.0" if [int(part) for part in asked.split(".")] >= [1, 3] else "1.1.1"


async def _answer(call: Call, request: Request) -> Response:
    """The address alone is answered like GetCapabilities; everything else says what it wants and in which version."""
    kvp, view = call.kvp, call.view
    name = kvp.get("REQUEST").lower()
    if name in ("getcapabilities", "capabilities") or not ("REQUEST" in kvp or "SERVICE" in kvp):
        if kvp.get("SERVICE", "WMS").upper() != "WMS":
            raise ServiceError("OperationNotSupported", "SERVICE は WMS です。", "SERVICE must be WMS.", "SERVICE")
        content, media_type = await anyio.to_thread.run_sync(_capabilities, call)
        return reply(view, request, content, media_type)
    work = {_MAP: _map, "map": _map, _INFO: _info, _LEGEND: _legend}.get(name)
    if work is None:
        raise ServiceError("OperationNotSupported", "この REQUEST はありません。", "Unknown REQUEST.", "REQUEST")
    if name != _LEGEND and kvp.need("VERSION") not in _VERSIONS:  # the order of the axes depends on it
        raise ServiceError("InvalidParameterValue", "VERSION は 1.3.0 か 1.1.1 です。", "Unknown VERSION.", "VERSION")
    dated = Call(_dated(call), kvp, call.version)
    charge(request)
    content, media_type = await view.site.rendering.run(work, dated)
    return reply(dated.view, request, content, media_type)


def _dated(call: Call) -> View:
    """TIME (or `datetime`, as everywhere here) is one instant; `current` and nothing are today."""
    text = call.kvp.get("TIME", call.kvp.get("DATETIME"))
    if text in ("", "current"):
        return call.view
    try:
        return call.view.at(parse_instant(text))
    except RequestError as error:
        raise ServiceError("InvalidDimensionValue", str(error), error.english, "TIME") from error


# ------------------------------------------------------------------ capabilities


def _capabilities(call: Call) -> tuple[bytes, str]:
    view = call.view
    known = mapping.layers_in_force(view)
    offered = [crs for crs in output_crs(view.service.crs) if crs.code != "OGC:CRS84"]
    page = view.site.pages.get_template("wms.xml")
    text = page.render(
        view=view,
        service=view.service,
        title=documents.title_of(view.service),
        version=call.version,
        root=ROOT,
        themes=_themes(view, [one for one in known if one.declaration.status == "決定"]),
        others=_themes(view, [one for one in known if one.declaration.status != "決定"]),
        whole=documents.extent_of(known),
        crs=offered,
        info_formats=INFO_FORMATS,
        formats=list(mapping.MEDIA),
        exceptions=EXCEPTIONS[call.version],
        most_layers=mapping.MOST_LAYERS,
        most_px=MOST_SIDE_PX,
    )
    media = "text/xml" if call.version == "1.3.0" else "application/vnd.ogc.wms_xml"
    return text.encode(), media


def _themes(view: View, listed: Sequence[Published]) -> dict[str, list[dict[str, Any]]]:
    """What the document says about each layer, by theme."""
    offered = [crs for crs in output_crs(view.service.crs) if crs.code != "OGC:CRS84"]
    themes: dict[str, list[dict[str, Any]]] = {}
    for one in listed:
        box = one.edition.bbox
        if box is not None:
            themes.setdefault(one.declaration.theme, []).append(
                {
                    "layer": one.declaration,
                    "edition": one.edition,
                    "bbox": box,
                    "boxes": [(crs, around_in(box, crs)) for crs in offered],
                    "attribution": documents.attribution_of(view, one),
                    "times": mapping.times(view, one),
                    "legend": symbols.legend_size([one.declaration]),
                    "scale": mapping.most_scale(one),
                }
            )
    return themes


# ------------------------------------------------------------------ what is asked for


def _names(call: Call, key: str) -> list[str]:
    names = call.kvp.need(key).split(",")
    if len(names) > mapping.MOST_LAYERS:
        raise ServiceError("LayerNotDefined", f"{key} が多すぎます。", f"Too many {key}.", key)
    return names


def _layers(call: Call, names: Sequence[str], key: str) -> list[Published]:
    listed: list[Published] = []
    for name in names:
        if name == ROOT:
            listed += [one for one in mapping.layers_in_force(call.view) if one.declaration.status == "決定"]
            continue
        published = call.view.published(name)
        if not mapping.drawable(published):
            raise ServiceError("LayerNotDefined", f"「{name[:60]}」に図形はありません。", "Nothing to draw.", key)
        listed.append(published)
    return listed


def _only_default(call: Call, key: str, count: int) -> None:
    """Every layer has one style; a style that is brought along (SLD) is refused rather than left out."""
    for brought in ("SLD", "SLD_BODY"):
        if call.kvp.get(brought):
            raise ServiceError("StyleNotDefined", "SLD では描けません。", "SLD is not supported.", brought)
    styles = call.kvp.get(key).split(",")
    if styles != [""] and (len(styles) != count or not set(styles) <= {"", "default"}):
        raise ServiceError("StyleNotDefined", f"{key} は default です。", f"{key} must be default.", key)


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
    return mapping.on_grid(window_of(crs, call.view.service.crs, box, size, northing_first=northing_first))


def _form(kvp: Kvp) -> ImageFormat:
    form = mapping.MEDIA.get(kvp.get("FORMAT", "image/png").partition(";")[0].strip())
    if form is None:
        raise ServiceError("InvalidFormat", "この FORMAT はありません。", "Unknown FORMAT.", "FORMAT")
    return form


def _ground(kvp: Kvp) -> Ground:
    colour = mapping.colour(kvp.get("BGCOLOR", "0xFFFFFF"), "BGCOLOR")
    return Ground(colour, kvp.get("TRANSPARENT", "FALSE").upper() == "TRUE")


def _map(call: Call) -> tuple[bytes, str]:
    names = _names(call, "LAYERS")
    _only_default(call, "STYLES", len(names))
    listed, window = _layers(call, names, "LAYERS"), _window(call)
    form, ground = _form(call.kvp), _ground(call.kvp)
    made = draw.picture([draw.layer_of(call.view, one) for one in listed], window, form, ground)
    return draw.blank(window.size_px, form, ground) if made is None else made, MEDIA_TYPES[form]


def _info(call: Call) -> tuple[bytes, str]:
    kvp = call.kvp
    names, shown = _names(call, "QUERY_LAYERS"), _names(call, "LAYERS")
    _only_default(call, "STYLES", len(shown))
    if not set(names) <= set(shown) and ROOT not in shown:
        raise ServiceError("LayerNotDefined", "QUERY_LAYERS は LAYERS の中から選びます。", "Not in LAYERS.", "LAYERS")
    listed, window = _layers(call, names, "QUERY_LAYERS"), _window(call)
    across, down = ("I", "J") if call.version == "1.3.0" else ("X", "Y")
    place = _within(kvp.need(across), window.width_px, across), _within(kvp.need(down), window.height_px, down)
    form = kvp.get("INFO_FORMAT", "text/plain")
    if form not in INFO_FORMATS:
        raise ServiceError("InvalidFormat", "この INFO_FORMAT はありません。", "Unknown INFO_FORMAT.", "INFO_FORMAT")
    count = kvp.get("FEATURE_COUNT", "1")
    if not re.fullmatch(r"[0-9]{1,9}", count) or int(count) < 1:
        raise ServiceError(
            "InvalidParameterValue", "FEATURE_COUNT は 1 以上です。", "FEATURE_COUNT from 1.", "FEATURE_COUNT"
        )
    return mapping.info(call.view, listed, window, place, form, int(count))


def _within(text: str, size_px: int, name: str) -> int:
    if not (re.fullmatch(r"[0-9]{1,9}", text) and int(text) < size_px):
        raise ServiceError("InvalidPoint", f"{name} は画像の中の画素です。", f"{name} lies outside the picture.", name)
    return int(text)


def _legend(call: Call) -> tuple[bytes, str]:
    if call.kvp.get("FORMAT", "image/png") != "image/png":
        raise ServiceError("InvalidFormat", "凡例は image/png です。", "Legends are image/png.", "FORMAT")
    names = _names(call, "LAYER")
    _only_default(call, "STYLE", len(names))
    listed = _layers(call, names, "LAYER")
    return draw.to_png(symbols.legend_svg([one.declaration for one in listed])), "image/png"


def _in_image(kvp: Kvp, version: str, error: Exception) -> Response | None:
    """The picture that EXCEPTIONS asks for in place of XML; None where it does not, or the size is not to be had."""
    try:
        way = kvp.get("EXCEPTIONS")
        if kvp.get("REQUEST").lower() not in (_MAP, "map") or way not in EXCEPTIONS[version][1:]:
            return None
        size = mapping.pixels(kvp.need("WIDTH"), "WIDTH"), mapping.pixels(kvp.need("HEIGHT"), "HEIGHT")
        form, ground = _form(kvp), _ground(kvp)
    except RequestError:
        return None
    words = str(error) if way == EXCEPTIONS[version][1] and isinstance(error, RequestError) else ""
    return Response(draw.message(words, size, form, ground), 200, {"cache-control": "no-store"}, MEDIA_TYPES[form])
