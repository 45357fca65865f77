"""Which editions must be built: the key of every edition's material, held against what is published."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection as Names
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import orjson

from gis_pipeline import outputs
from gis_pipeline.declaration import DECLARATION_FILE, CollectionFolder, EditionFolder, SourceTree, effective
from gis_pipeline.errors import DeclarationError, MaterialError, Where
from gis_pipeline.findings import finding_of
from gis_pipeline.members import Output
from gis_pipeline.model import Collection, EditionEntry, Finding, Release, SourceFile, today_in_japan
from gis_pipeline.plugins import members
from gis_pipeline.publishing import sha256_of

FORMAT = 1
"""Part of every key: raised when reading, placing or conforming changes what is published."""

PRESENTATION = {
    "title", "description", "theme", "licence", "permission", "attribution", "authority", "legal_basis", "document",
    "status", "on_expiry", "coverage", "approvals", "relations",
}  # fmt: skip
"""What belongs to the release, not to the data: a change rebuilds nothing. So do colours and patterns of classes."""

SYSTEM_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"}
LEFT_BEHIND = (".", "~$")
"""Beginnings of names: hidden files, and the lock that Excel and Word put beside an open file."""


@dataclass(frozen=True)
class Job:
    """One edition to be built. `collection` is the declaration as it holds for this edition."""

    folder: CollectionFolder
    edition: EditionFolder
    edition_id: str
    collection: Collection
    key: str
    sources: tuple[SourceFile, ...]


@dataclass(frozen=True)
class Plan:
    """The editions to build, those that stay as they are and are or will be in force, and what planning noticed."""

    jobs: tuple[Job, ...]
    unchanged: tuple[Job, ...]
    findings: tuple[tuple[str, Finding], ...]


def plan(tree: SourceTree, live: Release, selected: Names[str], editions: Names[str]) -> Plan:
    """Compares every edition folder of the selected collections with the live release.

    `editions` names older editions (`collection@date` or `date`) that may be corrected; unnamed, only the newest is.
    """
    _require_known(tree, selected, editions)
    plans = [_plan_of(tree, live, folder, editions) for folder in tree.collections if folder.collection.id in selected]
    return Plan(
        tuple(job for one in plans for job in one.jobs),
        tuple(job for one in plans for job in one.unchanged),
        tuple(finding for one in plans for finding in one.findings),
    )


def _plan_of(tree: SourceTree, live: Release, folder: CollectionFolder, editions: Names[str]) -> Plan:
    """The plan of one collection."""
    name = folder.collection.id
    findings = [(name, _outside_editions(path)) for path in _beside_editions(folder)]
    if not folder.editions:
        findings.append((name, _no_edition(folder)))
    known = entry.editions if (entry := live.entry(name)) else ()
    in_force = _in_force(folder)
    jobs, unchanged = [], []
    for edition in folder.editions:
        try:
            job = _job(tree, folder, edition, known)
        except MaterialError as error:
            findings.append((name, finding_of(error)))
            continue
        published = _current(known, edition.date)
        named = not {edition.path.name, f"{name}@{edition.path.name}"}.isdisjoint(editions)
        if published is not None and published.key == job.key:
            unchanged += [job] if edition.date >= in_force and published.state == "live" else []
        elif published is None or edition is folder.editions[-1] or named:
            jobs.append(job)
        else:
            findings.append((name, _left_alone(edition)))
    return Plan(tuple(jobs), tuple(unchanged), tuple(findings))


def _in_force(folder: CollectionFolder) -> dt.date:
    """The day of the edition that is in force today, as far as folders tell."""
    return max((one.date for one in folder.editions if one.date <= today_in_japan()), default=dt.date.min)


def _require_known(tree: SourceTree, selected: Names[str], editions: Names[str]) -> None:
    """Raises DeclarationError for an edition that does not exist: a slip must not look like "nothing changed"."""
    folders = [folder for folder in tree.collections if folder.collection.id in selected]
    known = {f"{folder.collection.id}@{edition.path.name}" for folder in folders for edition in folder.editions}
    for name in editions:
        if name not in known and not any(one.endswith(f"@{name}") for one in known):
            listing = "、".join(sorted(known))
            raise DeclarationError(f"「{name}」という版のフォルダはありません。あるもの: {listing}")


def outputs_of(collection: Collection) -> dict[str, Output]:
    """The writers of a collection by name: those declared and those that always run; DeclarationError otherwise."""
    available = cast(dict[str, Output], members(outputs))
    kind = "sheets" if collection.scan else "register" if collection.geometry == "none" else "features"
    kinds = {kind, "features"} if kind == "sheets" else {kind}
    for name in collection.outputs:
        if name not in available:
            known = "、".join(available)
            raise DeclarationError(
                f"{collection.id}/collection.toml: outputs の「{name}」はありません。使えるもの: {known}"
            )
        if not available[name].APPLIES & kinds:
            raise DeclarationError(f"{collection.id}/collection.toml: 「{name}」はこの種類の資料には作れません。")
    return {
        name: output
        for name, output in available.items()
        if name in collection.outputs or (output.ALWAYS and output.APPLIES & kinds)
    }


def material(folder: Path) -> tuple[Path, ...]:
    """Every file of an edition's material, in order. Links are refused.

    Hidden files and what Windows leaves behind by itself are no material: opening a folder must not make a correction.
    """
    found: list[Path] = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if any(part.startswith(LEFT_BEHIND) or part.casefold() in SYSTEM_FILES for part in relative.parts):
            continue
        if path.is_symlink():
            raise MaterialError(
                "リンクは使えません。", _where(folder, path), "ファイルそのものをフォルダに置いてください。"
            )
        if path.is_file():
            found.append(path)
        elif not path.is_dir():
            raise MaterialError(
                "ふつうのファイルではありません。", _where(folder, path), "版のフォルダの外へ移してください。"
            )
    return tuple(found)


def _where(folder: Path, path: Path) -> Where:
    """A file by its edition: what planning finds belongs to no edition of the report yet."""
    return Where(file=path.relative_to(folder.parent).as_posix())


def _beside_editions(folder: CollectionFolder) -> Iterator[Path]:
    """Files that lie beside the editions' folders, where nothing reads them."""
    for path in sorted(folder.path.glob("[!.]*")):
        passed = path.name.startswith(LEFT_BEHIND) or path.name.casefold() in SYSTEM_FILES
        if not path.is_dir() and not passed and path.name != DECLARATION_FILE:
            yield path


