"""What the service says about its collections: one builder per document, over one request's `View`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from gis_pipeline.cartography import legend
from gis_pipeline.catalog import Published
from gis_pipeline.crs import frame_crs, label, output_crs
from gis_pipeline.model import JST, Asset, BBox, Collection, CollectionEntry, Service
from tile_server.archives import archive_name
from tile_server.exports import MEDIA_TYPES, applies
from tile_server.making import offered
from tile_server.respond import GEOJSON, HTML, JSON, Form, Link, both_forms, link
from tile_server.site import View
from tile_server.window import around_in

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
TMS = "WebMercatorQuad"
TMS_URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
SCHEMA_JSON = "application/schema+json"

MANY_SHEETS = 30
"""Up to so many sheets a collection lists each one as a download; beyond, each sheet's own item links to it."""


def numbers(box: BBox) -> list[float]:
    """west, south, east, north in degrees."""
    return [box.west, box.south, box.east, box.north]


def service_document(view: View) -> dict[str, Any]:
    """The town, its terms and whom to ask, for the viewer and the pages."""
    service, box = view.service, extent_of(current_editions(view))
    return {
        "name": service.name,
        "code": service.code,
        "title": title_of(service),
        "fictional": service.fictional,
        "disclaimer": service.disclaimer,
        "terms": service.terms,
        "attribution": service.attribution,
        "baseMaps": list(service.base_maps),
        "contacts": [contact.model_dump() for contact in service.contacts],
        "crs": label(frame_crs(service.crs)),
        "bbox": numbers(box) if box else None,
        "release": view.snapshot.release.number,
        "candidate": view.candidate,
    }


def title_of(service: Service) -> str:
    """The title of the service."""
    return service.title or f"{service.name}の地図"


def current_editions(view: View) -> list[Published]:
    """What is in force today, in the order of the release."""
    found = (view.current(entry)[0] for entry in view.snapshot.collections())
    return [published for published in found if published is not None]


def extent_of(listed: Iterable[Published]) -> BBox | None:
    """The box around all of them; None if none has a place."""
    boxes = [published.edition.bbox for published in listed if published.edition.bbox is not None]
    if not boxes:
        return None
    return BBox(
        west=min(box.west for box in boxes),
        south=min(box.south for box in boxes),
        east=max(box.east for box in boxes),
        north=max(box.north for box in boxes),
    )


def attribution_of(view: View, published: Published) -> str:
    """Whose map it is, with the sentences its permissions ask for."""
    declared = published.declaration.attribution or view.service.attribution
    return "。".join(text.rstrip("。") for text in (declared, *published.notices) if text)


def instant_text(day: dt.date) -> str:
    """The beginning of a day in Asia/Tokyo as an RFC 3339 instant in UTC."""
    start = dt.datetime.combine(day, dt.time.min, JST)
    return start.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def collection_document(view: View, entry: CollectionEntry, form: Form = "json") -> dict[str, Any]:
    """OGC's collection object with what the viewer and the pages need beside it."""
    declaration = entry.declaration
    published, reason = view.current(entry)
    document: dict[str, Any] = {
        "id": declaration.id,
        "title": declaration.title,
        "description": declaration.description,
        "itemType": "feature",
        "crs": [crs.uri for crs in output_crs(view.service.crs)],
        "storageCrs": output_crs(view.service.crs)[-1].uri,
        "extent": extent(view, [entry], [published] if published is not None else []),
        "links": _links(view, entry, published, form),
    }
    return document | _presentation(view, entry, published, reason)


