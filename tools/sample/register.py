"""町道台帳: the town's roads with the entries of the road register (道路台帳調書)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import shapely

from tools.sample.frame import chance, lines_of, sheet_at
from tools.sample.layout import TOWN, RoadKind
from tools.sample.lots import AZA_NUMBERS, lots, place_at
from tools.sample.streets import Road, network

GRADES: dict[RoadKind, str] = {"first": "1級", "second": "2級", "other": "その他", "foot": "その他"}
ARTICLE_42 = {
    "1": "42条1項1号（道路法による道路・幅員4m以上）",
    "10": "42条1項2号（開発許可等による道路）",
    "14": "42条2項",
    "9000": "未調査",
    "9010": "対象外（歩行者専用）",
}
"""Codes after PLATEAU's list, and 1 for a road of the 道路法 that is 4 m or wider."""


@dataclass(frozen=True)
class TownRoad:
    """One 町道: `line` in block metres inside the town; lengths and widths in metres; dates in 和暦."""

    number: str
    name: str
    road: Road
    line: shapely.LineString
    entries: dict[str, str | float | None]


@cache
def register() -> tuple[TownRoad, ...]:
    """Every 町道, by route number. 県道, 私道 and 農道 are not in the register."""
    roads = [entry for road in network()[0] if (entry := _inside(road)) is not None]
    tree = shapely.STRtree([lot.shape for lot in lots()])
    counts: dict[str, int] = {}
    found = []
    for road, line in roads:
        centre = line.interpolate(0.5, normalized=True)
        aza = place_at(centre.x, centre.y).aza
        series = road.kind if road.kind in ("first", "second") else aza
        counts[series] = counts.get(series, 0) + 1
        rank = counts[series]
        number = {"first": f"{rank:04d}", "second": f"{100 + rank:04d}"}.get(
            series, f"{AZA_NUMBERS.get(aza, 0) * 1000 + rank:04d}"
        )
        name = road.name or (f"{aza}緑道{rank}号線" if road.kind == "foot" else f"{aza}{rank}号線")
        found.append(TownRoad(number, name, road, line, _entries(number, road, line, tree)))
    return tuple(sorted(found, key=lambda item: item.number))


def _inside(road: Road) -> tuple[Road, shapely.LineString] | None:
    if road.kind not in GRADES:
        return None
    parts = lines_of(shapely.intersection(road.line, TOWN.buffer(-1.0)))
    longest = max(parts, key=lambda part: part.length, default=None)
    return (road, longest) if longest is not None and longest.length >= 30 else None


def _entries(number: str, road: Road, line: shapely.LineString, tree: shapely.STRtree) -> dict[str, str | float | None]:
    luck = chance("register", number)
    length = round(line.length, 1)
    shared = round(luck.uniform(5, 12), 1) if luck.random() < 0.08 and length > 120 else 0.0
    unopened = round(length * 0.2, 1) if road.planned and luck.random() < 0.5 else 0.0
    widest = round(road.width_m + luck.choice((0.0, 0.2, 0.5, 1.0, 2.4)), 1)
    narrowest = round(road.width_m - luck.choice((0.0, 0.0, 0.1, 0.3, 0.6)), 1)
    code = _article_42(road, narrowest, luck)
    certified, opened = _notices(luck)
    return {
        "KYUBETSU": GRADES[road.kind],
        "KITEN": _lot_near(line.interpolate(0.0), tree),
        "SHUTEN": _lot_near(line.interpolate(1.0, normalized=True), tree),
        "KEIYUCHI": _lot_near(line.interpolate(0.5, normalized=True), tree) if length > 400 else None,
        "SO_ENCHO": length,
        "JUFUKU": shared,
        "MIKYOYO": unopened,
        "JITSU_EN": round(length - shared - unopened, 1),
        "FUKU_MAX": widest,
        "FUKU_MIN": narrowest,
        "FUKU_DAI": round(road.width_m, 1),
        "FUKU_SYU": "認定幅員",
        **certified,
        **opened,
        "ROMEN": _surface(road, luck),
        "KIJUNHO": code,
        "KIJUN_N": ARTICLE_42[code],
        "ZUBAN": sheet_at(line.interpolate(0.5, normalized=True)),
        "CHOSA": None if code == "9000" else luck.choice(("令和5年11月", "令和6年2月", "令和6年10月")),
    }


def _article_42(road: Road, narrowest_m: float, luck: random.Random) -> str:
    """A road of the 道路法 is 42条1項1号 only where it is 4 m or wider; narrower it is 2項, or nobody looked yet."""
    if road.kind == "foot":
        return "9010"
    if narrowest_m < 4.0:
        return "9000" if luck.random() < 0.25 else "14"
    return "9000" if luck.random() < 0.04 else "10" if luck.random() < 0.08 else "1"


def _surface(road: Road, luck: random.Random) -> str:
    if road.width_m < 3.0:
        return luck.choice(("コンクリート舗装", "砂利道"))
    return "インターロッキング" if road.kind == "foot" else "アスファルト舗装"


def _notices(luck: random.Random) -> tuple[dict[str, str | float | None], dict[str, str | float | None]]:
    """認定, 区域決定 and 供用開始: three dates, in the spellings that real registers mix."""
    era, year = luck.choice((("昭和", 49), ("昭和", 58), ("平成", 4), ("平成", 17), ("令和", 3)))
    month, day = luck.choice(((3, 22), (6, 30), (9, 25), (12, 20)))
    short = {"昭和": "S", "平成": "H", "令和": "R"}[era]
    spelt = f"{era}{year}年{month}月{day}日" if luck.random() < 0.7 else f"{short}{year}.{month}.{day}"
    number = luck.randint(4, 60)
    later = f"{era}{year + 1}年4月1日"
    return (
        {"NINTEI_D": spelt, "NINTEI_N": f"見本町告示第{number}号"},
        {
            "KUIKI_D": spelt,
            "KUIKI_N": f"見本町告示第{number + 1}号",
            "KYOYO_D": later,
            "KYOYO_N": f"見本町告示第{number % 9 + 2}号",
        },
    )


def _lot_near(point: shapely.Point, tree: shapely.STRtree) -> str:
    lot = lots()[int(tree.nearest(point))]
    prefix = "" if lot.place.aza.endswith("丁目") else "大字"
    return f"{prefix}{lot.place.aza}{lot.number}番地先"


def roads_by_kind(kinds: frozenset[RoadKind]) -> Iterator[Road]:
    """The roads of some kinds, in the order of the network."""
    return (road for road in network()[0] if road.kind in kinds)
