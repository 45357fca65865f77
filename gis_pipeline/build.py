"""From the folder of sources to a candidate: read → place → conform → check → write. Nothing here is published.

A build is all or nothing: one blocking finding in one collection and there is no candidate. Editions whose key is
already published are not touched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from gis_pipeline import checks, proof
from gis_pipeline.changes import Changes, compare
from gis_pipeline.checks.permissions import granted
from gis_pipeline.crs import to_lonlat
from gis_pipeline.declaration import CollectionFolder, SourceTree, read_source_tree
from gis_pipeline.errors import DeclarationError, MachineError
from gis_pipeline.intake import Draft, take_in
from gis_pipeline.mastering import warped
from gis_pipeline.members import Check, Context, Features, Product
from gis_pipeline.model import (
    JST,
    Act,
    Asset,
    BBox,
    Candidate,
    Change,
    CollectionEntry,
    Edition,
    EditionEntry,
    Finding,
    Release,
    today_in_japan,
)
from gis_pipeline.planning import Job, Plan, outputs_of, plan
from gis_pipeline.plugins import members
from gis_pipeline.publishing import Staging, live_release, locked, sha256_of, staged, write_document
from gis_pipeline.quality import Report, Section, write_report
from gis_pipeline.reference import Reference

Progress = Callable[[str], None]
EXAMPLES = 10


@dataclass(frozen=True)
class Folders:
    """Where things are: the material, the published tree, and the deletable cache."""

    source: Path
    published: Path
    work: Path


@dataclass(frozen=True)
class Outcome:
    """What a build came to. `candidate` is None if something blocks, if nothing changed, or if it only checked."""

    candidate: Candidate | None
    report: Report
    report_path: Path


def build(
    folders: Folders,
    names: tuple[str, ...] = (),
    *,
    editions: tuple[str, ...] = (),
    check_only: bool = False,
    progress: Progress = lambda line: None,
) -> Outcome:
    """Builds a candidate from the named collections (default: all); the others stay as they are live.

    `editions` names older editions that may be corrected (`2019-04-01` or `youto@2019-04-01`).
    Raises DeclarationError, or MachineError if the disk is full or another build is running.
    """
    tree = read_source_tree(folders.source)
    selected = _selected(tree, names)
    try:
        with locked(folders.published), staged(folders.published) as staging:
            live = live_release(folders.published, tree.service)
            planned = plan(tree, live, selected, editions)
            drafts = _take_in_all(tree, planned, folders.work, progress)
            changes = _check_all(tree, drafts, Reference(folders.published, live, drafts), progress)
            sections = _sections(tree, drafts, changes, planned)
            if check_only or any(section.blocking for section in sections):
                return _without_candidate(tree, sections, folders.work)
            for draft in drafts:
                _write(tree, draft, staging, folders.work, progress)
            entries = _entries(tree, live, selected, drafts, staging)
            if entries == live.collections and tree.service == live.service:
                return _without_candidate(tree, sections, folders.work)
            return _with_candidate(tree, live, staging, entries, sections)
    except OSError as error:
        raise MachineError(f"書き込めませんでした: {error}。空き容量と権限を確かめてください。") from error


def _selected(tree: SourceTree, names: tuple[str, ...]) -> frozenset[str]:
    known = {folder.collection.id for folder in tree.collections}
    for name in names:
        if name not in known:
            raise DeclarationError(f"「{name}」という地図の宣言はありません。あるもの: {'、'.join(sorted(known))}")
    return frozenset(names or known)


# ------------------------------------------------------------------ read and check


def _take_in_all(tree: SourceTree, planned: Plan, work: Path, progress: Progress) -> tuple[Draft, ...]:
    drafts = []
    for job in planned.jobs:
        progress(f"読み込み　{job.collection.title} {job.edition_id} 版")
        drafts.append(take_in(tree, job, work))
    return tuple(drafts)


def _check_all(
    tree: SourceTree, drafts: tuple[Draft, ...], reference: Reference, progress: Progress
) -> dict[str, Changes | None]:
    """Runs every check over every draft; returns what changed against the edition before, by key."""
    changes: dict[str, Changes | None] = {}
    for draft in drafts:
        if draft.features is None:
            continue
        progress(f"点検　　　{draft.job.collection.title} {draft.job.edition_id} 版")
        context = _context(tree, draft, draft.features, reference)
        for module in members(checks).values():
            draft.findings.extend(cast(Check, module).check(context))
        comparable = context.before is not None and draft.features.frame.index.is_unique
        changes[draft.job.key] = compare(context.before, draft.features.frame) if comparable else None
    return changes


def _context(tree: SourceTree, draft: Draft, features: Features, reference: Reference) -> Context:
    job = draft.job
    boundary = tree.service.boundary
    return Context(
        service=tree.service,
        collection=job.collection,
        edition=job.edition.declaration,
        takes_effect=job.edition.date,
        tables=draft.tables,
        features=features,
        transformations=draft.transformations,
        fits=draft.fits,
        before=reference.before(draft),
        others=reference.related(job.collection, job.edition.date),
        town=reference.town(boundary, job.edition.date) if job.collection.id != boundary else None,
        built_on=today_in_japan(),
        acts=_acts(job),
    )


def _acts(job: Job) -> dict[str, Act]:
    return {name: output.ACT for name, output in outputs_of(job.collection).items()}


# ------------------------------------------------------------------ write


def _write(tree: SourceTree, draft: Draft, staging: Staging, work: Path, progress: Progress) -> None:
    """Writes every output of one edition and its edition.json."""
    job, features = draft.job, cast(Features, draft.features)
    folder = staging.edition_folder(job.collection.id, job.edition_id)
    masters = warped(draft, tree.service.crs, work / "masters", progress)
    product = Product(tree.service, job.collection, job.edition_id, features.frame, masters)
    assets: list[Asset] = []
    names = list(outputs_of(job.collection))
    progress(f"書き出し　{job.collection.title} {job.edition_id} 版（{'、'.join(names)}）")
    for name in names:
        assets.extend(write_output(name, product, folder))
    declared = job.edition.declaration
    edition = Edition(
        id=job.edition_id,
        collection=job.collection.id,
        key=job.key,
        built_at=dt.datetime.now(JST),
        title=declared.title,
        notice_number=declared.notice_number,
        notice_date=declared.notice_date,
        geometry=job.collection.geometry,
        count=len(features.frame),
        bbox=_bbox(features, tree.service.crs),
        frame=tree.service.crs,
        map_level=job.collection.map_level,
        accuracy_m=job.collection.tolerance_m,
        zooms=job.collection.zooms,
        sources=job.sources,
        transformations=draft.transformations,
        fits=draft.fits,
        findings=tuple(draft.findings),
        approvals=declared.approvals or (),
        assets=tuple(assets),
    )
    write_document(folder / "edition.json", edition)


def write_output(name: str, product: Product, folder: Path) -> list[Asset]:
    """Writes and proves one output of an edition; MachineError if what stands in a file is not the edition."""
    output = outputs_of(product.collection)[name]
    paths = output.write(product, folder)
    for path in paths:
        proof.prove_published(output, product, path)
    return [
        Asset(
            name=path.relative_to(folder).as_posix(),
            output=name,
            media_type=output.MEDIA_TYPE,
            act=output.ACT,
            size=path.stat().st_size,
            sha256=sha256_of(path),
        )
        for path in paths
    ]


def _bbox(features: Features, frame: str) -> BBox | None:
    bounds = features.frame.total_bounds
    return to_lonlat(frame).bbox(*map(float, bounds)) if np.isfinite(bounds).all() else None


# ------------------------------------------------------------------ candidate


def _entries(
    tree: SourceTree, live: Release, selected: frozenset[str], drafts: tuple[Draft, ...], staging: Staging
) -> tuple[CollectionEntry, ...]:
    """The collections as they would be after publication."""
    folders = {folder.collection.id: folder for folder in tree.collections}
    entries: dict[str, CollectionEntry] = {entry.declaration.id: entry for entry in live.collections}
    for name in [name for name in entries if name not in folders]:
        entries[name] = _retired(entries[name])
    for name in sorted(selected):
        entries[name] = _entry(folders[name], entries.get(name), drafts, staging)
    return tuple(entries[name] for name in sorted(entries))


def _retired(entry: CollectionEntry) -> CollectionEntry:
    """A collection whose declaration is gone: nothing of it is in force, its editions answer by their ids."""
    editions = tuple(
        edition.model_copy(update={"state": "superseded"}) if edition.state == "live" else edition
        for edition in entry.editions
    )
    return entry.model_copy(update={"editions": editions})


def _entry(
    folder: CollectionFolder, before: CollectionEntry | None, drafts: tuple[Draft, ...], staging: Staging
) -> CollectionEntry:
    known = list(before.editions) if before else []
    for draft in drafts:
        job = draft.job
        if job.folder is not folder:
            continue
        known = [
            old.model_copy(update={"state": "superseded"})
            if old.takes_effect == job.edition.date and old.state == "live"
            else old
            for old in known
        ]
        path = staging.path_of(job.collection.id, job.edition_id)
        known.append(EditionEntry(id=job.edition_id, key=job.key, state="live", path=path))
    return CollectionEntry(
        declaration=folder.collection, editions=tuple(sorted(known, key=lambda edition: edition.order))
    )


def _with_candidate(
    tree: SourceTree,
    live: Release,
    staging: Staging,
    entries: tuple[CollectionEntry, ...],
    sections: tuple[Section, ...],
) -> Outcome:
    now = dt.datetime.now(JST)
    release = Release(number=live.number + 1, made_at=now, service=tree.service, collections=entries)
    styled = tuple(_restyled(live, entries, {section.collection_id for section in sections if section.change}))
    report = Report(tree.service, now, staging.number, (*sections, *styled))
    candidate = Candidate(
        number=staging.number,
        base_release=live.number,
        built_at=now,
        release=release,
        differences=tuple(section.change for section in report.sections if section.change),
        blocking=report.blocking,
        warnings=report.warnings,
    )
    write_report(report, staging.folder)
    return Outcome(candidate, report, staging.finish(candidate) / "report.html")


def _without_candidate(tree: SourceTree, sections: tuple[Section, ...], work: Path) -> Outcome:
    report = Report(tree.service, dt.datetime.now(JST), None, sections)
    return Outcome(None, report, write_report(report, work / "report"))


# ------------------------------------------------------------------ report


def _sections(
    tree: SourceTree, drafts: tuple[Draft, ...], changes: dict[str, Changes | None], planned: Plan
) -> tuple[Section, ...]:
    titles = {folder.collection.id: folder.collection.title for folder in tree.collections}
    noticed = [Section(name, titles[name], "—", None, None, (finding,)) for name, finding in planned.findings]
    noticed += _still_permitted(planned)
    for draft in drafts:
        draft.findings[:] = [_with_lonlat(finding, tree.service.crs) for finding in draft.findings]
    return (*noticed, *(_section(draft, changes.get(draft.job.key)) for draft in drafts))


def _still_permitted(planned: Plan) -> Iterable[Section]:
    """Editions that stay as they are, where a permission has run out or soon will: no new release without it."""
    for job in planned.unchanged:
        findings = tuple(granted(job.collection, _acts(job), job.edition.date, today_in_japan()))
        if findings:
            yield Section(job.collection.id, job.collection.title, job.edition.path.name, None, None, findings)


def _section(draft: Draft, changed: Changes | None) -> Section:
    job = draft.job
    kind = "corrected" if "." in job.edition_id else "new"
    change = Change(collection=job.collection.id, edition=job.edition_id, kind=kind)
    if changed is not None:
        change = change.model_copy(
            update={
                "added": len(changed.added),
                "removed": len(changed.removed),
                "changed": len(changed.changed),
                "moved": len(changed.moved),
                "examples": _examples(changed),
            }
        )
    elif draft.features is not None:
        change = change.model_copy(update={"added": len(draft.features.frame)})
    return Section(
        collection_id=job.collection.id,
        title=job.collection.title,
        edition=job.edition_id,
        count=len(draft.features.frame) if draft.features is not None else None,
        change=change,
        findings=tuple(draft.findings),
        fits=draft.fits,
        transformations=draft.transformations,
    )


def _examples(changed: Changes) -> tuple[str, ...]:
    kinds = (("追加", changed.added), ("削除", changed.removed), ("属性", changed.changed), ("形", changed.moved))
    return tuple(f"{word} {fid}" for word, fids in kinds for fid in fids[:EXAMPLES])


def _restyled(live: Release, entries: Iterable[CollectionEntry], built: set[str]) -> Iterable[Section]:
    """Collections of which no edition was built but whose presentation changed or which are no longer declared."""
    for entry in entries:
        declaration = entry.declaration
        before = live.entry(declaration.id)
        if declaration.id in built or before is None or before == entry:
            continue
        kind = "restyled" if before.declaration != declaration else "removed"
        edition = entry.editions[-1].id
        change = Change(collection=declaration.id, edition=edition, kind=kind)
        yield Section(declaration.id, declaration.title, edition, None, change, ())


def _with_lonlat(finding: Finding, frame: str) -> Finding:
    """Adds longitude and latitude to the place that a check gave in town metres."""
    place = finding.place
    if place is None or place.lon is not None:
        return finding
    lon, lat = to_lonlat(frame).points(np.array([place.easting_m]), np.array([place.northing_m]))
    if not (np.isfinite(lon[0]) and np.isfinite(lat[0])):
        return finding
    known = place.model_copy(update={"lon": round(float(lon[0]), 9), "lat": round(float(lat[0]), 9)})
    return finding.model_copy(update={"place": known})