def extent(view: View, entries: Iterable[CollectionEntry], listed: Iterable[Published]) -> dict[str, Any]:
    """When: from the first edition to today, or to the last one announced; where: in degrees, and in the town frame.

    Nobody knows what applies tomorrow, and OGC's executable suite cannot read an interval without an end.
    """
    began = [edition.takes_effect for entry in entries for edition in entry.editions if edition.state == "live"]
    found: dict[str, Any] = {}
    if began:
        known = dt.datetime.combine(max(view.today, *began), dt.time(23, 59, 59), JST).astimezone(dt.UTC)
        found["temporal"] = {
            "interval": [[instant_text(min(began)), known.strftime("%Y-%m-%dT%H:%M:%SZ")]],
            "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
        }
    box = extent_of(listed)
    if box is not None:
        town = output_crs(view.service.crs)[-1]
        west, south, east, north = (round(edge, 3) for edge in around_in(box, town))
        own = [south, west, north, east] if town.northing_first else [west, south, east, north]
        found["spatial"] = {"bbox": [numbers(box)], "crs": CRS84, "storageCrsBbox": [own]}
    return found


def _links(view: View, entry: CollectionEntry, published: Published | None, form: Form) -> list[Link]:
    at = ("api", "collections", entry.declaration.id)
    links = both_forms(view, form, *at, datetime=view.day)
    links += [
        link(view.url(*at, name, datetime=view.day), REL + name, SCHEMA_JSON, title)
        for name, title in (
            ("queryables", "検索に使える属性"),
            ("sortables", "並べ替えに使える属性"),
            ("schema", "属性の説明"),
        )
    ]
    if published is None:
        return links
    if view.before(published) is not None:
        links.append(link(view.url(*at, "changes", datetime=view.day, f="html"), "related", HTML, "前の版からの変更"))
    links.append(link(view.url(*at, "items", datetime=view.day, f="json"), "items", GEOJSON, "地物 (GeoJSON)"))
    links.append(link(view.url(*at, "items", datetime=view.day, f="html"), "items", HTML, "地物 (HTML)"))
    links += [
        link(view.url(*at, "items", datetime=view.day, f=name), "items", kind, f"地物 ({name})")
        for name, kind in MEDIA_TYPES.items()
        if applies(published.declaration, name)
    ]
    if published.declaration.geometry != "none":
        links.append(link(view.url(*at, "styles", datetime=view.day, f="json"), REL + "styles", JSON, "スタイル"))
        links.append(link(view.url(*at, "map", datetime=view.day, f="png"), REL + "map", "image/png", "画像"))
    if published.edition.asset_of("pmtiles") is not None:
        links.append(
            link(view.url(*at, "tiles", datetime=view.day, f="json"), REL + "tilesets-vector", JSON, "ベクトルタイル")
        )
    if archive_name(published) is not None:
        links.append(
            link(view.url(*at, "map", "tiles", datetime=view.day, f="json"), REL + "tilesets-map", JSON, "画像タイル")
        )
    links += [
        link(item["href"], "enclosure", item["mediaType"], item["title"], length=item["size"])
        for item in downloads(view, published)
    ]
    return links


def _presentation(view: View, entry: CollectionEntry, published: Published | None, reason: str) -> dict[str, Any]:
    declaration = entry.declaration
    edition = None if published is None else published.edition
    return {
        "theme": declaration.theme,
        "role": declaration.role,
        "geometry": declaration.geometry,
        "status": declaration.status,
        "authority": declaration.authority,
        "legalBasis": declaration.legal_basis,
        "document": declaration.document,
        "licence": declaration.licence,
        "permission": declaration.permission,
        "attribution": declaration.attribution or view.service.attribution,
        "notices": list(published.notices) if published else list(declaration.notices),
        "mapLevel": declaration.map_level if edition is None else edition.map_level,
        "accuracyM": declaration.tolerance_m if edition is None else edition.accuracy_m,
        "label": declaration.label,
        "zooms": list(declaration.zooms if edition is None else edition.zooms),
        "legend": [member.model_dump() for member in legend(declaration)],
        "fields": fields(declaration),
        "edition": None
        if edition is None
        else {
            "id": edition.id,
            "takesEffect": edition.takes_effect.isoformat(),
            "title": edition.title,
            "noticeNumber": edition.notice_number,
            "noticeDate": edition.notice_date.isoformat() if edition.notice_date else None,
        },
        "withdrawn": reason or None,
        "editions": [{"id": known.id, "state": known.state} for known in entry.editions],
        "tiles": tiles(view, published),
        "downloads": downloads(view, published) if published else [],
        "exports": exports(view, published) if published else [],
    }


