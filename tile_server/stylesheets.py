"""The styles of a collection as documents: MapLibre, QML, SLD, and the lists of OGC API – Styles (OGC 20-009)."""

from __future__ import annotations

from typing import Any

from gis_pipeline.cartography import maplibre_style
from gis_pipeline.catalog import Published
from gis_pipeline.errors import UnknownItem
from gis_pipeline.symbology import qml, sld
from tile_server import documents
from tile_server.archives import archive_name
from tile_server.provenance import provenance
from tile_server.respond import GEOJSON, HTML, JSON, Link, link
from tile_server.site import View

MAPBOX, SLD, QML = "application/vnd.mapbox.style+json", "application/vnd.ogc.sld+xml;version=1.1", "text/xml"
SHEETS = {"json": (MAPBOX, "MapLibre のスタイル"), "sld": (SLD, "SLD 1.1"), "qml": (QML, "QGIS のスタイル (QML)")}
"""Encodings by their ending: media type and title."""


def encodings(published: Published) -> tuple[str, ...]:
    """The endings in which the collection has a style: MapLibre needs tiles, the others a geometry."""
    tiled = archive_name(published) is not None
    drawn = published.declaration.geometry != "none"
    return ("json",) * tiled + ("sld", "qml") * drawn


def maplibre(view: View, published: Published) -> dict[str, Any]:
    """MapLibre style version 8 over the tiles of the edition; every address in it is absolute and answers."""
    name = archive_name(published)
    if name is None:
        raise UnknownItem(f"「{published.declaration.title}」にタイルはありません。")
    archive = view.site.archives.open(published.file(name))
    template = documents.tile_template(published.declaration.id, published.edition.id, archive.format)
    document: dict[str, Any] = maplibre_style(
        published.declaration,
        tiles_url=view.base + template,
        bounds=published.edition.bbox,
        min_zoom=archive.min_zoom,
        max_zoom=archive.max_zoom,
        attribution=documents.attribution_of(view, published),
        image=archive.format != "mvt",
    )
    for path in {"glyphs", "sprite"} & set(document):
        document[path] = view.base + document[path]
    document["metadata"] |= {f"machizu:{key}": value for key, value in provenance(view, published).items()}
    return document


def desktop(published: Published, ending: str) -> str:
    """The style for desktop programs: "qml" or "sld"."""
    if published.declaration.geometry == "none":
        raise UnknownItem(f"「{published.declaration.title}」には形がないので、スタイルはありません。")
    return qml(published.declaration) if ending == "qml" else sld(published.declaration)


def entry(view: View, published: Published) -> dict[str, Any]:
    """One style of OGC's list; its id is the collection's."""
    declaration = published.declaration
    return {"id": declaration.id, "title": declaration.title, "links": _links(view, published)}


def _links(view: View, published: Published) -> list[Link]:
    name = published.declaration.id
    links = [
        link(_sheet(view, name, ending), "stylesheet", SHEETS[ending][0], SHEETS[ending][1])
        for ending in encodings(published)
    ]
    links.append(link(view.url("api", "styles", name, "metadata", datetime=view.day), "describedby", JSON, "説明"))
    links.append(link(view.url("styles", f"{name}.html", datetime=view.day), "preview", HTML, "凡例"))
    return links


def _sheet(view: View, style_id: str, ending: str) -> str:
    return view.url("api", "styles", style_id, datetime=view.day, f=ending)


def metadata(view: View, published: Published) -> dict[str, Any]:
    """What the style is, whose it is and what it draws (OGC 20-009, style metadata)."""
    declaration = published.declaration
    return {
        "id": declaration.id,
        "title": declaration.title,
        "description": declaration.description,
        "keywords": [text for text in (declaration.theme,) if text],
        "pointOfContact": declaration.authority or view.service.name,
        "license": declaration.licence,
        "scope": "style",
        "version": published.edition.id,
        "stylesheets": [
            {
                "title": SHEETS[ending][1],
                "native": ending == "json",
                "link": link(_sheet(view, declaration.id, ending), "stylesheet", SHEETS[ending][0]),
            }
            for ending in encodings(published)
        ],
        "layers": [
            {
                "id": declaration.id,
                "type": {"polygon": "polygon", "line": "line", "point": "point"}.get(declaration.geometry, "geometry"),
                "sampleData": link(
                    view.url("api", "collections", declaration.id, "items", datetime=view.day, f="json"),
                    "items",
                    GEOJSON,
                ),
            }
        ],
        "provenance": provenance(view, published),
    }
