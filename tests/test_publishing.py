"""The published tree: all or nothing, immutable editions, time, rollback and withdrawal."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import multiprocessing
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gis_pipeline import cli, publishing
from gis_pipeline.catalog import Catalog, Snapshot
from gis_pipeline.errors import Absent, MachineError, PublishingError, UnknownCollection, UnknownEdition, Withdrawn
from gis_pipeline.model import Approval
from tests import published


def _on(day: str) -> dt.date:
    return dt.date.fromisoformat(day)


def _snapshot(root: Path, today: str = "2026-11-23") -> Snapshot:
    return Catalog(root, today=lambda: _on(today)).snapshot()


def _tree(root: Path) -> dict[str, bytes]:
    """Every live byte: catalogue, releases and editions."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.relative_to(root).parts[0].startswith((".", "candidates"))
    }


def test_before_the_first_publication_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Absent, match="まだ何も公開されていません"):
        Catalog(tmp_path).snapshot()


def test_a_candidate_is_not_live(tmp_path: Path) -> None:
    published.candidate(tmp_path, {"youto": {"2026-04-01": "a"}})
    with pytest.raises(Absent):
        Catalog(tmp_path).snapshot()


def test_a_candidate_can_be_looked_at_before_it_is_published(tmp_path: Path) -> None:
    made = published.candidate(tmp_path, {"youto": {"2026-04-01": "a"}})
    edition = Catalog(tmp_path, candidate=made.number).snapshot().edition("youto", on=_on("2026-05-01"))
    assert edition.file("features.geojson").read_text() == "a"


def test_publishing_records_who_approved_and_when(tmp_path: Path) -> None:
    release = published.publish(tmp_path, {"youto": {"2026-04-01": "a"}})
    assert (release.number, release.approved_by, release.approved_on) == (1, "試験-1", _on("2026-04-01"))
    assert publishing.releases(tmp_path) == (release,)


def test_publishing_without_an_approval_number_is_refused(tmp_path: Path) -> None:
    made = published.candidate(tmp_path, {"youto": {"2026-04-01": "a"}})
    with pytest.raises(PublishingError, match="決裁番号"):
        publishing.publish(tmp_path, made, approved_by=" ", approved_on=_on("2026-04-01"))


