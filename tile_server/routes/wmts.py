"""WMTS 1.0.0 (OGC 07-057r7), RESTful and by keys and values, in WebMercatorQuad and the town's tile matrix set."""

from __future__ import annotations

import re
from dataclasses import dataclass

import anyio
from fastapi import APIRouter, Depends, Request, Response

from gis_pipeline.errors import MachizuError, UnknownItem
from tile_server import documents, mapping
from tile_server.images import web_mercator
from tile_server.kvp import XML, Kvp, ServiceError, ows_exception
from tile_server.params import any_parameters, parse_instant
from tile_server.respond import reply
from tile_server.site import Asked, View
from tile_server.tileserving import set_response
from tile_server.tilesets import TileSet, set_of, sets_of
from tile_server.towngrid import TownGrid, town_grid

router = APIRouter()

_MEDIA = {"webp": "image/webp", "png": "image/png", "jpg": "image/jpeg"}
_FORMS = {media: form for form, media in _MEDIA.items()}
INFO = {"json": "application/geo+json", "html": "text/html", "txt": "text/plain"}
_GOOGLE = "urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible"
_ANY = [Depends(any_parameters)]


@dataclass(frozen=True)
class Place:
    """A tile by the texts of a request: layer, tile matrix set, tile matrix, row and column."""

    layer: str
    matrix_set: str
    matrix: str
    row: str
    col: str


