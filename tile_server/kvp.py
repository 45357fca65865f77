"""Requests and exceptions of OGC's older services: keys in any case, unknown keys ignored, errors as XML."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from starlette.requests import Request
from starlette.responses import Response

from gis_pipeline.errors import Absent, MachizuError, UnknownCollection, UnknownEdition
from tile_server.errors import RequestError, kind_of

XML = "text/xml"


class ServiceError(RequestError):
    """An error with a code of the standard; `parameter` is what it is about."""

    def __init__(self, code: str, message: str, english: str, parameter: str = "") -> None:
        self.code = code
        super().__init__(message, english, parameter)


class Kvp:
    """The parameters of one request. Of a key that is given twice the first counts."""

    def __init__(self, request: Request) -> None:
        self._values: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            self._values.setdefault(name.upper(), value)

    def get(self, name: str, otherwise: str = "") -> str:
        """The value, or `otherwise` where there is none."""
        return self._values.get(name) or otherwise

    def need(self, name: str) -> str:
        """The value; ServiceError MissingParameterValue where there is none."""
        value = self.get(name)
        if not value:
            raise ServiceError("MissingParameterValue", f"{name} を指定してください。", f"{name} is missing.", name)
        return value

    def choice(self, name: str, table: Mapping[str, str], code: str) -> str:
        """The member of a table that the value names; ServiceError with `code` for any other."""
        value = self.need(name)
        if value not in table:
            raise ServiceError(
                code, f"{name} に「{value[:60]}」は使えません。", f"{name} cannot be {value[:60]!r}.", name
            )
        return table[value]


def _said(error: MachizuError) -> tuple[str, str, str, int]:
    """Code, text, locator and status."""
    status = kind_of(error).status
    if isinstance(error, ServiceError):
        return error.code, f"{error} {error.english}", error.parameter, 400
    if isinstance(error, RequestError):
        return "InvalidParameterValue", f"{error} {error.english}", error.parameter, status
    if isinstance(error, UnknownCollection):
        return "LayerNotDefined", str(error), "LAYER", 400
    if isinstance(error, UnknownEdition):
        return "InvalidDimensionValue", str(error), "TIME", status
    return "NoApplicableCode", str(error) if isinstance(error, Absent) else "", "", status


def wms_exception(error: MachizuError, version: str) -> Response:
    """A service exception report of WMS 1.1.1 or 1.3.0."""
    code, text, locator, status = _said(error)
    code = "" if code in ("NoApplicableCode", "InvalidParameterValue", "MissingParameterValue") else code
    named = f" code={quoteattr(code)}" if code else ""
    if version == "1.1.1":
        media, space = "application/vnd.ogc.se_xml", ""
    else:
        media, space = XML, ' xmlns="http://www.opengis.net/ogc"'
        named += f" locator={quoteattr(locator)}" if locator else ""
    body = f"<ServiceException{named}>{escape(_clean(text))}</ServiceException>"
    return _report(f'<ServiceExceptionReport version="{version}"{space}>{body}</ServiceExceptionReport>', media, status)


def ows_exception(error: MachizuError) -> Response:
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
    return _report(report, XML, status)


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return "".join(
        c if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF and ord(c) not in (0xFFFE, 0xFFFF) else "?"
        for c in text
    )


def _report(text: str, media_type: str, status: int) -> Response:
    content = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return Response(content, status, {"cache-control": "no-store"}, media_type)