def fields(declaration: Collection) -> list[dict[str, str]]:
    """The published attributes in declared order; a class field is followed by its name."""
    listed: list[dict[str, str]] = []
    for name, field in declaration.fields.items():
        listed.append({"name": name, "title": field.title, "unit": field.unit, "type": field.type})
        if field.type == "class":
            listed.append({"name": f"{name}_name", "title": f"{field.title}（名称）", "unit": "", "type": "text"})
    return listed


def labelled(declaration: Collection, properties: dict[str, Any]) -> list[dict[str, Any]]:
    """A feature's attributes as people read them: Japanese title, value and unit; a class by its name."""
    rows: list[dict[str, Any]] = []
    for name, field in declaration.fields.items():
        value = properties.get(name)
        if field.type == "class":
            value = properties.get(f"{name}_name") or value
        rows.append({"name": name, "title": field.title, "value": value, "unit": field.unit})
    return rows


def tiles(view: View, published: Published | None) -> dict[str, str]:
    """Where the tiles of the edition in force are: immutable addresses, the placeholders left in."""
    name = None if published is None else archive_name(published)
    if published is None or name is None:
        return {"kind": "none", "url": ""}
    image = name.startswith("image")
    extension = image_format(view, published) if image else "mvt"
    return {
        "kind": "image" if image else "vector",
        "url": tile_template(published.declaration.id, published.edition.id, extension),
    }


def image_format(view: View, published: Published) -> str:
    """The format in which the edition's picture tiles are stored."""
    name = published.edition.asset_of("image_pmtiles")
    return "webp" if name is None else view.site.archives.open(published.file(name.name)).format


def tile_template(collection_id: str, edition_id: str, extension: str) -> str:
    """The XYZ address below the service, with {z}, {x}, {y}."""
    return f"/tiles/{collection_id}@{edition_id}/{{z}}/{{x}}/{{y}}.{extension}"


def downloads(view: View, published: Published) -> list[dict[str, Any]]:
    """The files a person may take away; none for a collection that is for viewing only."""
    if not published.declaration.downloadable:
        return []
    offered = [asset for asset in published.edition.assets if asset.act != "screen"]
    sheets = [asset for asset in offered if asset.output == "cog"]
    if len(sheets) > MANY_SHEETS:
        offered = [asset for asset in offered if asset.output != "cog"]
    return [
        {
            "title": _asset_title(view, asset),
            "href": download_url(view, published, asset),
            "mediaType": asset.media_type,
            "size": asset.size,
        }
        for asset in offered
    ]


def exports(view: View, published: Published) -> list[dict[str, str]]:
    """The formats in which the edition, or a part of it (`bbox`, `area`, `sheet`, `route`), is written on request.

    `frames` says which CRS (`crs=`) the format can carry: any, lonlat, or town.
    """
    collection_id = published.declaration.id
    return [
        {
            "title": member.TITLE,
            "url": view.url("download", f"{collection_id}.{suffix}"),
            "mediaType": member.MEDIA_TYPE,
            "frames": member.FRAMES,
        }
        for suffix, member in offered(published).items()
    ]


def _asset_title(view: View, asset: Asset) -> str:
    title = view.site.output_titles.get(asset.output, asset.name)
    return f"{title} {asset.name.rpartition('/')[2].rpartition('.')[0]}" if "/" in asset.name else title


def download_url(view: View, published: Published, asset: Asset) -> str:
    """The address of one published file: stable where it says "latest", immutable where it names the edition."""
    collection_id = published.declaration.id
    if "/" in asset.name or asset.output == "image_pmtiles":
        return view.url("files", collection_id, published.edition.id, *asset.name.split("/"))
    return view.url("download", f"{collection_id}.{asset.name.partition('.')[2]}", datetime=view.day)
