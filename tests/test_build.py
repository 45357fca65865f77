"""From folder to candidate: what is built, what is left alone, and what a failure leaves behind."""

from __future__ import annotations

import getpass
import json
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest

from gis_pipeline.catalog import Catalog
from gis_pipeline.errors import DeclarationError, MachineError, UnknownEdition
from gis_pipeline.model import Change
from gis_pipeline.publishing import locked, verify
from tests import town as towns
from tests.town import Town, feature, messages, square


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def _differences(changes: tuple[Change, ...]) -> dict[str, str]:
    return {change.collection: f"{change.kind} {change.edition}" for change in changes}


def _candidate_differences(town: Town) -> dict[str, str]:
    candidate = town.build().candidate
    return _differences(candidate.differences) if candidate else {}


def test_a_first_build_makes_a_candidate_of_everything(town: Town) -> None:
    assert _candidate_differences(town) == {
        "choiki": "new 2026-04-01",
        "choudo": "new 2026-04-01",
        "youto": "new 2026-04-01",
    }


def test_values_arrive_as_declared(town: Town) -> None:
    town.publish()
    published = Catalog(town.folders.published).snapshot().edition("youto")
    features = json.loads(published.file("features.geojson").read_bytes())["features"]
    assert [one["properties"] for one in features] == [
        {"no": "01", "youto": "1", "youto_name": "第一種低層住居専用地域", "kenpei": 50, "yoseki": 100},
        {"no": "02", "youto": "10", "youto_name": "商業地域", "kenpei": 80, "yoseki": 400},
    ]


def test_other_users_may_read_what_is_published(town: Town) -> None:
    """Folders of mode 0700, as `mkdtemp` makes them, could not be served by another user."""
    town.publish()
    root = town.folders.published
    live = [root / "catalog.json", *(root / "collections").rglob("*")]
    assert [path for path in live if not path.stat().st_mode & 0o004] == []
    assert [path for path in live if path.is_dir() and not path.stat().st_mode & 0o001] == []


def test_nothing_changed_means_no_candidate(town: Town) -> None:
    town.publish()
    assert town.build().candidate is None


def test_reading_leaves_the_source_byte_identical(town: Town) -> None:
    def state() -> dict[str, tuple[bytes, int]]:
        files = [path for path in town.folders.source.rglob("*") if path.is_file()]
        return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    before = state()
    town.build()
    assert state() == before


def test_a_changed_attribute_makes_a_correction_of_that_collection_only(town: Town) -> None:
    town.publish()
    changed = [feature(square(100, 100, 300), no="01", youto="1", kenpei=60, yoseki=100), towns.DISTRICTS[1]]
    town.collection("youto", towns.YOUTO, changed)
    candidate = town.build().candidate
    assert candidate is not None
    assert _differences(candidate.differences) == {"youto": "corrected 2026-04-01.2"}
    [change] = candidate.differences
    assert (change.added, change.removed, change.changed, change.moved) == (0, 0, 1, 0)
    assert change.examples == ("属性 01",)


def test_a_new_colour_rebuilds_nothing(town: Town) -> None:
    town.publish()
    before = town.live()
    town.write("youto/collection.toml", towns.YOUTO.replace("#adffd6", "#00ff99"))
    assert _candidate_differences(town) == {"youto": "restyled 2026-04-01"}
    town.publish()
    after = town.live()
    editions = [name for name in before if name.startswith("collections/")]
    assert {name: after[name] for name in editions} == {name: before[name] for name in editions}


def test_a_new_folder_is_a_new_edition(town: Town) -> None:
    town.publish()
    moved = [feature(square(100, 100, 310), no="01", youto="1", kenpei=50, yoseki=100)]
    town.collection("youto", towns.YOUTO, [*moved, towns.DISTRICTS[1]], edition="2026-10-01")
    candidate = town.build().candidate
    assert candidate is not None
    [change] = candidate.differences
    assert (change.edition, change.kind, change.moved) == ("2026-10-01", "new", 1)