def _job(tree: SourceTree, folder: CollectionFolder, edition: EditionFolder, known: Names[EditionEntry]) -> Job:
    collection = effective(folder.collection, edition.declaration)
    sources = tuple(_source_files(edition.path))
    shape = {
        "format": FORMAT,
        "frame": tree.service.crs,
        "edition": edition.path.name,
        "declared": edition.declaration.model_dump(mode="json"),
        "collection": _shaping(collection),
        "material": [source.model_dump() for source in sources],
        "writers": {name: output.VERSION for name, output in outputs_of(collection).items()},
        "grids": [sha256_of(path) for path in sorted(tree.grids.glob("*.par"))] if tree.grids.is_dir() else [],
        "extends": _base_key(folder, edition),
    }
    key = hashlib.sha256(orjson.dumps(shape, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return Job(folder, edition, _next_id(known, edition.date), collection, key, sources)


def _shaping(collection: Collection) -> dict[str, object]:
    declared = collection.model_dump(mode="json", exclude=PRESENTATION)
    declared["classes"] = [{"code": one.code, "title": one.title, "short": one.short} for one in collection.classes]
    return declared


def _base_key(folder: CollectionFolder, edition: EditionFolder) -> list[dict[str, object]]:
    base = base_edition(folder, edition)
    return [source.model_dump() for source in _source_files(base.path)] if base else []


def base_edition(folder: CollectionFolder, edition: EditionFolder) -> EditionFolder | None:
    """The edition that this one extends, if it is not complete by itself; DeclarationError if there is none."""
    date = edition.declaration.extends
    if date is None:
        return None
    base = next((one for one in folder.editions if one.path.name == date and one.date < edition.date), None)
    if base is None:
        raise DeclarationError(
            f"{edition.path / 'edition.toml'}: extends の「{date}」より前の版のフォルダがありません。"
        )
    return base


def _source_files(folder: Path) -> Iterator[SourceFile]:
    for path in material(folder):
        name = path.relative_to(folder).as_posix()
        try:
            yield SourceFile(name=name, size=path.stat().st_size, sha256=sha256_of(path))
        except PermissionError as error:  # Windows keeps a file closed to others while Excel or a GIS has it open.
            raise MaterialError(
                "ファイルを開けません。",
                _where(folder, path),
                "ほかのソフトで開いていれば閉じ、読み取りの権限を確かめてください。",
            ) from error


def _current(known: Names[EditionEntry], date: dt.date) -> EditionEntry | None:
    """The highest correction of a day that counts in time."""
    same = [entry for entry in known if entry.takes_effect == date and entry.state != "superseded"]
    return max(same, key=lambda entry: entry.order, default=None)


def _next_id(known: Names[EditionEntry], date: dt.date) -> str:
    """An id never used before for that day: the day itself, then ".2", ".3" …"""
    last = max((entry.order[1] for entry in known if entry.takes_effect == date), default=0)
    return date.isoformat() if last == 0 else f"{date.isoformat()}.{last + 1}"


def _no_edition(folder: CollectionFolder) -> Finding:
    return Finding(
        rule="read",
        severity="block",
        message="版のフォルダがありません。",
        advice=f"{folder.collection.id}/<施行日 YYYY-MM-DD>/ を作り、その中に資料を置いてください。",
    )


def _outside_editions(path: Path) -> Finding:
    return Finding(
        rule="read",
        severity="warn",
        message="版のフォルダの外にあるので、読みませんでした。",
        advice="資料なら、施行日 (YYYY-MM-DD) の名前のフォルダの中に置いてください。"
        "資料でなければ、ほかへ移してください。",
        file=path.name,
    )


def _left_alone(edition: EditionFolder) -> Finding:
    return Finding(
        rule="read",
        severity="warn",
        message=f"公開済みの古い版 {edition.path.name} の資料か宣言が変わっていますが、作り直していません。",
        advice=f"訂正するときは --edition {edition.path.name} を付けて build してください。",
    )