def _whole(text: str, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ServiceError("InvalidParameterValue", f"{name} は 0 以上の整数です。", f"{name} must be whole.", name)
    return int(text)


def _dated(view: View, kvp: Kvp) -> View:
    """TIME (or `datetime`, as everywhere here) is one instant; `current` and nothing are today."""
    text = kvp.get("TIME", kvp.get("DATETIME"))
    return view if text in ("", "current") else view.at(parse_instant(text))


def _found(view: View, place: Place) -> tuple[TileSet, tuple[int, int, int]]:
    """The tile set and matrix, row, col; outside the limits it is TileOutOfRange."""
    one = set_of(view, view.published(place.layer), "map", place.matrix_set)
    at = (
        _whole(place.matrix, "TileMatrix"),
        _whole(place.row, "TileRow"),
        _whole(place.col, "TileCol"),
    )
    try:
        one.check(*at)
    except UnknownItem as error:
        raise ServiceError("TileOutOfRange", str(error), "Outside the limits of the layer.", "TileRow") from error
    return one, at


async def _tile(view: View, request: Request, place: Place, form: str) -> Response:
    one, at = await anyio.to_thread.run_sync(_found, view, place)
    if form not in one.formats:
        raise ServiceError("InvalidParameterValue", "この形式はありません。", "Unknown format.", "Format")
    return await set_response(view, request, one, at, form)


async def _info(view: View, request: Request, place: Place, pixel: tuple[str, str], form: str) -> Response:
    """What lies at (I, J): I counts columns, J rows."""
    if form not in INFO.values():
        raise ServiceError("InvalidParameterValue", "この形式はありません。", "Unknown format.", "InfoFormat")
    col, row = _whole(pixel[0], "I"), _whole(pixel[1], "J")
    if max(col, row) > 255:
        raise ServiceError("PointIJOutOfRange", "I と J は 255 までです。", "I and J are at most 255.", "I")

    def looked() -> tuple[bytes, str]:
        one, at = _found(view, place)
        window = one.window(view.service.crs, *at)
        hits = mapping.at_pixel(view, [one.published], window, (col, row), mapping.MOST_FOUND)
        return mapping.info(view, hits, form)

    content, media_type = await anyio.to_thread.run_sync(looked)
    return reply(view, request, content, media_type)


# ------------------------------------------------------------------ keys and values


@router.get("/wmts", include_in_schema=False, dependencies=_ANY)
async def wmts(view: Asked, request: Request) -> Response:
    """GetCapabilities, GetTile and GetFeatureInfo; every error is an OWS exception report."""
    try:
        return await _by_keys(view, request, Kvp(request))
    except MachizuError as error:
        return ows_exception(error)


async def _by_keys(view: View, request: Request, kvp: Kvp) -> Response:
    name = kvp.get("REQUEST", "GetCapabilities").lower()
    if name == "getcapabilities":
        return await _capabilities(view, request)
    if name not in ("gettile", "getfeatureinfo"):
        raise ServiceError("OperationNotSupported", "この REQUEST はありません。", "Unknown REQUEST.", "Request")
    if kvp.get("VERSION", "1.0.0") != "1.0.0":
        raise ServiceError("InvalidParameterValue", "VERSION は 1.0.0 です。", "VERSION must be 1.0.0.", "Version")
    if kvp.get("STYLE", "default") != "default":
        raise ServiceError("InvalidParameterValue", "STYLE は default です。", "STYLE must be default.", "Style")
    place = Place(*(kvp.need(key) for key in ("LAYER", "TILEMATRIXSET", "TILEMATRIX", "TILEROW", "TILECOL")))
    view = _dated(view, kvp)
    if name == "getfeatureinfo":
        return await _info(view, request, place, (kvp.need("I"), kvp.need("J")), kvp.get("INFOFORMAT", INFO["json"]))
    return await _tile(view, request, place, _FORMS.get(kvp.get("FORMAT", "image/png"), "?"))


# ------------------------------------------------------------------ RESTful


@router.get("/wmts/1.0.0/WMTSCapabilities.xml", include_in_schema=False, dependencies=_ANY)
async def capabilities(view: Asked, request: Request) -> Response:
    """The service metadata document."""
    return await _capabilities(view, request)


_REST = "/wmts/{collectionId}/default/{tileMatrixSetId}/{tileMatrix}/{tileRow}"


@router.get(f"{_REST}/{{tileFile}}", include_in_schema=False, dependencies=_ANY)
async def rest_tile(
    view: Asked,
    request: Request,
    collectionId: str,  # noqa: N803
    tileMatrixSetId: str,  # noqa: N803
    tileMatrix: str,  # noqa: N803
    tileRow: str,  # noqa: N803
    tileFile: str,  # noqa: N803
) -> Response:
    """`{TileCol}.{png,jpg,webp}`."""
    col, _, form = tileFile.rpartition(".")
    try:
        place = Place(collectionId, tileMatrixSetId, tileMatrix, tileRow, col)
        return await _tile(_dated(view, Kvp(request)), request, place, form)
    except MachizuError as error:
        return ows_exception(error)


@router.get(f"{_REST}/{{tileCol}}/{{j}}/{{infoFile}}", include_in_schema=False, dependencies=_ANY)
async def rest_info(
    view: Asked,
    request: Request,
    collectionId: str,  # noqa: N803
    tileMatrixSetId: str,  # noqa: N803
    tileMatrix: str,  # noqa: N803
    tileRow: str,  # noqa: N803
    tileCol: str,  # noqa: N803
    j: str,
    infoFile: str,  # noqa: N803
) -> Response:
    """`{J}/{I}.{json,html,txt}`."""
    i, _, extension = infoFile.rpartition(".")
    try:
        place = Place(collectionId, tileMatrixSetId, tileMatrix, tileRow, tileCol)
        return await _info(_dated(view, Kvp(request)), request, place, (i, j), INFO.get(extension, "?"))
    except MachizuError as error:
        return ows_exception(error)


# ------------------------------------------------------------------ capabilities


async def _capabilities(view: View, request: Request) -> Response:
    content = await anyio.to_thread.run_sync(_document, view)
    return reply(view, request, content, XML)


@dataclass(frozen=True)
class Matrix:
    """One TileMatrix as the document writes it; the corner is in the axis order of the CRS."""

    id: str
    scale: float
    corner: tuple[float, float]
    width: int
    height: int


def _document(view: View) -> bytes:
    layers = []
    for published in mapping.layers_in_force(view):
        try:
            layers.append((published, sets_of(view, published, "map")))
        except UnknownItem:
            continue  # not published as tiles
    page = view.site.pages.get_template("wmts.xml")
    grid = town_grid(view.service.crs)
    return page.render(
        view=view,
        service=view.service,
        title=documents.title_of(view.service),
        layers=layers,
        media=_MEDIA,
        info=INFO,
        attribution={one.declaration.id: documents.attribution_of(view, one) for one, _ in layers},
        matrix_sets=[
            (
                "WebMercatorQuad",
                "urn:ogc:def:crs:EPSG::3857",
                "urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible",
                _world(),
            ),
            (grid.id, "urn:ogc:def:crs:" + grid.crs.code.replace(":", "::"), "", _town(grid)),
        ],
    ).encode()


def _world() -> list[Matrix]:
    found: list[Matrix] = []
    for matrix in web_mercator().tileMatrices[:23]:
        corner = float(matrix.pointOfOrigin[0]), float(matrix.pointOfOrigin[1])
        found.append(
            Matrix(matrix.id, float(matrix.scaleDenominator), corner, int(matrix.matrixWidth), int(matrix.matrixHeight))
        )
    return found


def _town(grid: TownGrid) -> list[Matrix]:
    return [
        Matrix(
            one["id"],
            one["scaleDenominator"],
            (one["pointOfOrigin"][0], one["pointOfOrigin"][1]),
            one["matrixWidth"],
            one["matrixHeight"],
        )
        for one in grid.document()["tileMatrices"]
    ]