def test_an_older_edition_is_corrected_only_when_it_is_named(town: Town) -> None:
    town.collection("youto", towns.YOUTO, towns.DISTRICTS[:1], edition="2020-04-01")
    town.publish()
    town.collection("youto", towns.YOUTO, towns.DISTRICTS, edition="2020-04-01")
    outcome = town.build()
    assert outcome.candidate is None
    assert any("作り直していません" in line and "--edition 2020-04-01" in line for line in messages(outcome, "warn"))
    named = town.build(editions=("youto@2020-04-01",)).candidate
    assert named is not None
    assert _differences(named.differences) == {"youto": "corrected 2020-04-01.2"}


def test_one_blocking_finding_and_there_is_nothing_to_publish(town: Town) -> None:
    town.publish()
    before = town.live()
    town.collection("choudo", towns.ROADS, towns.ROUTES[:1], edition="2026-10-01")
    bad = feature(square(100, 100, 300), no="01", youto="宇宙地域", kenpei=50, yoseki=100)
    town.collection("youto", towns.YOUTO, [bad, towns.DISTRICTS[1]])
    outcome = town.build()
    assert outcome.candidate is None
    assert any("宇宙地域" in line for line in messages(outcome))
    assert town.live() == before


def test_leaving_a_collection_out_is_said_by_naming_the_others(town: Town) -> None:
    town.publish()
    town.collection("choudo", towns.ROADS, towns.ROUTES[:1], edition="2026-10-01")
    town.write("youto/2026-04-01/youto.geojson", "{")
    candidate = town.build("choudo").candidate
    assert candidate is not None
    assert _differences(candidate.differences) == {"choudo": "new 2026-10-01"}


def test_a_name_that_is_not_declared_is_told(town: Town) -> None:
    with pytest.raises(DeclarationError, match="choiki、choudo、youto"):
        town.build("yoto")


def test_checking_makes_no_candidate(town: Town) -> None:
    outcome = town.build(check_only=True)
    assert outcome.candidate is None
    assert "点検結果" in outcome.report_path.read_text(encoding="utf-8")
    assert not any((town.folders.published / "candidates").glob("[0-9]*"))


