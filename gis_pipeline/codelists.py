"""用途地域: the code lists that collide, the names, the stamps, the legal rates and the customary colours.

Facts only. Three lists use the same numbers for different districts (8–12 differ between "i-ur" and "ksj-a29"),
so a declaration names its list and nothing here guesses one.

Sources: 都市計画法8条・9条 (the districts); 建築基準法52条1項 and 53条1項 (the legal rates); i-UR / 国土数値情報 A55
("i-ur"); 国土数値情報 A29 ("ksj-a29"). Stamps and colours are customary: no published RGB standard exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

CodeListName = Literal["i-ur", "two-digit", "ksj-a29"]
RateName = Literal["建蔽率", "容積率"]


@dataclass(frozen=True)
class UseDistrict:
    """One kind of 用途地域.

    `coverage_percent` (建蔽率) and `floor_area_percent` (容積率) are the values the law lets a plan choose from, in
    percent; empty where the law names none. `colour_j` is close to the paper 都市計画図, `colour_s` the second
    customary set; "#rrggbb" or None. `aliases` are short forms in use, written with ASCII digits, without 第 and 地域.
    """

    name: str
    stamp: str
    coverage_percent: tuple[int, ...]
    floor_area_percent: tuple[int, ...]
    colour_j: str | None
    colour_s: str | None
    aliases: tuple[str, ...] = ()

    def legal_percent(self, rate: RateName) -> tuple[int, ...]:
        """The legal values of one rate, in percent."""
        return self.coverage_percent if rate == "建蔽率" else self.floor_area_percent

    @property
    def colour(self) -> str | None:
        """The customary colour: J, or S where J has none (田園住居地域)."""
        return self.colour_j or self.colour_s


_LOW = (50, 60, 80, 100, 150, 200)
_MIDDLE = (100, 150, 200, 300, 400, 500)
_INDUSTRY = (100, 150, 200, 300, 400)
_COMMERCE = tuple(range(200, 1400, 100))

_ROWS = (
    UseDistrict("第一種低層住居専用地域", "1種低住", (30, 40, 50, 60), _LOW, "#adffd6", "#00ff99",
                ("1低専", "1種低専", "1種低層", "1低", "1低層")),
    UseDistrict("第二種低層住居専用地域", "2種低住", (30, 40, 50, 60), _LOW, "#a5f7c6", "#00552e",
                ("2低専", "2種低専", "2種低層", "2低", "2低層")),
    UseDistrict("第一種中高層住居専用地域", "1種中高", (30, 40, 50, 60), _MIDDLE, "#cef784", "#92d050",
                ("1中高", "1中専", "1種中専", "1種中高層", "1中高層", "1中高専")),
    UseDistrict("第二種中高層住居専用地域", "2種中高", (30, 40, 50, 60), _MIDDLE, "#42ff42", "#ccff99",
                ("2中高", "2中専", "2種中専", "2種中高層", "2中高層", "2中高専")),
    UseDistrict("第一種住居地域", "1種住", (50, 60, 80), _MIDDLE, "#ffffbd", "#ffff66", ("1住", "1住居")),
    UseDistrict("第二種住居地域", "2種住", (50, 60, 80), _MIDDLE, "#ffd6ad", "#ffcc99", ("2住", "2住居")),
    UseDistrict("準住居地域", "準住居", (50, 60, 80), _MIDDLE, "#ffde00", "#ffcc66", ("準住",)),
    UseDistrict("田園住居地域", "田園住居", (30, 40, 50, 60), _LOW, None, "#d7eb6e", ("田住", "田園")),
    UseDistrict("近隣商業地域", "近隣商業", (60, 80), _MIDDLE, "#ffe7f7", "#ff66cc", ("近商",)),
    UseDistrict("商業地域", "商業", (80,), _COMMERCE, "#ffbdde", "#ff0066"),
    UseDistrict("準工業地域", "準工", (50, 60, 80), _MIDDLE, "#cec6ff", "#9900ff"),
    UseDistrict("工業地域", "工業", (50, 60), _INDUSTRY, "#e7f7ff", "#ccffff"),
    UseDistrict("工業専用地域", "工業専用", (30, 40, 50, 60), _INDUSTRY, "#a5d6ff", "#33ccff", ("工専",)),
)  # fmt: skip

NO_DISTRICT = UseDistrict(
    "指定なし",
    "",
    (30, 40, 50, 60, 70),
    (50, 80, 100, 200, 300, 400),
    None,
    None,
    ("無指定", "未指定", "指定無し", "用途地域の指定なし", "用途地域の指定のない区域", "用途地域の指定のない地域"),
)
"""Land without a use district (建築基準法52条1項8号, 53条1項6号: the 特定行政庁 chooses the rates)."""

UNKNOWN_DISTRICT = UseDistrict("不明", "不明", (), (), None, None)
"""国土数値情報 A29 code 99."""

USE_DISTRICTS: tuple[UseDistrict, ...] = (*_ROWS, NO_DISTRICT)
"""The thirteen districts in the order of 都市計画法9条, then land without one."""


def _list(codes: tuple[int, ...]) -> dict[str, UseDistrict]:
    return {str(code): district for code, district in zip(codes, _ROWS, strict=True)}


CODE_LISTS: Mapping[CodeListName, Mapping[str, UseDistrict]] = MappingProxyType(
    {
        "i-ur": MappingProxyType({**_list(tuple(range(1, 14))), "0": NO_DISTRICT}),
        "two-digit": MappingProxyType(
            {**_list((11, 12, 21, 22, 31, 32, 40, 45, 51, 52, 61, 62, 63)), "71": NO_DISTRICT}
        ),
        "ksj-a29": MappingProxyType(
            {**_list((1, 2, 3, 4, 5, 6, 7, 21, 8, 9, 10, 11, 12)), "99": UNKNOWN_DISTRICT}
        ),
    }
)  # fmt: skip
"""Code (decimal text without leading zeros) → district, per list."""


def rate_of(*names: str) -> RateName | None:
    """Which of the two rates a field holds, by its title and column names; None if neither (or both)."""
    text = " ".join(names)
    coverage = any(word in text for word in ("建蔽", "建ぺい", "建ペイ", "BCR", "buildingCoverageRate"))
    floor_area = any(word in text for word in ("容積", "FAR", "floorAreaRate"))
    if coverage == floor_area:
        return None
    return "建蔽率" if coverage else "容積率"
