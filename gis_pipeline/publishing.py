"""The published tree, written: candidates, releases, rollback, withdrawal. All or nothing at every step.

A folder or file is written beside its place, synced, and renamed into it; `catalog.json` is replaced last. Killed at
any moment, the live release is what it was; what was left behind is swept away by the next build.
Differences of Windows (no folder sync) are kept here. Loads no GIS library.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from gis_pipeline.catalog import CANDIDATES, CATALOG, COLLECTIONS, RELEASES
from gis_pipeline.errors import Blocked, MachineError, PublishingError
from gis_pipeline.model import (
    JST,
    Candidate,
    CollectionEntry,
    Edition,
    EditionEntry,
    Release,
    Service,
    today_in_japan,
)

ModelT = TypeVar("ModelT", bound=BaseModel)


def live_release(root: Path, service: Service) -> Release:
    """The live release; before the first publication an empty one with number 0."""
    path = root / CATALOG
    if not path.exists():
        return Release(number=0, made_at=dt.datetime.now(JST), service=service, collections=())
    return _load(path, Release)


def _require_live(root: Path) -> Release:
    """The live release, which is to be changed without a build: the sources may be in disorder, or elsewhere."""
    if not (root / CATALOG).exists():
        raise PublishingError("まだ何も公開されていません。")
    return _load(root / CATALOG, Release)


def load_release(root: Path, number: int) -> Release:
    """A release of the past; PublishingError if there was none of that number."""
    path = root / RELEASES / f"{number:06d}.json"
    if not path.exists():
        raise PublishingError(f"公開 {number} はありません。machizu releases で一覧を確かめてください。")
    return _load(path, Release)


def load_candidate(root: Path, number: int) -> Candidate:
    """A finished candidate; PublishingError if there is none of that number."""
    path = root / CANDIDATES / str(number) / "candidate.json"
    if not path.exists():
        raise PublishingError(f"公開案 {number} はありません。machizu build を実行してください。")
    return _load(path, Candidate)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """One writer at a time; MachineError with a clear sentence for the second one."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise MachineError("別の machizu が書き込み中です。終わってからもう一度実行してください。") from error
    except OSError as error:
        raise MachineError(f"{root} に書き込めません: {error.strerror or error}") from error


# ------------------------------------------------------------------ candidates


@dataclass(frozen=True)
class Staging:
    """A candidate being made: `candidates/.building/`, renamed to its number when finished."""

    root: Path
    number: int

    @property
    def folder(self) -> Path:
        """Where it is being written."""
        return self.root / CANDIDATES / ".building"

    def edition_folder(self, collection_id: str, edition_id: str) -> Path:
        """A new, empty folder for one edition."""
        folder = self.folder / COLLECTIONS / collection_id / edition_id
        folder.mkdir(parents=True)
        return folder

    def path_of(self, collection_id: str, edition_id: str) -> str:
        """The path by which the candidate's document refers to such a folder, relative to the published tree."""
        return f"{CANDIDATES}/{self.number}/{COLLECTIONS}/{collection_id}/{edition_id}"

    def finish(self, candidate: Candidate) -> Path:
        """Makes the candidate visible and drops the older ones; returns its folder."""
        write_document(self.folder / "candidate.json", candidate)
        _sync_tree(self.folder)
        final = self.root / CANDIDATES / str(self.number)
        self.folder.replace(final)
        _sync_folder(final.parent)
        drop_candidates(self.root, but=self.number)
        return final

    def abandon(self) -> None:
        """Removes what was written; older candidates no longer match the material and go as well."""
        shutil.rmtree(self.folder, ignore_errors=True)
        drop_candidates(self.root)


def begin_candidate(root: Path) -> Staging:
    """Sweeps what a killed build left behind and opens a new candidate. Call it under `locked`."""
    parent = root / CANDIDATES
    parent.mkdir(parents=True, exist_ok=True)
    numbers = [int(path.name) for path in parent.iterdir() if path.name.isdigit()]
    staging = Staging(root, max([*numbers, _last_number(root)], default=0) + 1)
    shutil.rmtree(staging.folder, ignore_errors=True)
    staging.folder.mkdir()
    return staging


@contextmanager
def staged(root: Path) -> Iterator[Staging]:
    """A new candidate that is abandoned unless the block finishes it. Call it under `locked`."""
    staging = begin_candidate(root)
    try:
        yield staging
    finally:
        if staging.folder.exists():
            staging.abandon()


