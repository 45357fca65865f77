"""STAC 1.1 catalogue: collections, their editions as items, and the sheets of scans, each file with its checksum."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import orjson
import shapely

from gis_pipeline.catalog import Published
from gis_pipeline.crs import output_crs
from gis_pipeline.errors import UnknownEdition, UnknownItem, Withdrawn
from gis_pipeline.model import Asset, BBox, CollectionEntry
from tile_server import documents
from tile_server.archives import archive_name
from tile_server.params import Interval
from tile_server.provenance import provenance
from tile_server.respond import GEOJSON, HTML, JSON, Link, link
from tile_server.site import View

VERSION = "1.1.0"
EXTENSIONS = [
    "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
]
_ITEM = re.compile(r"(?P<edition>[0-9]{4}-[0-9]{2}-[0-9]{2}(?:\.[0-9]{1,4})?)(?:_(?P<sheet>.{1,60}))?")
_LONLAT = {"geojson"}
_MERCATOR = {"pmtiles", "image_pmtiles"}

When = dt.date | Interval | None


def editions(view: View, collection_id: str, when: When) -> tuple[Published, ...]:
    """The editions in force at the moment or in the interval asked for, oldest first; all of them without one."""
    if isinstance(when, Interval):
        return view.snapshot.in_interval(collection_id, when.start, when.end)
    if when is not None:
        return (view.published(collection_id, when),)
    return view.snapshot.in_interval(collection_id, None, None)


def offered(view: View, entry: CollectionEntry, when: When) -> tuple[Published, ...]:
    """As `editions`; none where there was nothing, or what there was is withdrawn."""
    try:
        return editions(view, entry.declaration.id, when)
    except (UnknownEdition, Withdrawn):
        return ()


# ------------------------------------------------------------------ catalogue and collections


def catalogue(view: View, when: When, asked: str | None) -> dict[str, Any]:
    """The root: one child per collection that has something to show. `asked` is the `datetime` as it was written."""
    title = documents.title_of(view.service)
    children = [
        link(
            view.url("api", "stac", "collections", entry.declaration.id, datetime=asked),
            "child",
            JSON,
            entry.declaration.title,
        )
        for entry in view.snapshot.collections()
        if offered(view, entry, when)
    ]
    return {
        "type": "Catalog",
        "stac_version": VERSION,
        "id": f"machizu-{view.service.code}",
        "title": title,
        "description": f"{title}。{view.service.disclaimer}",
        "links": [
            link(view.url("api", "stac", datetime=asked), "self", JSON),
            link(view.url("api", "stac"), "root", JSON, title),
            *children,
        ],
    }


def collection(view: View, entry: CollectionEntry, when: When, asked: str | None) -> dict[str, Any]:
    """One collection with its editions; raises what `editions` raises, and UnknownEdition if there is none."""
    declaration = entry.declaration
    found = editions(view, declaration.id, when)
    if not found:
        raise UnknownEdition(f"「{declaration.title}」はその時点のデータがありません（データ無し）。")
    newest = found[-1]
    return {
        "type": "Collection",
        "stac_version": VERSION,
        "stac_extensions": EXTENSIONS,
        "id": declaration.id,
        "title": declaration.title,
        "description": declaration.description or declaration.title,
        "keywords": [text for text in (declaration.theme, declaration.title, view.service.name) if text],
        "license": declaration.licence or "other",
        "providers": _providers(view, newest),
        "extent": {
            "spatial": {"bbox": [documents.numbers(box) for box in [_union(found)] if box] or [[-180, -90, 180, 90]]},
            "temporal": {"interval": [[documents.instant_text(found[0].edition.takes_effect), None]]},
        },
        "summaries": {"machizu:provenance": [provenance(view, newest)]},
        "links": [
            link(view.url("api", "stac", "collections", declaration.id, datetime=asked), "self", JSON),
            *_upwards(view),
            link(view.url("api", "collections", declaration.id, f="html"), "about", HTML, declaration.title),
            *(link for published in found for link in _items(view, published)),
        ],
    }


def _union(found: tuple[Published, ...]) -> BBox | None:
    boxes = [published.edition.bbox for published in found if published.edition.bbox is not None]
    if not boxes:
        return None
    west, south = min(box.west for box in boxes), min(box.south for box in boxes)
    return BBox(west=west, south=south, east=max(box.east for box in boxes), north=max(box.north for box in boxes))


def _upwards(view: View) -> list[Link]:
    title = documents.title_of(view.service)
    return [link(view.url("api", "stac"), rel, JSON, title) for rel in ("root", "parent")]


def _providers(view: View, published: Published) -> list[dict[str, Any]]:
    authority = published.declaration.authority or view.service.name
    producer: dict[str, Any] = {"name": authority, "roles": ["producer", "licensor"]}
    return [producer, {"name": view.service.name, "roles": ["host"], "url": view.base + "/"}]


def _items(view: View, published: Published) -> list[Link]:
    at = ("api", "stac", "collections", published.declaration.id, "items")
    title = f"{published.declaration.title} {published.edition.id} 版"
    links = [link(view.url(*at, published.edition.id), "item", GEOJSON, title)]
    if published.declaration.downloadable:
        links += [
            link(view.url(*at, f"{published.edition.id}_{code}"), "item", GEOJSON, f"{title} {code}")
            for code in _sheets(published)
        ]
    return links


def _sheets(published: Published) -> dict[str, Asset]:
    """The published masters by sheet code."""
    return {
        asset.name.rpartition("/")[2].rpartition(".")[0]: asset
        for asset in published.edition.assets
        if asset.output == "cog"
    }


# ------------------------------------------------------------------ items


def item(view: View, collection_id: str, item_id: str) -> dict[str, Any]:
    """An edition (`2026-04-01`) or one of its sheets (`2026-04-01_09KC971`); UnknownItem, UnknownEdition, Withdrawn."""
    asked = _ITEM.fullmatch(item_id)
    if asked is None:
        raise UnknownItem("項目の名前は版（2026-04-01）か、版と図郭（2026-04-01_09KC971）です。")
    published = view.snapshot.edition(collection_id, edition_id=asked["edition"])
    return _edition(view, published) if asked["sheet"] is None else _sheet(view, published, asked["sheet"])


def _edition(view: View, published: Published) -> dict[str, Any]:
    edition = published.edition
    box = edition.bbox
    files = [asset for asset in edition.assets if asset.act != "screen" and asset.output != "cog"]
    assets = {asset.name: _asset(view, published, asset) for asset in files} if _downloadable(published) else {}
    if archive_name(published) is not None and published.entry.state == "live":
        day = edition.takes_effect.isoformat()
        href = view.url("tiles", f"{published.declaration.id}.json", datetime=day)
        assets["tiles"] = {"href": href, "type": JSON, "title": "タイル (TileJSON)", "roles": ["tiles"]}
    shape = None if box is None else shapely.box(box.west, box.south, box.east, box.north)
    return _feature(view, published, edition.id, f"{published.declaration.title} {edition.id} 版", shape, assets)


def _downloadable(published: Published) -> bool:
    return published.declaration.downloadable


def _sheet(view: View, published: Published, code: str) -> dict[str, Any]:
    asset = _sheets(published).get(code) if _downloadable(published) else None
    if asset is None:
        raise UnknownItem(f"「{published.declaration.title}」{published.edition.id} 版にその図郭はありません。")
    store = view.site.stores.open(published.file("store.sqlite"))
    features = (orjson.loads(stored.geojson) for stored in store.read(range(1, store.count + 1)))
    found = next((one for one in features if one["properties"].get("sheet") == code), None)
    if found is None or found["geometry"] is None:
        raise UnknownItem(f"「{published.declaration.title}」{published.edition.id} 版にその図郭はありません。")
    shape = shapely.geometry.shape(found["geometry"])
    title = f"{published.declaration.title} {code} {published.edition.id} 版"
    assets = {"image": _asset(view, published, asset)}
    made = _feature(view, published, f"{published.edition.id}_{code}", title, shape, assets)
    made["properties"] |= {
        f"machizu:{name}": value for name, value in found["properties"].items() if name != "fid" and value is not None
    }
    return made


def _feature(
    view: View,
    published: Published,
    item_id: str,
    title: str,
    shape: shapely.Geometry | None,
    assets: dict[str, Any],
) -> dict[str, Any]:
    edition, collection_id = published.edition, published.declaration.id
    at = ("api", "stac", "collections", collection_id)
    document: dict[str, Any] = {
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": EXTENSIONS,
        "id": item_id,
        "collection": collection_id,
        "geometry": None if shape is None else orjson.loads(shapely.to_geojson(shape)),
        "properties": {
            "title": title,
            "description": published.declaration.description or title,
            "datetime": documents.instant_text(edition.takes_effect),
            "created": edition.built_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "license": published.declaration.licence or "other",
            "providers": _providers(view, published),
            "proj:code": edition.frame,
        }
        | {f"machizu:{key}": value for key, value in provenance(view, published).items()},
        "links": [
            link(view.url(*at, "items", item_id), "self", GEOJSON),
            link(view.url("api", "stac"), "root", JSON),
            link(view.url(*at), "parent", JSON),
            link(view.url(*at), "collection", JSON),
        ],
        "assets": assets,
    }
    if shape is not None:
        document["bbox"] = [float(number) for number in shapely.bounds(shape)]
    return document


def _asset(view: View, published: Published, asset: Asset) -> dict[str, Any]:
    """One published file. The checksum is a multihash: 0x12 (SHA-2 256), 0x20 (32 bytes), the digest."""
    frame = output_crs(view.service.crs)[-1].uri.rpartition("/")[2]
    code = 4326 if asset.output in _LONLAT else 3857 if asset.output in _MERCATOR else frame
    return {
        "href": view.url("files", published.declaration.id, published.edition.id, *asset.name.split("/")),
        "type": asset.media_type,
        "title": view.site.output_titles.get(asset.output, asset.name),
        "roles": ["data"],
        "proj:code": f"EPSG:{code}",
        "file:size": asset.size,
        "file:checksum": f"1220{asset.sha256}",
    }
