"""図郭 codes: the rectangle of a code contains the points whose code it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_pipeline.errors import DeclarationError
from gis_pipeline.sheets import LEVELS, sheet_bounds, sheet_code

KNOWN = [  # northing X, easting Y in zone IX, and the codes at levels 2500, 1000, 500, 250
    (-28064.2, -51212.1, ("09KC971", "09KC971A", "09KC9731", "09KC97HD")),
    (-25998.0, -55755.0, ("09KC863", "09KC863A", "09KC8660", "09KC86NB")),
    (-35367.2, -5995.2, ("09LD184", "09LD183C", "09LD1875")),
]


@pytest.mark.parametrize(("northing", "easting", "codes"), KNOWN)
def test_known_places_lie_on_their_known_sheets(northing: float, easting: float, codes: tuple[str, ...]) -> None:
    levels = (2500, 1000, 500, 250)
    assert tuple(sheet_code(9, level, easting, northing) for level in levels[: len(codes)]) == codes


@given(
    zone=st.integers(1, 19),
    level=st.sampled_from(LEVELS),
    easting_mm=st.integers(-160_000_000, 159_999_999),
    northing_mm=st.integers(-299_999_999, 300_000_000),
)
def test_a_point_lies_on_the_sheet_of_its_code(zone: int, level: int, easting_mm: int, northing_mm: int) -> None:
    easting, northing = easting_mm / 1000, northing_mm / 1000
    bounds = sheet_bounds(sheet_code(zone, level, easting, northing))
    assert (bounds.zone, bounds.level) == (zone, level)
    assert bounds.west_m <= easting < bounds.east_m
    assert bounds.south_m < northing <= bounds.north_m


@pytest.mark.parametrize("level", LEVELS[1:])
def test_every_level_is_a_paper_of_800_by_600_mm(level: int) -> None:
    bounds = sheet_bounds(sheet_code(9, level, -51212.1, -28064.2))
    assert (bounds.east_m - bounds.west_m) / level == pytest.approx(0.8)
    assert (bounds.north_m - bounds.south_m) / level == pytest.approx(0.6)


def test_the_south_and_east_edges_belong_to_the_next_sheets() -> None:
    bounds = sheet_bounds("09KC971")
    assert sheet_code(9, 2500, bounds.east_m, bounds.north_m) == "09KC972"
    assert sheet_code(9, 2500, bounds.west_m, bounds.south_m) == "09KC973"


def test_the_four_quarters_tile_their_parent() -> None:
    parent = sheet_bounds("09KC97")
    quarters = [sheet_bounds(f"09KC97{n}") for n in "1234"]
    assert sum((q.east_m - q.west_m) * (q.north_m - q.south_m) for q in quarters) == 3000 * 4000
    assert (min(q.west_m for q in quarters), max(q.north_m for q in quarters)) == (parent.west_m, parent.north_m)


@pytest.mark.parametrize("code", ["", "09", "20KC971", "00KC97", "09ZC971", "09KI97", "09KC975", "09kc971", "09KC97１"])
def test_what_is_no_sheet_code_is_refused(code: str) -> None:
    with pytest.raises(DeclarationError, match="図郭番号"):
        sheet_bounds(code)