def _last_number(root: Path) -> int:
    """Candidate numbers are never used twice: the count is kept in a file of its own."""
    path = root / CANDIDATES / ".last"
    return int(path.read_text()) if path.exists() else 0


def drop_candidates(root: Path, but: int | None = None) -> None:
    """Removes every candidate but one."""
    numbers = [int(path.name) for path in (root / CANDIDATES).iterdir() if path.name.isdigit()]
    for number in numbers:
        if number != but:
            shutil.rmtree(root / CANDIDATES / str(number), ignore_errors=True)
    write_bytes(root / CANDIDATES / ".last", str(max([*numbers, _last_number(root)], default=0)).encode())


# ------------------------------------------------------------------ releases


def publish(root: Path, candidate: Candidate, *, approved_by: str, approved_on: dt.date, note: str = "") -> Release:
    """Makes a candidate live and records the office's decision (決裁). Call it under `locked`.

    Raises PublishingError if something else went live since the candidate was built, and Blocked if a permission has
    run out while it waited for the decision.
    """
    _require_approval(approved_by)
    live = live_release(root, candidate.release.service)
    if live.number != candidate.base_release:
        raise PublishingError(
            f"公開案 {candidate.number} は公開 {candidate.base_release} をもとに作られましたが、"
            f"いまは公開 {live.number} です。machizu build をもう一度実行してください。"
        )
    _require_permissions(live, candidate)
    number = live.number + 1
    entries = tuple(_move_into_place(root, entry, number) for entry in candidate.release.collections)
    release = _go_live(root, live, candidate.release.service, entries, approved_by, approved_on, note)
    drop_candidates(root)
    return release


def _require_approval(approved_by: str) -> None:
    """Whatever goes live rests on a decision of the office (決裁): a slip of the keyboard is none."""
    if not approved_by.strip():
        raise PublishingError("決裁番号がありません。--approved-by に書いてください。")


def _require_permissions(live: Release, candidate: Candidate) -> None:
    today = today_in_japan()
    for entry in candidate.release.collections:
        if entry == live.entry(entry.declaration.id):
            continue
        for approval in entry.declaration.approvals:
            if approval.expires is not None and approval.expires < today:
                raise Blocked(
                    f"「{entry.declaration.title}」の{approval.kind}の承認 ({approval.grantor} {approval.number})は"
                    f" {approval.expires} で期限が切れています。承認を更新し、build からやり直してください。"
                )


def _move_into_place(root: Path, entry: CollectionEntry, number: int) -> CollectionEntry:
    editions = []
    for edition in entry.editions:
        if not edition.path.startswith(f"{CANDIDATES}/"):
            editions.append(edition)
            continue
        final = f"{COLLECTIONS}/{entry.declaration.id}/{edition.id}"
        _move_edition(root / edition.path, root / final, edition.key)
        editions.append(edition.model_copy(update={"path": final, "released_in": number}))
    return entry.model_copy(update={"editions": tuple(editions)})


def _move_edition(source: Path, target: Path, key: str) -> None:
    """Renames one edition into its place. What lies there already was left by an interrupted publication."""
    if target.exists():
        if not source.exists() and _load(target / "edition.json", Edition).key == key:
            return
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    _sync_folder(target.parent)


def rollback(root: Path, number: int, *, approved_by: str, approved_on: dt.date) -> Release:
    """An earlier release goes live again as a new one. What was withdrawn stays withdrawn."""
    _require_approval(approved_by)
    live, earlier = _require_live(root), load_release(root, number)
    if number == live.number:
        raise PublishingError(f"公開 {number} はいまの公開です。")
    entries = tuple(_rolled_back(entry, earlier.entry(entry.declaration.id)) for entry in live.collections)
    return _go_live(root, live, earlier.service, entries, approved_by, approved_on, f"公開 {number} に戻した")


def _rolled_back(now: CollectionEntry, then: CollectionEntry | None) -> CollectionEntry:
    states = {edition.id: edition.state for edition in then.editions} if then else {}
    editions = tuple(
        edition
        if edition.state == "withdrawn"
        else edition.model_copy(update={"state": states.get(edition.id, "superseded")})
        for edition in now.editions
    )
    return CollectionEntry(declaration=then.declaration if then else now.declaration, editions=editions)


