"""What a route asks for by type: query and path parameters, parsed strictly.

Dependencies are `async`, although they wait for nothing: FastAPI sends a plain function to a thread, which costs more
than what any of them does.

Anything that is not exactly of the documented form is a RequestError (400) that names the parameter. How the same
parameters stand in the API definition is said in `tile_server.openapi`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Path, Query
from fastapi.dependencies.models import Dependant
from starlette.requests import Request

from gis_pipeline.model import JST
from tile_server.errors import Nowhere, RequestError
from tile_server.numbers import at_most, whole
from tile_server.site import Asked, site_of

CollectionId = Annotated[str, Path(alias="collectionId", description="地図の id")]
FeatureId = Annotated[str, Path(alias="featureId", description="地物の id")]
TileMatrixSetId = Annotated[str, Path(alias="tileMatrixSetId", description="タイル行列集合の id")]
TileMatrix = Annotated[str, Path(alias="tileMatrix", description="ズームレベル")]
TileRow = Annotated[str, Path(alias="tileRow", description="北から数えた行")]
TileCol = Annotated[str, Path(alias="tileCol", description="西から数えた列")]

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)

_DURATION = re.compile(
    r"P(?=[0-9T])(?:([0-9]{1,4})Y)?(?:([0-9]{1,5})M)?(?:([0-9]{1,5})W)?(?:([0-9]{1,6})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,6})H)?(?:([0-9]{1,7})M)?(?:([0-9]{1,8})S)?)?"
)

# ------------------------------------------------------------------ unknown parameters


ANY = frozenset({"*"})
"""The parameters of an endpoint that judges its query itself."""


def accepted_parameters(dependant: Dependant) -> frozenset[str] | None:
    """The query parameters of an endpoint and its dependencies; None if `property_filters` judges the rest, or ANY."""
    names = {field.alias for field in dependant.query_params}
    for inner in dependant.dependencies:
        if inner.call is any_parameters:
            return ANY
        if inner.call is property_filters:
            return None
        deeper = accepted_parameters(inner)
        if deeper is None:
            return None
        names |= deeper
    return frozenset(names)


async def any_parameters() -> None:
    """Marks a path whose standard has unknown parameters ignored and errors told in XML (WMS 1.3.0, 6.8; OWS 1.1)."""


def only_known_parameters(request: Request) -> None:
    """400 for a query parameter that the path does not know or that is given twice (OGC 17-069r4, 7.6)."""
    endpoint: Callable[..., Any] = request.scope["endpoint"]
    known = site_of(request).parameters.get(endpoint)
    if known is ANY:
        return
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if known is not None and name not in known:
            raise unknown_parameter(name)
        if name in seen:
            raise RequestError(f"「{name[:60]}」が二度書かれています。", f"{name[:60]!r} is given twice.", name[:60])
        seen.add(name)


def unknown_parameter(name: str) -> RequestError:
    """The error for a query parameter that the path does not know."""
    shown = name[:60]
    return RequestError(f"「{shown}」という指定は使えません。", f"Unknown query parameter {shown!r}.", shown)


# ------------------------------------------------------------------ paging


@dataclass(frozen=True)
class Paging:
    """Which part of a list: `limit` features after the first `offset`."""

    limit: int
    offset: int


async def paging(
    view: Asked,
    limit: Annotated[str | None, Query(description="一度に返す件数")] = None,
    offset: Annotated[str | None, Query(description="先頭から読み飛ばす件数")] = None,
) -> Paging:
    """`limit` beyond the maximum is clamped (OGC 17-069r4, fc-limit-response); a huge `offset` is refused."""
    settings = view.site.settings
    count = min(settings.default_limit, settings.max_limit)
    if limit is not None:
        count = at_most(limit, "limit", settings.max_limit)
    return Paging(count, 0 if offset is None else whole(offset, "offset", 0, settings.max_offset))


# ------------------------------------------------------------------ time


@dataclass(frozen=True)
class Interval:
    """Days from `start` to `end`, both included; None is open."""

    start: dt.date | None
    end: dt.date | None


def _bad_datetime() -> RequestError:
    return RequestError(
        "datetime は 2026-04-01 か 2026-04-01/2027-03-31 のように書いてください（片側は .. で開けます）。",
        "datetime must be an RFC 3339 date or date-time, or an interval of two, either of which may be '..'.",
        "datetime",
    )


def _day(text: str) -> dt.date:
    """A day, or the day in Asia/Tokyo of an instant."""
    try:
        if _DATE.fullmatch(text):
            return dt.date.fromisoformat(text)
        if _DATE_TIME.fullmatch(text):
            whole_seconds = text.upper().replace(":60", ":59")  # a leap second (RFC 3339, 5.7) is still that day
            return dt.datetime.fromisoformat(whole_seconds).astimezone(JST).date()
    except OverflowError:
        return dt.date.min if text.startswith("0001") else dt.date.max
    except ValueError as error:
        raise _bad_datetime() from error
    raise _bad_datetime()


def _after(start: dt.date, duration: str) -> dt.date:
    """The last day of a period that begins on `start` (RFC 3339, appendix A: 2026-04-01/P1M)."""
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise _bad_datetime()
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    month = start.month - 1 + months
    first = dt.timedelta(days=start.day - 1 + 7 * weeks + days, hours=hours, minutes=minutes, seconds=seconds)
    try:
        return dt.date(start.year + years + month // 12, month % 12 + 1, 1) + first
    except (ValueError, OverflowError):
        return dt.date.max


def parse_datetime(text: str) -> dt.date | Interval:
    """OGC's datetime: an instant, or a half-bounded or bounded interval, which a duration may end."""
    parts = text.split("/")
    if len(parts) == 1:
        return _day(text)
    if len(parts) != 2:
        raise _bad_datetime()
    start = None if parts[0] in ("", "..") else _day(parts[0])
    if start is not None and parts[1].startswith("P"):
        return Interval(start, _after(start, parts[1]))
    end = None if parts[1] in ("", "..") else _day(parts[1])
    if start is not None and end is not None and start > end:
        raise Nowhere("datetime の期間が逆です。", "datetime: the interval ends before it starts.", "datetime")
    return Interval(start, end)


