"""The published tree, read: the only contract between the pipeline and the server. Loads no GIS library.

    data/published/
      catalog.json                    the live release, replaced atomically
      releases/000001.json …          every release ever made
      candidates/<n>/candidate.json   what a build made; never served publicly
      collections/<id>/<edition>/     edition.json and its assets; never changed once there

`gis_pipeline.publishing` writes it.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from pydantic import ValidationError

from gis_pipeline.errors import (
    Absent,
    MachineError,
    UnknownCollection,
    UnknownEdition,
    UnknownItem,
    Withdrawn,
)
from gis_pipeline.model import (
    Approval,
    Candidate,
    Collection,
    CollectionEntry,
    Edition,
    EditionEntry,
    Release,
    today_in_japan,
)

CATALOG, CANDIDATES, COLLECTIONS, RELEASES = "catalog.json", "candidates", "collections", "releases"
RECHECK_S = 1.0
"""Seconds between two looks at catalog.json: a withdrawal is everywhere at once within this time."""

_MOST_KNOWN = 4096
"""So many collections and days are remembered with their editions, until the next release."""


@dataclass(frozen=True)
class Published:
    """One edition (版) on disk, with the live release's presentation of its collection."""

    declaration: Collection
    entry: EditionEntry
    edition: Edition
    folder: Path
    _paths: dict[str, Path] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def approvals(self) -> tuple[Approval, ...]:
        """The permissions this edition rests on: its own, else those of the live declaration."""
        return self.edition.approvals or self.declaration.approvals

    @cached_property
    def notices(self) -> tuple[str, ...]:
        """The sentences of the permissions, to be shown with every use."""
        return tuple(dict.fromkeys(approval.notice for approval in self.approvals if approval.notice))

    def file(self, name: str) -> Path:
        """The path of a published asset; UnknownItem for any other name, so no path comes from a request."""
        path = self._paths.get(name)
        if path is None:
            if self.edition.asset(name) is None:
                raise UnknownItem(f"「{self.declaration.title}」{self.edition.id} 版に {name} はありません。")
            path = self._paths[name] = self.folder / name
        return path


@dataclass(frozen=True)
class Snapshot:
    """A frozen view of one release; a running request keeps its own."""

    release: Release
    root: Path
    today: Callable[[], dt.date] = field(default=today_in_japan)
    _found: dict[tuple[str, dt.date, dt.date], Published] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def collections(self) -> tuple[CollectionEntry, ...]:
        """Every collection that has an edition which is not superseded, in the order of the release."""
        return tuple(
            entry
            for entry in self.release.collections
            if any(edition.state != "superseded" for edition in entry.editions)
        )

    def collection(self, collection_id: str) -> CollectionEntry:
        """The entry of one collection, also of one that is no longer offered; UnknownCollection."""
        entry = self.release.entry(collection_id)
        if entry is None:
            raise UnknownCollection(f"「{collection_id}」という地図はありません。")
        return entry

    def edition(self, collection_id: str, *, on: dt.date | None = None, edition_id: str | None = None) -> Published:
        """The edition of that id, or the one in force on a day (default: today in Asia/Tokyo).

        Raises UnknownEdition (データ無し) or Withdrawn. A draft (案) is only answered by its id.
        """
        today = self.today()
        day = on or today
        if edition_id is None and (known := self._found.get((collection_id, day, today))) is not None:
            return known
        entry = self.collection(collection_id)
        if edition_id is not None:
            named = next((edition for edition in entry.editions if edition.id == edition_id), None)
            if named is None:
                raise UnknownEdition(f"「{entry.declaration.title}」に {edition_id} 版はありません。")
            return self._published(entry, named)
        chosen = self._in_force(entry, day)
        if chosen is None:
            raise UnknownEdition(
                f"「{entry.declaration.title}」は {day:%Y-%m-%d} の時点のデータがありません（データ無し）。"
            )
        if len(self._found) >= _MOST_KNOWN:
            self._found.clear()
        published = self._found[collection_id, day, today] = self._published(entry, chosen)
        return published

    def in_interval(self, collection_id: str, start: dt.date | None, end: dt.date | None) -> tuple[Published, ...]:
        """Every edition in force at some moment from `start` to `end` (both included, None = open), oldest first."""
        entry = self.collection(collection_id)
        current = self._timeline(entry)
        ends = [*(later.takes_effect for later in current[1:]), dt.date.max][: len(current)]  # a draft has no editions
        chosen = [
            edition
            for edition, replaced_on in zip(current, ends, strict=True)
            if (end is None or edition.takes_effect <= end) and (start is None or replaced_on > start)
        ]
        live = [edition for edition in chosen if edition.state == "live"]
        if chosen and not live:
            self._published(entry, chosen[-1])  # raises Withdrawn: there was something, and it was taken back
        return tuple(self._published(entry, edition) for edition in live)

    def history(self, collection_id: str) -> tuple[EditionEntry, ...]:
        """The editions that count in time, oldest first, one a day: its highest correction; also future ones."""
        return self._timeline(self.collection(collection_id))

    def published_at(self, edition: EditionEntry) -> dt.datetime:
        """When the release went live that published an edition; in a candidate, when the candidate was made."""
        if edition.released_in in (0, self.release.number):
            return self.release.made_at
        return _read_stamp(self.root / RELEASES / f"{edition.released_in:06d}.json").made_at

    def withdrawn_at(self, collection_id: str, edition_id: str) -> dt.datetime:
        """When the release went live that first withdrew an edition."""
        for number in range(1, self.release.number):
            stamp = _read_stamp(self.root / RELEASES / f"{number:06d}.json")
            if (collection_id, edition_id) in stamp.withdrawn:
                return stamp.made_at
        return self.release.made_at

    def _timeline(self, entry: CollectionEntry) -> tuple[EditionEntry, ...]:
        """The editions that count in time, oldest first, one a day: its highest correction."""
        if entry.declaration.status == "案":
            return ()
        by_day: dict[dt.date, EditionEntry] = {}
        for edition in sorted(entry.editions, key=lambda edition: edition.order):
            if edition.state != "superseded":
                by_day[edition.takes_effect] = edition
        return tuple(by_day.values())

    def _in_force(self, entry: CollectionEntry, day: dt.date) -> EditionEntry | None:
        past = [edition for edition in self._timeline(entry) if edition.takes_effect <= day]
        return past[-1] if past else None

    def _published(self, entry: CollectionEntry, edition: EditionEntry) -> Published:
        name = f"「{entry.declaration.title}」{edition.id} 版"
        if edition.state == "withdrawn":
            raise Withdrawn(f"{name}は公開を取り下げました。理由: {edition.reason}", edition.reason)
        folder = self.root / edition.path
        published = Published(entry.declaration, edition, _read_edition(folder / "edition.json", edition.key), folder)
        lapsed = [approval for approval in published.approvals if approval.expires and approval.expires < self.today()]
        if lapsed and entry.declaration.on_expiry == "withdraw":
            reason = f"{lapsed[0].kind}（{lapsed[0].number}）の期限が {lapsed[0].expires} に切れました。"
            raise Withdrawn(f"{name}は公開していません。理由: {reason}", reason)
        return published


