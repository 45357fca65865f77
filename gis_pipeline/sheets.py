"""図郭: codes of the 国土基本図 sheets and their rectangles in the plane of their zone.

Sources: domain rules of 国土基本図図式; X is north and Y is east, area X +300 km … -300 km, Y -160 … +160 km.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gis_pipeline.errors import DeclarationError

LEVELS = (50000, 5000, 2500, 1000, 500, 250)
NORTH_EDGE_M, WEST_EDGE_M = 300_000, -160_000
_CODE = re.compile(
    r"^(?P<zone>0[1-9]|1\d)(?P<row50>[A-T])(?P<col50>[A-H])"
    r"((?P<row5>\d)(?P<col5>\d)((?P<quarter>[1-4])|(?P<row1>[0-4])(?P<col1>[A-E])"
    r"|(?P<row05>\d)(?P<col05>\d)|(?P<row025>[A-T])(?P<col025>[A-T]))?)?$"
)


@dataclass(frozen=True)
class SheetBounds:
    """The rectangle of one sheet, metres in the frame of plane `zone` (1–19); half-open: its south and east
    edges belong to the next sheets."""

    zone: int
    level: int
    west_m: float
    south_m: float
    east_m: float
    north_m: float

    @property
    def epsg(self) -> str:
        """The JGD2011 frame of the zone: EPSG:6669 (I) … EPSG:6687 (XIX)."""
        return f"EPSG:{6668 + self.zone}"


def sheet_bounds(code: str) -> SheetBounds:
    """The rectangle of a sheet code such as 09KC971; raises DeclarationError if it is none.

    The old level-1250 code (two digits 1–4) collides with level 500 and is read as level 500.
    """
    match = _CODE.match(code)
    if match is None:
        raise DeclarationError(f"図郭番号「{code}」は国土基本図の番号ではありません。例: 09KC971 (地図情報レベル 2500)")
    part = match.groupdict()
    north = NORTH_EDGE_M - 30_000 * (ord(part["row50"]) - ord("A"))
    west = WEST_EDGE_M + 40_000 * (ord(part["col50"]) - ord("A"))
    level, height, width = 50000, 30_000, 40_000
    if part["row5"]:
        level, height, width = 5000, 3_000, 4_000
        north, west = north - height * int(part["row5"]), west + width * int(part["col5"])
    if part["quarter"]:
        row, col = divmod(int(part["quarter"]) - 1, 2)
        level, height, width = 2500, 1_500, 2_000
        north, west = north - height * row, west + width * col
    elif part["row1"]:
        level, height, width = 1000, 600, 800
        north, west = north - height * int(part["row1"]), west + width * (ord(part["col1"]) - ord("A"))
    elif part["row05"]:
        level, height, width = 500, 300, 400
        north, west = north - height * int(part["row05"]), west + width * int(part["col05"])
    elif part["row025"]:
        level, height, width = 250, 150, 200
        north = north - height * (ord(part["row025"]) - ord("A"))
        west = west + width * (ord(part["col025"]) - ord("A"))
    return SheetBounds(int(part["zone"]), level, west, north - height, west + width, north)


def sheet_code(zone: int, level: int, easting_m: float, northing_m: float) -> str:
    """The code of the sheet of `level` that contains a point of plane `zone`.

    Raises DeclarationError outside the area of the zone or for an unknown level.
    """
    down, right = NORTH_EDGE_M - northing_m, easting_m - WEST_EDGE_M
    if level not in LEVELS or not (0 <= down < 600_000 and 0 <= right < 320_000):
        raise DeclarationError(f"第{zone}系 X={northing_m} Y={easting_m} に地図情報レベル {level} の図郭はありません。")
    row50, down = divmod(down, 30_000)
    col50, right = divmod(right, 40_000)
    code = f"{zone:02d}{chr(65 + int(row50))}{chr(65 + int(col50))}"
    if level == 50000:
        return code
    row5, down = divmod(down, 3_000)
    col5, right = divmod(right, 4_000)
    code += f"{int(row5)}{int(col5)}"
    if level == 5000:
        return code
    if level == 2500:
        return code + str(1 + 2 * int(down // 1_500) + int(right // 2_000))
    if level == 1000:
        return code + f"{int(down // 600)}{chr(65 + int(right // 800))}"
    if level == 500:
        return code + f"{int(down // 300)}{int(right // 400)}"
    return code + f"{chr(65 + int(down // 150))}{chr(65 + int(right // 200))}"
