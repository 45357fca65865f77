"""Requests and exceptions of OGC's older services: keys in any case, unknown keys ignored, errors as XML."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from starlette.requests import Request
from starlette.responses import Response

from gis_pipeline.errors import Absent, UnknownCollection, UnknownEdition, Withdrawn
from tile_server.errors import Busy, Nowhere, RequestError, kind_of

XML = "text/xml"


class ServiceError(RequestError):
    """An error with a code of the standard; `parameter` is what it is about."""

    def __init__(self, code: str, message: str, english: str, parameter: str = "") -> None:
        self.code = code
        super().__init__(message, english, parameter)


class Kvp:
    """The parameters of one request, keys in any case."""

    def __init__(self, request: Request) -> None:
        self._values: dict[str, set[str]] = {}
        for name, value in request.query_params.multi_items():
            self._values.setdefault(name.upper(), set()).add(value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str, otherwise: str = "") -> str:
        """The value, or `otherwise` where there is none; ServiceError for a key that is given different values."""
        values = self._values.get(name, set()) - {""}
        if len(values) > 1:
            raise ServiceError(
                "InvalidParameterValue", f"{name} に違う値が二つあります。", f"{name} is given twice.", name
            )
        return next(iter(values), otherwise)

    def need(self, name: str) -> str:
        """The value; ServiceError MissingParameterValue where there is none."""
        value = self.get(name)
        if not value:
            raise ServiceError("MissingParameterValue", f"{name} を指定してください。", f"{name} is missing.", name)
        return value


def _said(error: Exception) -> tuple[str, str, str, int]:
    """Code, text, locator and status."""
    status = 400 if isinstance(error, Nowhere) else kind_of(error).status
    if isinstance(error, ServiceError):
        return error.code, f"{error} {error.english}", error.parameter, 400
    if isinstance(error, RequestError):
        return "InvalidParameterValue", f"{error} {error.english}", error.parameter, status
    if isinstance(error, UnknownCollection):
        return "LayerNotDefined", str(error), "LAYER", 400
    if isinstance(error, UnknownEdition):
        return "InvalidDimensionValue", str(error), "TIME", status
    if isinstance(error, Withdrawn):
        return "NoApplicableCode", f"{error} {error.reason}", "", status
    return "NoApplicableCode", str(error) if isinstance(error, Absent) else kind_of(error).title, "", status


def wms_exception(error: Exception, version: str) -> Response:
    """A service exception report of WMS 1.1.1 or 1.3.0."""
    code, text, locator, status = _said(error)
    code = "" if code in ("NoApplicableCode", "InvalidParameterValue", "MissingParameterValue") else code
    named = f" code={quoteattr(code)}" if code else ""
    if version == "1.1.1":
        media, space = "application/vnd.ogc.se_xml", ""
    else:
        media, space = XML, ' xmlns="http://www.opengis.net/ogc"'
        named += f" locator={quoteattr(_clean(locator))}" if locator else ""
    body = f"<ServiceException{named}>{escape(_clean(text))}</ServiceException>"
    report = f'<ServiceExceptionReport version="{version}"{space}>{body}</ServiceExceptionReport>'
    return _report(report, media, status, error)


def ows_exception(error: Exception) -> Response:
    """An exception report of OWS Common 1.1 (WMTS)."""
    code, text, locator, status = _said(error)
    code = {"LayerNotDefined": "InvalidParameterValue", "InvalidDimensionValue": "InvalidParameterValue"}.get(
        code, code
    )
    named = f" locator={quoteattr(_clean(locator).lower())}" if locator else ""
    body = f"<ExceptionText>{escape(_clean(text))}</ExceptionText>"
    report = (
        '<ExceptionReport xmlns="http://www.opengis.net/ows/1.1" version="1.1.0" xml:lang="ja">'
        f'<Exception exceptionCode="{code}"{named}>{body}</Exception></ExceptionReport>'
    )
    return _report(report, XML, status, error)


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return "".join(
        c if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF and ord(c) not in (0xFFFE, 0xFFFF) else "?"
        for c in text
    )


def _report(text: str, media_type: str, status: int, error: Exception) -> Response:
    content = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    headers = {"cache-control": "no-store"}
    if isinstance(error, Busy):
        headers["retry-after"] = str(error.wait_s)
    return Response(content, status, headers, media_type)