@dataclass(frozen=True)
class _Stamp:
    """What a release of the past is still asked about: its time and what it had withdrawn."""

    made_at: dt.datetime
    withdrawn: frozenset[tuple[str, str]]


@lru_cache(maxsize=4096)
def _read_stamp(path: Path) -> _Stamp:
    """Of one file below releases/, which never changes."""
    try:
        release = Release.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise MachineError(f"{path} が読めません: {error}") from error
    withdrawn = (
        (entry.declaration.id, edition.id)
        for entry in release.collections
        for edition in entry.editions
        if edition.state == "withdrawn"
    )
    return _Stamp(release.made_at, frozenset(withdrawn))


@lru_cache(maxsize=4096)
def _read_edition(path: Path, key: str) -> Edition:
    """An edition.json; editions never change, so path and key identify it for good."""
    try:
        edition = Edition.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise MachineError(f"{path} が読めません: {error}") from error
    if edition.key != key:
        raise MachineError(f"{path} は公開台帳に記録された版と違います。machizu verify で確かめてください。")
    return edition


class Catalog:
    """The published tree below `root`; with `candidate`, what that candidate would make of it."""

    def __init__(self, root: Path, candidate: int | None = None, today: Callable[[], dt.date] = today_in_japan) -> None:
        self.root = root
        self.candidate = candidate
        self._today = today
        self._snapshot: Snapshot | None = None
        self._stamp: tuple[int, int] | None = None
        self._looked_at = float("-inf")

    @property
    def path(self) -> Path:
        """The document that says what is live: catalog.json, or the candidate's."""
        if self.candidate is None:
            return self.root / CATALOG
        return self.root / CANDIDATES / str(self.candidate) / "candidate.json"

    def snapshot(self) -> Snapshot:
        """The live release, looked at again at most once a second.

        Raises Absent before the first publication and MachineError for a document that cannot be read.
        """
        now = time.monotonic()
        if self._snapshot is not None and now - self._looked_at < RECHECK_S:
            return self._snapshot
        try:
            status = self.path.stat()
        except FileNotFoundError as error:
            if self._snapshot is not None:
                self._looked_at = now
                return self._snapshot
            raise Absent("まだ何も公開されていません。machizu build と machizu publish を実行してください。") from error
        stamp = (status.st_mtime_ns, status.st_ino)
        if self._snapshot is None or stamp != self._stamp:
            self._snapshot = Snapshot(self._read(), self.root, self._today)
            self._stamp = stamp
        self._looked_at = now
        return self._snapshot

    def _read(self) -> Release:
        try:
            content = self.path.read_bytes()
            if self.candidate is not None:
                return Candidate.model_validate_json(content).release
            return Release.model_validate_json(content)
        except (OSError, ValidationError) as error:
            raise MachineError(f"{self.path} が読めません: {error}") from error


def newest_candidate(root: Path) -> int | None:
    """The number of the newest finished candidate."""
    numbers = [int(path.parent.name) for path in (root / CANDIDATES).glob("[0-9]*/candidate.json")]
    return max(numbers, default=None)
