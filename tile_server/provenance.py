"""Where a map comes from and how sure it is: the same words with tiles, styles and the catalogue."""

from __future__ import annotations

from typing import Any

from gis_pipeline.catalog import Published
from tile_server import documents
from tile_server.site import View


def provenance(view: View, published: Published) -> dict[str, Any]:
    """Edition and its day, who decides, map level, positional accuracy (standard deviation in metres), terms."""
    declaration, edition = published.declaration, published.edition
    return {
        "edition": edition.id,
        "takesEffect": edition.takes_effect.isoformat(),
        "noticeNumber": edition.notice_number,
        "source": declaration.attribution or view.service.attribution or declaration.authority or view.service.name,
        "authority": declaration.authority,
        "legalBasis": declaration.legal_basis,
        "status": declaration.status,
        "mapLevel": edition.map_level,
        "accuracyM": edition.accuracy_m,
        "attribution": documents.attribution_of(view, published),
        "notices": list(published.notices),
        "licence": declaration.licence,
        "permission": declaration.permission or "閲覧のみ",
        "disclaimer": view.service.disclaimer,
        "fictional": view.service.fictional,
    }