def test_nothing_goes_live_or_away_without_an_approval_number(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2026-04-01": "a"}})
    published.publish(tmp_path, {"youto": {"2026-04-01.2": "b"}})
    before = _tree(tmp_path)
    with pytest.raises(PublishingError, match="決裁番号がありません"):
        publishing.rollback(tmp_path, 1, approved_by=" ", approved_on=_on("2026-06-01"))
    with pytest.raises(PublishingError, match="決裁番号がありません"):
        publishing.withdraw(tmp_path, "youto", None, reason="誤り", approved_by="")
    assert _tree(tmp_path) == before


def test_a_candidate_built_on_an_older_release_is_refused(tmp_path: Path) -> None:
    stale = published.candidate(tmp_path, {"youto": {"2026-04-01": "a"}})
    published.publish(tmp_path, {"youto": {"2026-04-01": "b"}})
    with pytest.raises(PublishingError, match="build をもう一度"):
        publishing.publish(tmp_path, stale, approved_by="x", approved_on=_on("2026-04-01"))


@pytest.mark.parametrize(
    ("day", "edition"),
    [
        ("2019-04-01", "2019-04-01"),
        ("2026-03-31", "2019-04-01"),
        ("2026-04-01", "2026-04-01"),
        ("2030-01-01", "2026-04-01"),
    ],
)
def test_in_force_is_the_newest_edition_not_later_than_the_day(tmp_path: Path, day: str, edition: str) -> None:
    published.publish(tmp_path, {"youto": {"2019-04-01": "a", "2026-04-01": "b"}})
    assert _snapshot(tmp_path).edition("youto", on=_on(day)).edition.id == edition


def test_before_the_first_edition_there_is_no_data(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2019-04-01": "a"}})
    with pytest.raises(UnknownEdition, match="データ無し"):
        _snapshot(tmp_path).edition("youto", on=_on("2019-03-31"))


def test_a_future_edition_comes_into_force_on_its_day_by_itself(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2026-04-01": "a", "2026-11-24": "b"}})
    today = ["2026-11-23"]
    snapshot = Catalog(tmp_path, today=lambda: _on(today[0])).snapshot()
    assert snapshot.edition("youto").edition.id == "2026-04-01"
    today[0] = "2026-11-24"
    assert snapshot.edition("youto").edition.id == "2026-11-24"


def test_a_correction_supersedes_and_the_old_one_still_answers_by_its_id(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2026-04-01": "a"}})
    published.publish(tmp_path, {"youto": {"2026-04-01.2": "b"}})
    snapshot = _snapshot(tmp_path)
    assert snapshot.edition("youto").edition.id == "2026-04-01.2"
    assert snapshot.edition("youto", edition_id="2026-04-01").file("features.geojson").read_text() == "a"


def test_ten_corrections_sort_by_number_not_by_text(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2026-04-01": "1"}})
    for number in range(2, 11):
        published.publish(tmp_path, {"youto": {f"2026-04-01.{number}": str(number)}})
    assert _snapshot(tmp_path).edition("youto").edition.id == "2026-04-01.10"


def test_an_interval_gives_every_edition_in_force_in_it(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2010-01-01": "a", "2019-04-01": "b", "2026-04-01": "c"}})
    snapshot = _snapshot(tmp_path)

    def ids(start: str | None, end: str | None) -> list[str]:
        chosen = snapshot.in_interval("youto", start and _on(start), end and _on(end))  # type: ignore[arg-type]
        return [edition.edition.id for edition in chosen]

    assert ids("2015-01-01", "2020-01-01") == ["2010-01-01", "2019-04-01"]
    assert ids(None, "2009-12-31") == []
    assert ids("2026-04-01", None) == ["2026-04-01"]
    assert ids(None, None) == ["2010-01-01", "2019-04-01", "2026-04-01"]


def test_a_draft_plan_is_never_in_force_but_answers_by_name(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2026-04-01": "a"}}, published.collection(status="案"))
    with pytest.raises(UnknownEdition):
        _snapshot(tmp_path).edition("youto")
    assert _snapshot(tmp_path).edition("youto", edition_id="2026-04-01").edition.count == 1


def test_unknown_names_are_told_apart(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2026-04-01": "a"}})
    with pytest.raises(UnknownCollection, match="nothing"):
        _snapshot(tmp_path).edition("nothing")
    with pytest.raises(UnknownEdition, match="1999-01-01"):
        _snapshot(tmp_path).edition("youto", edition_id="1999-01-01")


def test_withdrawn_answers_with_the_reason_by_day_and_by_id(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2019-04-01": "a", "2026-04-01": "b"}})
    publishing.withdraw(tmp_path, "youto", "2026-04-01", reason="氏名が見えていました", approved_by="2")
    for asked in ({"on": _on("2026-05-01")}, {"edition_id": "2026-04-01"}):
        with pytest.raises(Withdrawn) as caught:
            _snapshot(tmp_path).edition("youto", **asked)
        assert caught.value.reason == "氏名が見えていました"
    assert _snapshot(tmp_path).edition("youto", on=_on("2020-01-01")).edition.id == "2019-04-01"


def test_withdrawing_what_is_not_published_names_what_is(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2026-04-01": "a"}})
    with pytest.raises(PublishingError, match="2026-04-01"):
        publishing.withdraw(tmp_path, "youto", "2020-01-01", reason="x", approved_by="2")


def test_what_is_live_is_taken_back_without_the_sources(tmp_path: Path) -> None:
    """In a hurry nobody first mends a declaration: neither command reads `data/source`."""
    root = tmp_path / "published"
    published.publish(root, {"youto": {"2026-04-01": "a"}})
    published.publish(root, {"youto": {"2026-04-01.2": "b"}})
    paths = ["--source", str(tmp_path / "nothing"), "--published", str(root), "--approved-by", "3"]
    for words in (["rollback", "1"], ["withdraw", "youto", "--reason", "誤り"]):
        result = CliRunner().invoke(cli.app, [*words, *paths])
        assert result.exit_code == 0, result.output
    assert publishing.releases(root)[-1].number == 4


def test_before_the_first_publication_there_is_nothing_to_take_back(tmp_path: Path) -> None:
    with pytest.raises(PublishingError, match="まだ何も公開されていません"):
        publishing.withdraw(tmp_path, "youto", None, reason="x", approved_by="2")


@pytest.mark.parametrize(("at", "sentence"), [("2999-01-01", "まだ来ていません"), ("4月1日", "YYYY-MM-DD の形")])
def test_a_day_of_decision_that_cannot_be_is_told(tmp_path: Path, at: str, sentence: str) -> None:
    published.candidate(tmp_path, {"youto": {"2026-04-01": "a"}})
    arguments = ["publish", "--approved-by", "1", "--at", at, "--published", str(tmp_path)]
    result = CliRunner().invoke(cli.app, arguments)
    assert (result.exit_code, sentence in result.output) == (2, True), result.output
    assert not (tmp_path / "catalog.json").exists()


def test_rollback_brings_back_an_earlier_state_as_a_new_release(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2026-04-01": "a"}})
    published.publish(tmp_path, {"youto": {"2026-04-01.2": "b"}})
    release = publishing.rollback(tmp_path, 1, approved_by="3", approved_on=_on("2026-06-01"))
    assert release.number == 3
    assert _snapshot(tmp_path).edition("youto").edition.id == "2026-04-01"
    assert _snapshot(tmp_path).edition("youto", edition_id="2026-04-01.2").entry.state == "superseded"


def test_rollback_never_brings_back_what_was_withdrawn(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2026-04-01": "a"}})
    publishing.withdraw(tmp_path, "youto", None, reason="誤り", approved_by="2")
    publishing.rollback(tmp_path, 1, approved_by="3", approved_on=_on("2026-06-01"))
    with pytest.raises(Withdrawn):
        _snapshot(tmp_path).edition("youto")


def test_an_expired_permission_withdraws_where_that_is_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "today_in_japan", lambda: _on("2025-04-01"))  # It still ran when it was published.
    approval = Approval(
        kind="測量法44条", grantor="x", number="1", date=_on("2025-04-01"), expires=_on("2026-03-31"), acts=("tiles",)
    )
    declaration = published.collection(approvals=[approval], on_expiry="withdraw")
    published.publish(tmp_path, {"youto": {"2025-04-01": "a"}}, declaration)
    assert _snapshot(tmp_path, today="2026-03-31").edition("youto").edition.id == "2025-04-01"
    with pytest.raises(Withdrawn, match="期限"):
        _snapshot(tmp_path, today="2026-04-01").edition("youto")


def test_no_path_comes_from_outside(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2026-04-01": "a"}})
    edition = _snapshot(tmp_path).edition("youto")
    for name in ("../../catalog.json", "edition.json", "/etc/passwd", ""):
        with pytest.raises(Absent):
            edition.file(name)


def test_verify_finds_a_changed_and_a_missing_file(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2019-04-01": "a", "2026-04-01": "b"}})
    assert publishing.verify(tmp_path) == ()
    (tmp_path / "collections/youto/2019-04-01/features.geojson").write_text("x")
    (tmp_path / "collections/youto/2026-04-01/features.geojson").unlink()
    assert [("違います" in line, "ありません" in line) for line in publishing.verify(tmp_path)] == [
        (True, False),
        (False, True),
    ]


def test_an_edition_that_is_not_the_recorded_one_is_not_served(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2026-04-01": "a"}})
    forged = published.edition_document("youto", "2026-04-01", "other")
    publishing.write_document(tmp_path / "collections/youto/2026-04-01/edition.json", forged)
    with pytest.raises(MachineError, match="verify"):
        _snapshot(tmp_path).edition("youto")


def test_a_second_writer_is_told_to_wait(tmp_path: Path) -> None:
    with publishing.locked(tmp_path):
        process = multiprocessing.get_context("spawn").Process(target=_expect_busy, args=(tmp_path,))
        process.start()
        process.join(30)
    assert process.exitcode == 0


def _expect_busy(root: Path) -> None:
    with pytest.raises(MachineError, match="別の machizu"), publishing.locked(root):
        pass


def test_an_interrupted_publication_is_completed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after the folders were moved but before the catalogue was replaced."""
    published.publish(tmp_path, {"youto": {"2019-04-01": "a"}})
    before = _tree(tmp_path)
    made = published.candidate(tmp_path, {"youto": {"2026-04-01": "b"}})

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(publishing, "_go_live", killed)
        publishing.publish(tmp_path, made, approved_by="2", approved_on=_on("2026-04-01"))
    after = _tree(tmp_path)
    assert {name: after[name] for name in before} == before
    assert _snapshot(tmp_path).edition("youto").edition.id == "2019-04-01"
    publishing.publish(tmp_path, made, approved_by="2", approved_on=_on("2026-04-01"))
    assert _snapshot(tmp_path).edition("youto").edition.id == "2026-04-01"


def test_what_an_interrupted_publication_left_is_replaced_by_a_new_build(tmp_path: Path) -> None:
    published.publish(tmp_path, {"youto": {"2019-04-01": "a"}})
    orphan = tmp_path / "collections/youto/2026-04-01"
    orphan.mkdir()
    (orphan / "features.geojson").write_text("half")
    published.publish(tmp_path, {"youto": {"2026-04-01": "b"}})
    assert _snapshot(tmp_path).edition("youto").file("features.geojson").read_text() == "b"


class _Stopped(BaseException):
    """What a kill leaves behind: nothing after this line happened."""


@pytest.mark.parametrize("step", range(1, 7))
def test_a_publication_stopped_before_any_renaming_is_whole_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    published.publish(tmp_path, {"youto": {"2019-04-01": "a"}, "choudo": {"2019-04-01": "b"}})
    made = published.candidate(tmp_path, {"youto": {"2026-04-01": "c"}, "choudo": {"2026-04-01": "d"}})
    really, count = Path.replace, itertools.count(1)

    def stopping(self: Path, target: str | Path) -> Path:
        if next(count) == step:
            raise _Stopped
        return really(self, target)

    with monkeypatch.context() as patch, contextlib.suppress(_Stopped):
        patch.setattr(Path, "replace", stopping)
        publishing.publish(tmp_path, made, approved_by="2", approved_on=_on("2026-04-01"))
    live = _snapshot(tmp_path).release.number
    assert publishing.verify(tmp_path) == ()
    assert [_text(tmp_path, name) for name in ("youto", "choudo")] == (["a", "b"] if live == 1 else ["c", "d"])
    if live == 1:
        publishing.publish(tmp_path, made, approved_by="2", approved_on=_on("2026-04-01"))
        assert [_text(tmp_path, name) for name in ("youto", "choudo")] == ["c", "d"]


def _text(root: Path, name: str) -> str:
    return _snapshot(root).edition(name).file("features.geojson").read_text()


def test_a_new_candidate_sweeps_what_a_killed_build_left(tmp_path: Path) -> None:
    staging = publishing.begin_candidate(tmp_path)
    staging.edition_folder("youto", "2026-04-01")
    again = publishing.begin_candidate(tmp_path)
    assert list(again.folder.iterdir()) == []


def test_a_blocked_build_leaves_no_older_candidate_that_could_be_published(tmp_path: Path) -> None:
    published.candidate(tmp_path, {"youto": {"2026-04-01": "a"}})
    publishing.begin_candidate(tmp_path).abandon()
    with pytest.raises(PublishingError, match="公開案 1 はありません"):
        publishing.load_candidate(tmp_path, 1)


def test_candidate_numbers_are_never_used_twice(tmp_path: Path) -> None:
    numbers = []
    for _ in range(3):
        numbers.append(published.candidate(tmp_path, {"youto": {"2026-04-01": "a"}}).number)
        publishing.begin_candidate(tmp_path).abandon()
    assert len(set(numbers)) == 3


def test_a_reader_sees_a_replaced_catalogue_within_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published.publish(tmp_path, {"youto": {"2019-04-01": "a"}})
    now = [0.0]
    monkeypatch.setattr("gis_pipeline.catalog.time.monotonic", lambda: now[0])
    catalog = Catalog(tmp_path)
    first = catalog.snapshot()
    published.publish(tmp_path, {"youto": {"2020-04-01": "b"}})
    assert catalog.snapshot() is first
    now[0] = 1.01
    assert catalog.snapshot().release.number == 2
    assert first.edition("youto").edition.id == "2019-04-01"


def test_the_live_snapshot_survives_the_moment_in_which_the_tree_is_gone(tmp_path: Path) -> None:
    root = tmp_path / "published"
    published.publish(root, {"youto": {"2019-04-01": "a"}})
    catalog = Catalog(root)
    assert catalog.snapshot().release.number == 1
    shutil.move(root, tmp_path / "moved")
    catalog._looked_at = float("-inf")
    assert catalog.snapshot().release.number == 1
