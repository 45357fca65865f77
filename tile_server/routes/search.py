"""/search: find a place by 大字・番地・路線番号・路線名・図郭番号."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from tile_server import documents
from tile_server.errors import RequestError
from tile_server.numbers import at_most
from tile_server.openapi import described
from tile_server.params import Instant
from tile_server.respond import JSON, reply_json
from tile_server.site import Asked

router = APIRouter()

LONGEST = 100
MOST = 100


@router.get("/search", **described("search", JSON, summary="場所をさがす"))
def search(
    view: Asked,
    request: Request,
    on: Instant,
    q: Annotated[str | None, Query(description="ことば")] = None,
    limit: Annotated[str | None, Query(description="最大の件数")] = None,
) -> Response:
    """Plain substring match over folded words: spellings of dashes, kana and numerals do not matter.

    With `datetime` the places of that day are searched.
    """
    if q is None:
        raise RequestError("q にことばを書いてください。", "q is needed.", "q")
    if len(q) > LONGEST:
        raise RequestError(f"q は {LONGEST} 文字までです。", f"q has at most {LONGEST} characters.", "q")
    count = 20 if limit is None else at_most(limit, "limit", MOST)
    results = view.site.search.find(q, documents.current_editions(view.at(on)), count)
    return reply_json(view, request, {"query": q, "results": results})
