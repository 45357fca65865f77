"""Synthetic sheets for the tests: an asymmetric picture, and a known way from its pixels to the ground."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image

from gis_pipeline.formats import png
from gis_pipeline.georef.fit import FittedGeoreference, fit
from gis_pipeline.georef.sheets_of_edition import placed_sheets
from gis_pipeline.members import Array, PlacedSheet
from gis_pipeline.model import Collection, EditionDeclaration, Scan, Source
from gis_pipeline.sheets import sheet_bounds

Pixels = NDArray[np.uint8]
FRAME = "EPSG:6677"


def turned(
    angle_deg: float, pixel_m: float, easting_m: float, northing_m: float
) -> Callable[[Array, Array], tuple[Array, Array]]:
    """Page pixels → town metres: turned clockwise, rows down, page corner (0, 0) at the given place."""
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))

    def to_town(col: Array, row: Array) -> tuple[Array, Array]:
        right, down = np.asarray(col) * pixel_m, np.asarray(row) * pixel_m
        return easting_m + cos * right - sin * down, northing_m - sin * right - cos * down

    return to_town


def picture(height: int, width: int, seed: int = 7) -> Pixels:
    """Smooth, coloured, equal to none of its turns and mirrors; (height, width, 3)."""
    row, col = np.mgrid[0:height, 0:width]
    rng = np.random.default_rng(seed)
    red = 40 + 170 * col / width
    green = 40 + 170 * row / height
    blue = 127 + 60 * np.sin(col / 23) * np.cos(row / 31) + rng.normal(0, 0.5, (height, width))
    image: Pixels = np.clip(np.stack((red, green, blue), axis=2), 0, 255).astype(np.uint8)
    image[height // 10 : height // 5, width // 10 : width // 3] = (200, 30, 30)
    return image


def points_text(rows: list[tuple[float, float, float, float]], crs: str | None = FRAME) -> str:
    """A QGIS .points file from (easting, northing, col, row)."""
    head = f"#CRS: {crs}\n" if crs else ""
    lines = [f"{e!r},{n!r},{c!r},{-r!r},1,0,0,0" for e, n, c, r in rows]
    return head + "mapX,mapY,sourceX,sourceY,enable,dX,dY,residual\n" + "\n".join(lines) + "\n"


def collection(**scan: object) -> Collection:
    """A collection of 1:2500 sheets on a 1 m lattice."""
    return Collection(
        id="sheets",
        title="図面",
        role="sheets",
        geometry="polygon",
        source=Source(files="*", crs=None),
        scan=Scan.model_validate({"pixel_m": 1.0, **scan}),
    )


NO_EDITION = EditionDeclaration()


def write_sheet(
    folder: Path,
    code: str,
    *,
    angle_deg: float = 1.5,
    pixel_m: float = 1.0,
    margin_px: int = 120,
    truth: Callable[[Array, Array], NDArray[np.float64]] | None = None,
) -> None:
    """A PNG of the sheet, scanned askew with a margin, and its .points: 4 corners and the centre.

    `truth` (easting, northing → (…, 3) values 0–255) is what the ground shows, by default `ground_truth`.
    """
    bounds = sheet_bounds(code)
    width = round((bounds.east_m - bounds.west_m) / pixel_m) + 2 * margin_px
    height = round((bounds.north_m - bounds.south_m) / pixel_m) + 2 * margin_px
    middle = np.array([width / 2]), np.array([height / 2])
    off_east, off_north = turned(angle_deg, pixel_m, 0.0, 0.0)(*middle)
    to_town = turned(
        angle_deg,
        pixel_m,
        (bounds.west_m + bounds.east_m) / 2 - float(off_east[0]),
        (bounds.south_m + bounds.north_m) / 2 - float(off_north[0]),
    )
    row, col = np.mgrid[0:height, 0:width] + 0.5
    ground = (truth or ground_truth)(*to_town(col, row))
    Image.fromarray(np.clip(np.round(ground), 0, 255).astype(np.uint8)).save(folder / f"{code}.png")
    cols = np.array([100.0, width - 100.0, width - 100.0, 100.0, width / 2])
    rows = np.array([100.0, 100.0, height - 100.0, height - 100.0, height / 2])
    eastings, northings = to_town(cols, rows)
    table = list(zip(eastings.tolist(), northings.tolist(), cols.tolist(), rows.tolist(), strict=True))
    (folder / f"{code}.png.points").write_text(points_text(table), encoding="utf-8")


def ground_truth(easting: Array, northing: Array) -> NDArray[np.float64]:
    """A smooth picture of the ground, the same whichever sheet shows it."""
    return np.stack(
        (
            128 + 80 * np.sin(easting / 97),
            128 + 80 * np.cos(northing / 71),
            128 + 60 * np.sin(easting / 53 + northing / 41),
        ),
        axis=-1,
    )


def fitted(
    method: str, to_town: Callable[[Array, Array], tuple[Array, Array]], width: int, height: int
) -> FittedGeoreference:
    """A fit through a 4 × 4 grid of exact points."""
    cols, rows = (v.ravel() for v in np.meshgrid(np.linspace(10, width - 10, 4), np.linspace(10, height - 10, 4)))
    return fit(method, cols, rows, *to_town(cols, rows))  # type: ignore[arg-type]


def read_master(path: Path) -> tuple[Pixels, Pixels, rasterio.Affine]:
    """(rows, cols[, 3]) values, mask and transform of a master, by rasterio."""
    with rasterio.open(path) as source:
        values = source.read()
        return np.moveaxis(values, 0, 2).squeeze(), source.dataset_mask(), source.transform


def place_blank(folder: Path, code: str, points: str, **scan: object) -> PlacedSheet:
    """A blank page of 2040 × 1540 px whose `.points` file has the given text, placed; raises as `place` does."""
    (folder / "edition").mkdir()
    Image.new("L", (2040, 1540), 255).save(folder / "edition" / f"{code}.png")
    (folder / "edition" / f"{code}.png.points").write_text(points, encoding="utf-8")
    (sheet,) = placed_sheets(
        folder / "edition", collection(**scan), NO_EDITION, [png], frame=FRAME, grids=None, work=folder
    )
    return sheet
