"""What changed, for people and programs: each difference of two editions as a GeoJSON feature, a row, a feed entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import geopandas as gpd
import orjson
import shapely

from gis_pipeline.cartography import label_text
from gis_pipeline.catalog import Published
from gis_pipeline.changes import Difference, Movement
from gis_pipeline.model import Collection
from gis_pipeline.outputs._geojson import lonlat
from tile_server import documents
from tile_server.comparing import Comparison, Counts
from tile_server.feeds import Entry
from tile_server.site import View

KINDS = {"added": "追加", "removed": "削除", "changed": "変更"}


@dataclass(frozen=True)
class Row:
    """One difference as a person reads it. `lines` say what changed, a sentence each."""

    number: int
    kind: str
    name: str
    lines: tuple[str, ...]
    href: str
    map_href: str


def edition_document(published: Published) -> dict[str, Any]:
    """Which edition one side is."""
    edition = published.edition
    return {
        "id": edition.id,
        "takesEffect": edition.takes_effect.isoformat(),
        "title": edition.title,
        "noticeNumber": edition.notice_number,
        "noticeDate": edition.notice_date.isoformat() if edition.notice_date else None,
        "count": edition.count,
        "mapLevel": edition.map_level,
        "accuracyM": edition.accuracy_m,
    }


def counts_document(counts: Counts) -> dict[str, Any]:
    """How many of each kind; areas in square metres."""
    return {
        "added": counts.added,
        "removed": counts.removed,
        "changed": counts.changed,
        "moved": counts.moved,
        "area_m2": round(counts.area_m2, 2),
    }


def counts_text(counts: Counts) -> str:
    """追加 1 件・削除 0 件・属性の変更 3 件・形の変更 2 件（120.50 m²）."""
    text = (
        f"追加 {counts.added} 件・削除 {counts.removed} 件・属性の変更 {counts.changed} 件・形の変更 {counts.moved} 件"
    )
    return text + (f"（{counts.area_m2:,.2f} m²）" if counts.area_m2 else "")


def feature_texts(view: View, comparison: Comparison, numbers: Sequence[int]) -> list[bytes]:
    """Each difference as a GeoJSON Feature in longitude/latitude (nine decimals); the geometry is what changed.

    A collection that is for viewing only hands out attributes and sizes, not coordinates.
    """
    geometry: Sequence[str | None] = [None] * len(numbers)
    if comparison.after.declaration.downloadable:
        town = gpd.GeoSeries([comparison.town[n] for n in numbers])
        geometry = shapely.to_geojson(lonlat(town, comparison.after.edition.frame)).tolist() if len(numbers) else []
    return [
        orjson.dumps(
            {
                "type": "Feature",
                "id": f"{difference.kind}:{difference.fid}",
                "geometry": None if text is None else orjson.Fragment(text),
                "properties": _properties(comparison.after.declaration, difference),
            }
        )
        for text, difference in zip(geometry, (comparison.differences[n] for n in numbers), strict=True)
    ]


def _properties(declaration: Collection, difference: Difference) -> dict[str, Any]:
    titles = {field["name"]: field for field in documents.fields(declaration)}
    unnamed = {"title": "", "unit": ""}
    movement = difference.movement
    return {
        "change": difference.kind,
        "changeTitle": KINDS[difference.kind],
        "feature": difference.fid,
        "featureBefore": difference.fid_before,
        "name": name_of(declaration, difference.after or difference.before, difference.fid),
        "attributesChanged": bool(difference.fields),
        "moved": movement is not None,
        "movedArea_m2": _rounded(movement, "area_m2"),
        "lengthChange_m": _rounded(movement, "length_m"),
        "hausdorff_m": _rounded(movement, "hausdorff_m"),
        "distance_m": _rounded(movement, "distance_m"),
        "changes": [
            {
                "name": change.name,
                "title": titles.get(change.name, unnamed)["title"] or change.name,
                "unit": titles.get(change.name, unnamed)["unit"],
                "before": change.before,
                "after": change.after,
            }
            for change in difference.fields
        ],
        "before": dict(difference.before) or None,
        "after": dict(difference.after) or None,
    }


def _rounded(movement: Movement | None, name: str) -> float | None:
    value = None if movement is None else getattr(movement, name)
    return None if value is None else round(value, 3)


def name_of(declaration: Collection, properties: Mapping[str, Any], fid: str) -> str:
    """What a person calls a feature: what it can be searched by, its class or its label; else its id."""
    parts = [properties.get(name) for name in declaration.search]
    if declaration.class_field is not None:
        parts = [properties.get(f"{declaration.class_field}_name"), *parts]
    words = " ".join(dict.fromkeys(str(part) for part in parts if part not in (None, "")))
    return words or label_text(declaration, properties) or fid


def lines_of(declaration: Collection, difference: Difference) -> tuple[str, ...]:
    """What changed, a line each: 建蔽率: 50 % → 60 %. A class is told by its name, not also by its code."""
    if difference.kind != "changed":
        listed = documents.labelled(declaration, dict(difference.after or difference.before))
        return tuple(
            f"{row['title']}: {_value(row['value'], row['unit'])}" for row in listed if row["value"] is not None
        )
    titles = {field["name"]: field for field in documents.fields(declaration)}
    named = {change.name for change in difference.fields}
    lines = []
    for change in difference.fields:
        if change.name == declaration.class_field and f"{change.name}_name" in named:
            continue
        about = titles.get(change.name, {"title": change.name, "unit": ""})
        title = about["title"].removesuffix("（名称）")
        lines.append(f"{title}: {_value(change.before, about['unit'])} → {_value(change.after, about['unit'])}")
    return (*lines, *_movement_lines(difference.movement))


def _value(value: Any, unit: str) -> str:
    return "（なし）" if value in (None, "") else f"{value} {unit}".rstrip()


def _movement_lines(movement: Movement | None) -> tuple[str, ...]:
    if movement is None:
        return ()
    if movement.area_m2 is not None:
        return (f"形: {movement.area_m2:,.2f} m² が変わりました",)
    if movement.hausdorff_m is not None:
        return (f"形: 最大 {movement.hausdorff_m:,.2f} m 動き、長さが {movement.length_m:+,.2f} m 変わりました",)
    if movement.distance_m is not None:
        return (f"位置: {movement.distance_m:,.2f} m 動きました",)
    return ("位置の有無が変わりました",)


def rows(view: View, comparison: Comparison, numbers: Sequence[int]) -> list[Row]:
    """The differences for a page."""
    return [_row(view, comparison, n) for n in numbers]


def _row(view: View, comparison: Comparison, number: int) -> Row:
    difference = comparison.differences[number]
    declaration = comparison.after.declaration
    side = comparison.before if difference.kind == "removed" else comparison.after
    day = side.edition.takes_effect.isoformat()
    current = any(entry.id == side.edition.id for entry in view.snapshot.history(declaration.id))
    at = view.url("api", "collections", declaration.id, "items", difference.fid, datetime=day, f="html")
    place = place_of(comparison, number)
    spot = "" if place is None else f"&point={place[0]:.7f},{place[1]:.7f}"
    return Row(
        number=number,
        kind=KINDS[difference.kind],
        name=name_of(declaration, difference.after or difference.before, difference.fid),
        lines=lines_of(declaration, difference),
        href=at if current else "",
        map_href=f"{view.base}/#feature={declaration.id}/{quote(difference.fid, safe='')}&date={day}{spot}",
    )


def place_of(comparison: Comparison, number: int) -> tuple[float, float] | None:
    """A point on what changed, lon and lat in degrees; None without geometry or for viewing only."""
    shape = comparison.lonlat[number]
    if shape is None or shapely.is_empty(shape) or not comparison.after.declaration.downloadable:
        return None
    point = shapely.point_on_surface(shape)
    return float(shapely.get_x(point)), float(shapely.get_y(point))


def entry_id(view: View, *parts: str) -> str:
    """An id that stays the same for ever: made of the town's code and what it is about."""
    return ":".join(
        ("urn:machizu", quote(view.service.code or "-", safe=""), *(quote(part, safe="") for part in parts))
    )


def entries(view: View, comparison: Comparison, numbers: Sequence[int]) -> list[Entry]:
    """The differences for a feed; all are dated by the release that published the later edition."""
    before, after = comparison.before.edition.id, comparison.after.edition.id
    declaration = comparison.after.declaration
    updated = view.snapshot.published_at(comparison.after.entry)
    page = view.url(
        "api", "collections", declaration.id, "changes", **{"from": named(before), "to": named(after)}, f="html"
    )
    found = []
    for row in rows(view, comparison, numbers):
        difference = comparison.differences[row.number]
        found.append(
            Entry(
                id=entry_id(view, "change", declaration.id, before, after, difference.kind, difference.fid),
                title=f"{row.kind}: {row.name}（{declaration.title}）",
                updated=updated,
                url=row.href or page,
                text="\n".join((f"{before} 版 → {after} 版", *row.lines)),
                tags=(row.kind, declaration.title),
                place=place_of(comparison, row.number),
            )
        )
    return found


def named(edition_id: str) -> str:
    """An edition id as `from` and `to` take it: the first edition of a day is named with .1, never by its day."""
    return edition_id if "." in edition_id else f"{edition_id}.1"
