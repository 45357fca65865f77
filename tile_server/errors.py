"""One table from exception to answer: application/problem+json (RFC 9457), Japanese and English, no stack trace.

MachizuError (gis_pipeline.errors)
├── Absent …                 404; Withdrawn 410 with the public reason
├── RequestError             400: the request itself is wrong; names the parameter
│   ├── Nowhere              404: of the documented form, but there is no such place, time or file
│   ├── Forbidden            403: published for viewing only
│   ├── TooLarge             413: beyond the published limits
│   ├── Busy                 429: come again later (Retry-After)
│   └── NotAcceptable        406: no representation that the client accepts
└── MachineError             503: the published tree cannot be read now
    └── NotMade              503: a file cannot be written now (no room on the disk)
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from rasterio.errors import RasterioError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gis_pipeline.errors import Absent, MachineError, MachizuError, UnknownEdition, Withdrawn

PROBLEM = "application/problem+json"
RETRY_AFTER_S = 30
"""When a client that was told to come later may ask again."""


class RequestError(MachizuError):
    """The request cannot be followed; `parameter` is the query parameter, header or path part at fault."""

    def __init__(self, message: str, english: str, parameter: str = "") -> None:
        self.english = english
        self.parameter = parameter
        super().__init__(message)


class Nowhere(RequestError):
    """What was asked for is written as documented, but denotes nothing.

    A box whose south lies north; a part of a map that is told in two ways; a GeoPackage in CP932.
    """


class Forbidden(RequestError):
    """What was asked for exists but is published for viewing only."""


class TooLarge(RequestError):
    """More features, pixels or ground than the published limits allow."""


class Busy(RequestError):
    """Too much is being made at the moment; the same request may be followed `wait_s` seconds later."""

    def __init__(self, message: str, english: str, wait_s: int = RETRY_AFTER_S) -> None:
        self.wait_s = wait_s
        super().__init__(message, english)


class NotAcceptable(RequestError):
    """None of the media types the client accepts can be given."""


class NotMade(MachineError):
    """A download cannot be written. What stood in the way (it names folders) is for the log alone."""


@dataclass(frozen=True)
class Kind:
    """One row of the table: status, stable problem type and its titles."""

    status: int
    type: str
    title: str
    title_en: str


_SERVER_FAULT = Kind(500, "internal", "サーバーの内部で問題が起きました", "Internal error")
_UNAVAILABLE = Kind(503, "unavailable", "ただいま公開データを読めません", "The published data cannot be read now")
_NOT_MADE = Kind(503, "not-made", "いまはファイルを作れません", "The file cannot be made now")
_NOT_FOUND = Kind(404, "not-found", "見つかりません", "Not found")
_NO_DATA = Kind(404, "no-data", "データがありません（データ無し）", "No data for that day")
_NOWHERE = Kind(404, "nowhere", "そのような範囲・期間・ファイルはありません", "There is no such place, time or file")
_GONE = Kind(410, "withdrawn", "公開を取り下げました", "Withdrawn")
_BAD_REQUEST = Kind(400, "bad-request", "要求の書き方が正しくありません", "Bad request")
_FORBIDDEN = Kind(403, "viewing-only", "閲覧のみの公開です", "Published for viewing only")
_TOO_LARGE = Kind(413, "too-large", "要求が大きすぎます", "Request too large")
_BUSY = Kind(429, "busy", "いまは込み合っています", "Too many requests at the moment")
_NOT_ACCEPTABLE = Kind(406, "not-acceptable", "その形式では返せません", "Not acceptable")

TABLE: dict[type[Exception], Kind] = {
    Withdrawn: _GONE,
    UnknownEdition: _NO_DATA,
    Absent: _NOT_FOUND,
    Nowhere: _NOWHERE,
    Forbidden: _FORBIDDEN,
    NotAcceptable: _NOT_ACCEPTABLE,
    TooLarge: _TOO_LARGE,
    Busy: _BUSY,
    RequestError: _BAD_REQUEST,
    RequestValidationError: _BAD_REQUEST,
    MachineError: _UNAVAILABLE,
    NotMade: _NOT_MADE,
    sqlite3.Error: _UNAVAILABLE,
    OSError: _UNAVAILABLE,
    RasterioError: _UNAVAILABLE,
}
"""The most derived class of an exception that stands here decides."""

FORESEEN = tuple(TABLE)
"""What a service that answers in a form of its own catches; anything else is a fault of the server."""

_BY_STATUS: dict[int, Kind] = {
    400: _BAD_REQUEST,
    404: _NOT_FOUND,
    405: Kind(405, "method-not-allowed", "この方法では呼び出せません", "Method not allowed"),
    413: _TOO_LARGE,
    416: Kind(416, "range-not-satisfiable", "その範囲はありません", "Range not satisfiable"),
    429: Kind(429, "too-many", "短い間に要求が多すぎます", "Too many requests"),
    431: Kind(431, "too-large", "要求が大きすぎます", "Request too large"),
}

_DETAIL_EN = {
    "not-found": "There is no such resource.",
    "no-data": "No edition of this collection is in force on that day. No data does not mean that nothing applies.",
    "withdrawn": "This edition was published and has been taken back. The reason is given in Japanese.",
    "unavailable": "Please try again later.",
}


def kind_of(error: Exception) -> Kind:
    """The row of the table for an exception; what is not in the table is a fault of the server."""
    return next((TABLE[cls] for cls in type(error).__mro__ if cls in TABLE), _SERVER_FAULT)


def problem(kind: Kind, detail: str = "", detail_en: str = "", **members: str) -> Response:
    """A problem document; `members` that are empty are left out."""
    body = {
        "type": f"urn:machizu:problem:{kind.type}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail or kind.title,
        "titleEn": kind.title_en,
        "detailEn": detail_en or _DETAIL_EN.get(kind.type, kind.title_en),
    } | {name: value for name, value in members.items() if value}
    return Response(
        orjson.dumps(body),
        status_code=kind.status,
        media_type=PROBLEM,
        headers={"cache-control": "no-store", "content-language": "ja"},
    )


def answer(error: Exception) -> Response:
    """The answer for any exception. Details only of errors raised on purpose and meant to be shown."""
    kind = kind_of(error)
    if isinstance(error, Withdrawn):
        return problem(kind, str(error), reason=error.reason)
    if isinstance(error, Busy):
        told = problem(kind, str(error), error.english)
        told.headers["retry-after"] = str(error.wait_s)
        return told
    if isinstance(error, RequestError):
        return problem(kind, str(error), error.english, parameter=error.parameter)
    if isinstance(error, RequestValidationError):
        names = "、".join(dict.fromkeys(str(item["loc"][-1]) for item in error.errors() if item["loc"]))
        return problem(kind, f"「{names}」の値が正しくありません。", f"Invalid value: {names}", parameter=names)
    if isinstance(error, Absent):
        return problem(kind, str(error))
    if isinstance(error, NotMade):
        return problem(kind, str(error))
    return problem(kind)


def status_problem(status: int, headers: dict[str, str] | None = None) -> Response:
    """The problem document for a bare HTTP status, with the headers that belong to it (Allow, Content-Range)."""
    kind = _BY_STATUS.get(status, Kind(status, f"http-{status}", "要求に応えられません", "The request failed"))
    response = problem(kind)
    response.headers.update(headers or {})
    return response


async def _handle(_request: Request, error: Exception) -> Response:
    return answer(error)


async def _handle_status(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return answer(error)
    return status_problem(error.status_code, dict(error.headers or {}))


def add_error_handlers(app: FastAPI) -> None:
    """Every exception of the table, and every other one, becomes a problem document."""
    for cls in (*TABLE, Exception):
        app.add_exception_handler(cls, _handle)
    app.add_exception_handler(HTTPException, _handle_status)
