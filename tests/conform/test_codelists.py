"""The facts of the code lists, held against a second writing of them: the table of the domain as text."""

from __future__ import annotations

import pytest

from gis_pipeline.codelists import CODE_LISTS, USE_DISTRICTS, rate_of

# code | older | name | stamp | 建蔽率 | 容積率 | colour J (r,g,b) | colour S (r,g,b)
TABLE = """\
1|11|第一種低層住居専用地域|1種低住|30 40 50 60|50 60 80 100 150 200|173,255,214|0,255,153
2|12|第二種低層住居専用地域|2種低住|30 40 50 60|50 60 80 100 150 200|165,247,198|0,85,46
3|21|第一種中高層住居専用地域|1種中高|30 40 50 60|100 150 200 300 400 500|206,247,132|146,208,80
4|22|第二種中高層住居専用地域|2種中高|30 40 50 60|100 150 200 300 400 500|66,255,66|204,255,153
5|31|第一種住居地域|1種住|50 60 80|100 150 200 300 400 500|255,255,189|255,255,102
6|32|第二種住居地域|2種住|50 60 80|100 150 200 300 400 500|255,214,173|255,204,153
7|40|準住居地域|準住居|50 60 80|100 150 200 300 400 500|255,222,0|255,204,102
8|45|田園住居地域|田園住居|30 40 50 60|50 60 80 100 150 200||215,235,110
9|51|近隣商業地域|近隣商業|60 80|100 150 200 300 400 500|255,231,247|255,102,204
10|52|商業地域|商業|80|200 300 400 500 600 700 800 900 1000 1100 1200 1300|255,189,222|255,0,102
11|61|準工業地域|準工|50 60 80|100 150 200 300 400 500|206,198,255|153,0,255
12|62|工業地域|工業|50 60|100 150 200 300 400|231,247,255|204,255,255
13|63|工業専用地域|工業専用|30 40 50 60|100 150 200 300 400|165,214,255|51,204,255
0|71|指定なし||30 40 50 60 70|50 80 100 200 300 400||
"""


def hexadecimal(colour: str) -> str | None:
    return "#" + bytes(int(part) for part in colour.split(",")).hex() if colour else None


@pytest.mark.parametrize("row", TABLE.splitlines())
def test_a_district_is_what_the_table_says(row: str) -> None:
    code, older, name, stamp, coverage, floor_area, colour_j, colour_s = row.split("|")
    district = CODE_LISTS["i-ur"][code]
    assert CODE_LISTS["two-digit"][older] is district
    assert (district.name, district.stamp) == (name, stamp)
    assert " ".join(map(str, district.legal_percent("建蔽率"))) == coverage
    assert " ".join(map(str, district.legal_percent("容積率"))) == floor_area
    assert (district.colour_j, district.colour_s) == (hexadecimal(colour_j), hexadecimal(colour_s))


def test_there_are_thirteen_districts_and_land_without_one() -> None:
    assert list(USE_DISTRICTS) == [CODE_LISTS["i-ur"][str(code)] for code in (*range(1, 14), 0)]


def test_the_lists_disagree_on_exactly_the_codes_that_make_the_trap() -> None:
    iur, ksj = CODE_LISTS["i-ur"], CODE_LISTS["ksj-a29"]
    assert sorted(int(code) for code in set(iur) & set(ksj) if iur[code] is not ksj[code]) == [8, 9, 10, 11, 12]
    assert [ksj[code].name for code in ("8", "9", "10", "11", "12", "21", "99")] == [
        "近隣商業地域",
        "商業地域",
        "準工業地域",
        "工業地域",
        "工業専用地域",
        "田園住居地域",
        "不明",
    ]


def test_the_district_that_has_no_paper_colour_takes_the_second_set() -> None:
    assert CODE_LISTS["i-ur"]["8"].colour == "#d7eb6e"


@pytest.mark.parametrize(
    ("names", "rate"),
    [
        (("建蔽率",), "建蔽率"),
        (("建ぺい率", "BCR"), "建蔽率"),
        (("率", "buildingCoverageRate"), "建蔽率"),
        (("指定容積率",), "容積率"),
        (("緑化率",), None),
        (("建蔽率・容積率",), None),
    ],
)
def test_a_field_is_a_legal_rate_by_its_name(names: tuple[str, ...], rate: str | None) -> None:
    assert rate_of(*names) == rate
