"""What every member of gis_pipeline/formats/ that reads features promises, on one dataset in every format."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

import gis_pipeline.formats
from gis_pipeline.errors import MachizuError, MaterialError
from gis_pipeline.formats._files import LIMITS
from gis_pipeline.members import SourceTable
from gis_pipeline.model import Source
from gis_pipeline.plugins import members
from tests.formats.material import CODES, COUNTS, POINTS, STRINGS, WIDTHS, read_one, texts, write_every_format

VECTOR = {name: member for name, member in members(gis_pipeline.formats).items() if member.KIND == "vector"}
NO_CRS = {"csv"}
"""Formats that cannot say their CRS."""


@dataclass(frozen=True)
class Sample:
    """The dataset in the format of one member."""

    name: str
    member: ModuleType
    path: Path
    source: Source

    def read(self) -> SourceTable:
        return read_one(self.member, self.path, self.source)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Source]]:
    return write_every_format(tmp_path_factory.mktemp("edition"), tmp_path_factory.mktemp("scratch"))


@pytest.fixture(params=sorted(VECTOR))
def sample(request: pytest.FixtureRequest, files: dict[str, tuple[Path, Source]]) -> Iterator[Sample]:
    path, source = files[request.param]
    yield Sample(request.param, VECTOR[request.param], path, source)


def test_a_member_says_what_it_is(sample: Sample) -> None:
    assert sample.member.TITLE
    assert sample.path.suffix in sample.member.SUFFIXES
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in sample.member.SUFFIXES)


def test_no_two_members_open_the_same_suffix() -> None:
    suffixes = [suffix for member in members(gis_pipeline.formats).values() for suffix in member.SUFFIXES]
    assert len(suffixes) == len(set(suffixes))


def test_every_record_is_read(sample: Sample) -> None:
    assert len(sample.read().frame) == len(STRINGS)


def test_records_are_numbered_from_one(sample: Sample) -> None:
    index = sample.read().frame.index
    assert isinstance(index, pd.RangeIndex)
    assert list(index) == [1, 2, 3, 4]


def test_japanese_text_is_read_character_by_character(sample: Sample) -> None:
    assert texts(sample.read(), "名称") == STRINGS


def test_codes_keep_their_leading_zeros(sample: Sample) -> None:
    assert texts(sample.read(), "路線番号") == CODES


def test_whole_numbers_stay_whole(sample: Sample) -> None:
    assert texts(sample.read(), "棟数") == [None if count is None else str(count) for count in COUNTS]


def test_numbers_keep_their_value(sample: Sample) -> None:
    read = [None if text is None else float(text) for text in texts(sample.read(), "幅員")]
    assert read == WIDTHS


def test_coordinates_are_easting_northing_to_a_nanometre(sample: Sample) -> None:
    for shape, point in zip(sample.read().frame.geometry, POINTS, strict=True):
        if point is not None:
            easting_m, northing_m = point
            assert shape.x == pytest.approx(easting_m, rel=0, abs=1e-9)
            assert shape.y == pytest.approx(northing_m, rel=0, abs=1e-9)


def test_a_record_without_geometry_stays_in_its_place_and_is_reported(sample: Sample) -> None:
    table = sample.read()
    assert [shape is None for shape in table.frame.geometry] == [False, False, True, False]
    assert [finding.record for finding in table.findings if "形のない地物" in finding.message] == [3]


def test_the_crs_is_what_the_file_says(sample: Sample) -> None:
    assert sample.read().crs == (None if sample.name in NO_CRS else "EPSG:6677")


def test_the_geometry_is_left_without_a_crs_of_its_own(sample: Sample) -> None:
    assert sample.read().frame.crs is None


def test_the_file_is_named_relative_to_the_edition(sample: Sample) -> None:
    assert sample.read().file == sample.path.name


def test_reading_leaves_the_folder_as_it_was(sample: Sample) -> None:
    before = _state(sample.path.parent)
    sample.read()
    assert _state(sample.path.parent) == before


def test_reading_twice_gives_the_same(sample: Sample) -> None:
    first, second = sample.read(), sample.read()
    pd.testing.assert_frame_equal(pd.DataFrame(first.frame), pd.DataFrame(second.frame))
    assert first.findings == second.findings


def test_a_layer_that_is_not_there_is_refused_with_those_that_are(sample: Sample) -> None:
    asked = sample.source.model_copy(update={"layer": "用途"})
    with pytest.raises(
        MaterialError, match=f"{sample.path.name}: レイヤ「用途」はありません。このファイルのレイヤ: .+。"
    ):
        list(sample.member.read(sample.path, sample.path.name, asked))


def test_an_empty_file_is_refused_by_name(sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / sample.path.name
    path.write_bytes(b"")
    with pytest.raises(MaterialError, match=f"^{path.name}: 空のファイルです"):
        read_one(sample.member, path, sample.source)


def test_a_missing_file_is_refused_by_name(sample: Sample, tmp_path: Path) -> None:
    with pytest.raises(MaterialError, match=r"無い.*: ファイルがありません"):
        read_one(sample.member, tmp_path / f"無い{sample.path.suffix}", sample.source)


def test_a_folder_with_the_suffix_of_a_file_is_refused(sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / sample.path.name
    path.mkdir()
    with pytest.raises(MaterialError, match="ふつうのファイルではありません"):
        read_one(sample.member, path, sample.source)


def test_a_link_out_of_the_edition_is_refused(sample: Sample, tmp_path: Path) -> None:
    link = tmp_path / sample.path.name
    link.symlink_to(sample.path)
    with pytest.raises(MaterialError, match="資料のフォルダの外を指すリンクです"):
        read_one(sample.member, link, sample.source)


def test_a_file_past_the_size_limit_is_refused_before_it_is_read(sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / sample.path.name
    path.write_bytes(sample.path.read_bytes())
    with path.open("r+b") as file:
        file.truncate(LIMITS.file_bytes + 1)
    with pytest.raises(MaterialError, match="ファイルが大きすぎます"):
        read_one(sample.member, path, sample.source)


@pytest.mark.parametrize("seed", range(12))
def test_damaged_bytes_never_end_in_anything_but_an_error_of_ours(sample: Sample, seed: int, tmp_path: Path) -> None:
    for side in sample.path.parent.glob(f"{sample.path.stem}.*"):
        (tmp_path / side.name).write_bytes(side.read_bytes())
    chance = random.Random(seed)
    victim = chance.choice(sorted(tmp_path.iterdir()))
    data = bytearray(victim.read_bytes())
    for _ in range(chance.choice([1, 8, 64])):
        data[chance.randrange(len(data))] = chance.randrange(256)
    victim.write_bytes(data[: chance.randrange(1, len(data))] if seed % 3 == 0 else data)
    try:
        table = read_one(sample.member, tmp_path / sample.path.name, sample.source)
    except MachizuError:
        return
    assert list(table.frame.index) == list(range(1, len(table.frame) + 1))


def _state(folder: Path) -> dict[str, tuple[str, int]]:
    """Every file's hash and modification time."""
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.iterdir())
    }
