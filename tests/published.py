"""A small published tree made by hand through the model: what the catalogue's own tests stand on."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

from gis_pipeline import publishing
from gis_pipeline.model import (
    JST,
    Asset,
    Candidate,
    Change,
    Collection,
    CollectionEntry,
    Edition,
    EditionEntry,
    Release,
    Service,
)

SERVICE = Service(name="試験町", code="99998", crs="EPSG:6677", fictional=True)
MADE_AT = dt.datetime(2026, 4, 1, 9, tzinfo=JST)


def collection(name: str = "youto", **changes: object) -> Collection:
    values: dict[str, object] = {"id": name, "title": f"試験 {name}", "geometry": "polygon", "permission": "自由。"}
    return Collection.model_validate(values | changes)


def candidate(root: Path, editions: dict[str, dict[str, str]], declaration: Collection | None = None) -> Candidate:
    """A finished candidate in which each edition id of a collection has one asset with the given text.

    Editions already live stay; a new edition of the same day supersedes the earlier one.
    """
    live = publishing.live_release(root, SERVICE)
    staging = publishing.begin_candidate(root)
    entries = {entry.declaration.id: entry for entry in live.collections}
    for name, contents in editions.items():
        known = list(entries[name].editions) if name in entries else []
        for edition_id, text in contents.items():
            known = [
                old.model_copy(update={"state": "superseded"}) if old.id[:10] == edition_id[:10] else old
                for old in known
            ]
            folder = staging.edition_folder(name, edition_id)
            (folder / "features.geojson").write_text(text, encoding="utf-8")
            edition = edition_document(name, edition_id, text)
            publishing.write_document(folder / "edition.json", edition)
            path = staging.path_of(name, edition_id)
            known.append(EditionEntry(id=edition_id, key=edition.key, state="live", path=path))
        entries[name] = CollectionEntry(declaration=declaration or collection(name), editions=tuple(known))
    release = Release(number=live.number + 1, made_at=MADE_AT, service=SERVICE, collections=tuple(entries.values()))
    made = Candidate(
        number=staging.number,
        base_release=live.number,
        built_at=MADE_AT,
        release=release,
        differences=tuple(
            Change(collection=name, edition=edition, kind="new") for name, ids in editions.items() for edition in ids
        ),
        blocking=0,
        warnings=0,
    )
    staging.finish(made)
    return made


def edition_document(name: str, edition_id: str, text: str) -> Edition:
    content = text.encode()
    return Edition(
        id=edition_id,
        collection=name,
        key=hashlib.sha256(content + edition_id.encode()).hexdigest(),
        built_at=MADE_AT,
        geometry="polygon",
        count=1,
        bbox=None,
        frame="EPSG:6677",
        map_level=2500,
        accuracy_m=1.75,
        zooms=(8, 16),
        sources=(),
        transformations=(),
        assets=(
            Asset(
                name="features.geojson",
                output="geojson",
                media_type="application/geo+json",
                act="raw download",
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            ),
        ),
    )


def publish(root: Path, editions: dict[str, dict[str, str]], declaration: Collection | None = None) -> Release:
    """Builds such a candidate and makes it live."""
    made = candidate(root, editions, declaration)
    return publishing.publish(root, made, approved_by="試験-1", approved_on=dt.date(2026, 4, 1))