def parse_instant(text: str) -> dt.date:
    """As `parse_datetime`, but an interval is refused: tiles and styles show the state of one day."""
    moment = parse_datetime(text)
    if isinstance(moment, Interval):
        raise RequestError(
            "ここでは datetime に期間を指定できません。一つの日を指定してください。",
            "An interval is not possible here: give one instant.",
            "datetime",
        )
    return moment


_DATETIME = Query(alias="datetime", description="その日に効力のある版（既定は今日）")


async def moment(text: Annotated[str | None, _DATETIME] = None) -> dt.date | Interval | None:
    """The `datetime` of a list of features."""
    return None if text is None else parse_datetime(text)


async def instant(text: Annotated[str | None, _DATETIME] = None) -> dt.date | None:
    """The `datetime` of everything that shows one state."""
    return None if text is None else parse_instant(text)


# ------------------------------------------------------------------ property filters

RESERVED = frozenset(
    {"bbox", "bbox-crs", "crs", "datetime", "f", "limit", "offset"}
    | {"filter", "filter-lang", "filter-crs", "sortby", "properties", "skipGeometry"}
)
"""What `items` means itself; a field of such a name can be asked for in `filter` only."""


async def property_filters(view: Asked, request: Request, collection_id: CollectionId) -> tuple[tuple[str, str], ...]:
    """`field=value` for the collection's own fields (OGC 17-069r4, 7.15.5); any other name is a 400."""
    declaration = view.snapshot.collection(collection_id).declaration
    allowed = set(declaration.fields) | ({f"{declaration.class_field}_name"} if declaration.class_field else set())
    found: list[tuple[str, str]] = []
    for name, value in request.query_params.multi_items():
        if name in RESERVED:
            continue
        if name not in allowed:
            raise unknown_parameter(name)
        if len(value) > 500:
            raise RequestError(f"「{name}」の値が長すぎます。", f"The value of {name} is too long.", name)
        found.append((name, value))
    return tuple(found)


Page = Annotated[Paging, Depends(paging)]
Moment = Annotated[dt.date | Interval | None, Depends(moment)]
Instant = Annotated[dt.date | None, Depends(instant)]
Filters = Annotated[tuple[tuple[str, str], ...], Depends(property_filters)]