def test_a_collection_no_longer_declared_is_not_in_force_but_its_editions_answer(town: Town) -> None:
    town.publish()
    for path in sorted((town.folders.source / "choudo").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (town.folders.source / "choudo").rmdir()
    assert _candidate_differences(town) == {"choudo": "removed 2026-04-01"}
    town.publish()
    snapshot = Catalog(town.folders.published).snapshot()
    assert [entry.declaration.id for entry in snapshot.collections()] == ["choiki", "youto"]
    with pytest.raises(UnknownEdition):
        snapshot.edition("choudo")
    assert snapshot.edition("choudo", edition_id="2026-04-01").edition.count == 2


def test_districts_that_overlap_or_leave_a_gap_are_all_published_as_drawn(town: Town) -> None:
    """Two that overlap, one apart: nothing is cut, joined or left out on the way."""
    squares = [square(100, 100, 300), square(350, 100, 300), square(800, 100, 100)]
    drawn = [feature(one, no=f"{n:02d}", youto="1", kenpei=50, yoseki=100) for n, one in enumerate(squares, 1)]
    town.collection("youto", towns.YOUTO, drawn)
    town.publish()
    published = Catalog(town.folders.published).snapshot().edition("youto")
    areas_m2 = pyogrio.read_dataframe(published.file("features.gpkg")).area
    assert areas_m2.round(6).tolist() == [300.0**2, 300.0**2, 100.0**2]


def test_several_files_of_an_edition_are_one_collection_in_every_output(town: Town) -> None:
    """Deliveries by district: one file each."""
    declared = towns.YOUTO.replace('"pmtiles"]', '"pmtiles", "flatgeobuf", "geoparquet", "csv"]')
    town.collection("youto", declared, towns.DISTRICTS[:1])
    towns.write_features(town.folders.source / "youto/2026-04-01/east/youto.geojson", towns.DISTRICTS[1:])
    town.publish()
    published = Catalog(town.folders.published).snapshot().edition("youto")
    for name in ("features.geojson", "features.gpkg", "features.fgb"):
        assert sorted(pyogrio.read_dataframe(published.file(name))["no"]) == ["01", "02"], name
    assert sorted(gpd.read_parquet(published.file("features.parquet"))["no"]) == ["01", "02"]
    assert len(published.file("features.csv").read_text(encoding="utf-8-sig").splitlines()) == 3


def test_an_edition_that_extends_another_replaces_and_removes_by_id(town: Town) -> None:
    town.publish()
    wider = feature(square(100, 100, 320), no="01", youto="1", kenpei=60, yoseki=100)
    town.collection("youto", towns.YOUTO, [wider], edition="2026-10-01")
    town.write("youto/2026-10-01/edition.toml", 'extends = "2026-04-01"\n')
    town.publish()
    snapshot = Catalog(town.folders.published).snapshot()
    document = json.loads(snapshot.edition("youto", edition_id="2026-10-01").file("features.geojson").read_bytes())
    assert {one["id"]: one["properties"]["kenpei"] for one in document["features"]} == {"01": 60, "02": 80}


def test_an_unknown_output_is_a_declaration_error_that_lists_the_known(town: Town) -> None:
    town.write("youto/collection.toml", towns.YOUTO.replace('"pmtiles"]', '"shapfile"]'))
    with pytest.raises(DeclarationError, match=r"shapfile.*geojson"):
        town.build()


def test_nothing_of_this_machine_is_published(town: Town) -> None:
    town.publish()
    names = [str(town.folders.source.parent), socket.gethostname()]
    names += [f"/{getpass.getuser()}/"]
    for name, content in town.live().items():
        for needle in names:
            assert needle.encode() not in content, name


def test_what_was_published_verifies(town: Town) -> None:
    town.publish()
    assert verify(town.folders.published) == ()


def test_the_same_material_gives_the_same_data(tmp_path: Path) -> None:
    """Two builds in two places: every data file is byte-identical."""
    first, second = Town(tmp_path / "a"), Town(tmp_path / "b")
    first.publish()
    second.publish()

    def data(town: Town) -> dict[str, bytes]:
        return {name: content for name, content in town.live().items() if name.endswith((".geojson", ".pmtiles"))}

    assert data(first) == data(second)
    assert data(first)


# ------------------------------------------------------------------ failures


def _command(town: Town, *arguments: str) -> list[str]:
    folders = town.folders
    paths = ["--source", str(folders.source), "--published", str(folders.published), "--work", str(folders.work)]
    return [sys.executable, "-m", "gis_pipeline.cli", *arguments, *paths]


def test_a_second_build_at_once_is_told_so(town: Town) -> None:
    town.publish()
    with locked(town.folders.published):
        result = subprocess.run(_command(town, "build"), check=False, capture_output=True, text=True, timeout=60)
    assert result.returncode == 3
    assert "別の machizu が書き込み中です" in result.stderr


def test_killed_at_any_moment_the_live_release_stays_and_the_next_build_works(town: Town) -> None:
    town.publish()
    before = town.live()
    town.collection("youto", towns.YOUTO, towns.DISTRICTS[:1], edition="2026-10-01")
    started = time.monotonic()
    subprocess.run(_command(town, "check"), capture_output=True, timeout=120, check=True)
    whole = time.monotonic() - started
    for n in range(6):
        process = subprocess.Popen(_command(town, "build"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(whole * (0.4 + 0.15 * n))
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        assert town.live() == before
        assert Catalog(town.folders.published).snapshot().edition("youto").file("features.geojson").exists()
    assert town.build().candidate is not None
    assert [path.name for path in (town.folders.published / "candidates").iterdir() if path.name == ".building"] == []


@pytest.mark.parametrize("limit", [0, 512, 20_000])
def test_a_full_disk_ends_in_a_sentence_and_changes_nothing(town: Town, limit: int) -> None:
    """No file may grow beyond `limit` bytes: writing fails as it does on a full disk."""
    town.publish()
    before = town.live()
    town.collection("youto", towns.YOUTO, towns.DISTRICTS[:1], edition="2026-10-01")

    def full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    result = subprocess.run(
        _command(town, "build"), check=False, capture_output=True, text=True, timeout=120, preexec_fn=full
    )
    assert result.returncode == 3, result.stderr
    assert "Traceback" not in result.stderr
    assert town.live() == before
    assert town.build().candidate is not None


def test_a_tree_that_cannot_be_written_is_a_machine_error(town: Town) -> None:
    town.folders.published.write_text("a file where a folder should be")
    with pytest.raises(MachineError, match="書き込めません"):
        town.build()