def withdraw(root: Path, collection_id: str, edition_id: str | None, *, reason: str, approved_by: str) -> Release:
    """Takes one edition, or all of a collection, out of publication; `reason` is shown to everybody (410)."""
    _require_approval(approved_by)
    if not reason.strip():
        raise PublishingError("取り下げる理由がありません。--reason に書いてください。そのまま公開されます。")
    live = _require_live(root)
    entry = live.entry(collection_id)
    target = collection_id if edition_id is None else f"{collection_id}@{edition_id}"
    known = [edition.id for edition in entry.editions] if entry else []
    if entry is None or edition_id not in (None, *known):
        raise PublishingError(f"{target} は公開されていません。公開されている版: {', '.join(known) or 'なし'}")
    editions = tuple(_withdrawn(one, reason) if edition_id in (None, one.id) else one for one in entry.editions)
    changed = entry.model_copy(update={"editions": editions})
    entries = tuple(changed if old is entry else old for old in live.collections)
    note = f"{target} を取り下げた: {reason}"
    return _go_live(root, live, live.service, entries, approved_by, today_in_japan(), note)


def _withdrawn(edition: EditionEntry, reason: str) -> EditionEntry:
    return edition.model_copy(update={"state": "withdrawn", "reason": reason})


def _go_live(
    root: Path,
    live: Release,
    service: Service,
    collections: tuple[CollectionEntry, ...],
    approved_by: str,
    approved_on: dt.date,
    note: str,
) -> Release:
    """The next release: kept under its number first, then the catalogue is replaced."""
    release = Release(
        number=live.number + 1,
        made_at=dt.datetime.now(JST),
        approved_by=approved_by,
        approved_on=approved_on,
        note=note,
        service=service,
        collections=collections,
    )
    write_document(root / RELEASES / f"{release.number:06d}.json", release)
    write_document(root / CATALOG, release)
    return release


def releases(root: Path) -> tuple[Release, ...]:
    """Every release that went live, oldest first."""
    live = _load(root / CATALOG, Release).number if (root / CATALOG).exists() else 0
    return tuple(load_release(root, number) for number in range(1, live + 1))


def verify(root: Path) -> tuple[str, ...]:
    """Hashes every asset of the live release again; a sentence for each that is not what was published."""
    problems: list[str] = []
    if not (root / CATALOG).exists():
        return ("まだ何も公開されていません。",)
    for entry in _load(root / CATALOG, Release).collections:
        for edition in entry.editions:
            problems.extend(_problems(root / edition.path, entry.declaration.title, edition))
    return tuple(problems)


def _problems(folder: Path, title: str, entry: EditionEntry) -> Iterator[str]:
    name = f"「{title}」{entry.id} 版"
    if not (folder / "edition.json").exists():
        yield f"{name}: {folder} がありません。"
        return
    edition = _load(folder / "edition.json", Edition)
    if edition.key != entry.key:
        yield f"{name}: edition.json が公開台帳と違います。"
    for asset in edition.assets:
        path = folder / asset.name
        if not path.exists():
            yield f"{name}: {asset.name} がありません。"
        elif sha256_of(path) != asset.sha256:
            yield f"{name}: {asset.name} の中身が公開時と違います。"


# ------------------------------------------------------------------ files


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_document(path: Path, document: BaseModel) -> None:
    """Writes a document beside its place, syncs it and renames it into it."""
    write_bytes(path, document.model_dump_json(indent=1, exclude_defaults=False).encode() + b"\n")


def write_bytes(path: Path, content: bytes) -> None:
    """Replaces a file atomically; the old one stays if anything fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise MachineError(f"{path} に書けません: {error.strerror or error}") from error
    _sync_folder(path.parent)


def _sync_tree(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb+") as stream:
                os.fsync(stream.fileno())
        else:
            _sync_folder(path)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot sync a folder; its rename is journalled.
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _load(path: Path, model: type[ModelT]) -> ModelT:
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        raise MachineError(f"{path} が読めません: {error.strerror or error}") from error
    except ValidationError as error:
        advice = f"{RELEASES}/ の最も新しいファイルを写すと戻ります。" if path.name == CATALOG else ""
        raise MachineError(f"{path} の中身が壊れていて読めません。控えから戻してください。{advice}") from error
