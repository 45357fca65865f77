"""Rautjärvi: an office copier's scan of a paper map, turned by 90°, against vectors that nobody drew from it.

Nothing of the material is written down here: crosses and outlines are read from it when the test runs.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import cv2
import numpy as np
import pytest
import rasterio
import rasterio.features
import shapely
from numpy.typing import NDArray
from PIL import Image
from rasterio.transform import Affine

from tests.real import second
from tests.real.conftest import Towns

pytestmark = pytest.mark.real

SHEET = "rautjarvi_map"
MERCATOR_M = 20037508.342789244
FOREIGN_M = 40.0
"""How far around a lake its colour must not be."""

Bits = NDArray[np.bool_]
Pixels = NDArray[np.uint8]


def _points(towns: Towns) -> NDArray[np.float64]:
    """easting_m, northing_m, col_px, row_px of the control points, shape (n, 4), rows downwards."""
    path = towns.shared / "data" / "rautjarvi_scan_gpl" / f"{SHEET}.points"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    return np.array([[float(row[key]) for key in ("mapX", "mapY", "sourceX", "sourceY")] for row in rows]) * (
        1, 1, 1, -1,
    )  # fmt: skip


def _master(towns: Towns) -> tuple[Pixels, Affine]:
    """The published master: pixels (3, rows, cols) and the transform into town metres."""
    path = towns["rautjarvi"].published("kartta").file(f"sheets/{SHEET}.tif")
    with rasterio.open(path) as dataset:
        assert dataset.crs.to_epsg() == 2392
        return dataset.read([1, 2, 3]), dataset.transform


def _lake(towns: Towns, crs: str, scratch: Path) -> shapely.Polygon:
    """The smaller lake, wholly on the page, as ogr2ogr brings it into a CRS."""
    path = towns.shared / "data" / "rautjarvi_scan_gpl" / "lakes.shp"
    lake = min(second.convert(path, crs, scratch).shapes, key=shapely.area)
    assert isinstance(lake, shapely.Polygon)
    return lake


def _around(lake: shapely.Polygon, pixels: Pixels, transform: Affine) -> tuple[Pixels, Affine]:
    """The part of the master around the lake."""
    west_m, south_m, east_m, north_m = lake.buffer(3 * FOREIGN_M).bounds
    (left, top), (right, bottom) = ~transform @ (west_m, north_m), ~transform @ (east_m, south_m)
    cols, rows = slice(int(left), int(right)), slice(int(top), int(bottom))
    return pixels[:, rows, cols], transform @ Affine.translation(cols.start, rows.start)


def _blue(rgb: Pixels, stroke_px: int) -> Bits:
    """Full blue areas; writing on them is filled, blue lines and hatching are not areas."""
    red, _, blue = rgb.astype(np.int16)
    areas = cv2.morphologyEx((blue - red > 100).astype(np.uint8), cv2.MORPH_OPEN, np.ones((stroke_px,) * 2, np.uint8))
    wide = np.ones((4 * stroke_px + 1,) * 2, np.uint8)
    return np.asarray(cv2.morphologyEx(areas, cv2.MORPH_CLOSE, wide), dtype=bool)


def _agreement(blue: Bits, lake: shapely.Polygon, transform: Affine) -> float:
    """Common area by united area of the blue and the lake, in and around the lake (1 = the same)."""
    inside = rasterio.features.rasterize([lake], out_shape=blue.shape, transform=transform).astype(bool)
    around = rasterio.features.rasterize([lake.buffer(FOREIGN_M)], out_shape=blue.shape, transform=transform)
    near = around.astype(bool)
    return float((blue & inside)[near].sum() / (blue | inside)[near].sum())


def test_the_residuals_are_those_of_an_affine_fit(towns: Towns) -> None:
    easting_m, northing_m, col_px, row_px = _points(towns).T
    design = np.column_stack([np.ones_like(col_px), col_px, row_px])
    coefficients, *_ = np.linalg.lstsq(design, np.column_stack([easting_m, northing_m]), rcond=None)
    left_m = np.hypot(*(design @ coefficients - np.column_stack([easting_m, northing_m])).T)
    (fit,) = towns["rautjarvi"].published("kartta").edition.fits
    assert (fit.method, fit.points, fit.points_disabled) == ("affine", len(left_m), 0)
    assert fit.rmse_m == pytest.approx(np.sqrt(np.mean(left_m**2)), abs=1e-6)
    assert fit.max_residual_m == pytest.approx(left_m.max(), abs=1e-6)


def test_the_residuals_are_those_that_were_measured_when_the_crosses_were_found(towns: Towns) -> None:
    (fit,) = towns["rautjarvi"].published("kartta").edition.fits
    assert (round(fit.rmse_m, 2), round(fit.max_residual_m, 2)) == (0.94, 1.70)
    assert fit.pixel_size_m == pytest.approx(0.8468, abs=2e-4)


def test_the_crosses_of_the_sheet_lie_on_their_coordinates(towns: Towns) -> None:
    pixels, transform = _master(towns)
    (fit,) = towns["rautjarvi"].published("kartta").edition.fits
    dark = pixels.astype(np.int16).sum(axis=0) < 240
    arm_px = 12
    for easting_m, northing_m, *_ in _points(towns):
        col, row = (int(value) for value in ~transform @ (easting_m, northing_m))
        window = dark[row - arm_px : row + arm_px + 1, col - arm_px : col + arm_px + 1]
        reach = int(np.ceil(fit.max_residual_m)) + 1  # pixels of a metre
        middle = slice(arm_px - reach, arm_px + reach + 1)
        # Each arm is a dark line through the whole window, close to the middle.
        assert window[:, middle].mean(axis=0).max() > 0.8, (easting_m, northing_m)
        assert window[middle, :].mean(axis=1).max() > 0.8, (easting_m, northing_m)


def test_a_lake_surveyed_by_others_covers_the_lake_on_the_sheet(towns: Towns, tmp_path: Path) -> None:
    lake = _lake(towns, "EPSG:2392", tmp_path)
    pixels, transform = _around(lake, *_master(towns))
    blue = _blue(pixels, 9)
    assert _agreement(blue, lake, transform) > 0.93


def test_the_lake_fits_best_where_it_is(towns: Towns, tmp_path: Path) -> None:
    lake = _lake(towns, "EPSG:2392", tmp_path)
    pixels, transform = _around(lake, *_master(towns))
    blue = _blue(pixels, 9)
    steps_m = range(-12, 13, 4)
    figures = {
        (east_m, north_m): _agreement(blue, shapely.affinity.translate(lake, east_m, north_m), transform)
        for east_m in steps_m
        for north_m in steps_m
    }
    assert max(figures, key=lambda shift: figures[shift]) == (0, 0)
    assert figures[0, 0] - min(figures.values()) > 0.1


def test_the_stand_lines_of_the_forest_lie_on_green_ink(towns: Towns) -> None:
    pixels, transform = _master(towns)
    red, green, blue = pixels.astype(np.int16)
    ink = ((green - red > 60) & (green - blue > 10) & (blue < 200)).astype(np.uint8)
    near = cv2.dilate(ink, np.ones((5, 5), np.uint8)).astype(bool)
    stands = towns.second("rautjarvi", "kuviot").shapes

    def share(east_m: float, north_m: float) -> float:
        lines = [shapely.affinity.translate(line, east_m, north_m) for line in shapely.boundary(stands)]
        drawn = rasterio.features.rasterize(lines, out_shape=near.shape, transform=transform).astype(bool)
        return float(near[drawn].mean())

    elsewhere = [share(east_m, north_m) for east_m in (-40, 0, 40) for north_m in (-40, 0, 40) if east_m or north_m]
    assert share(0, 0) > 1.15 * max(elsewhere)


def test_an_image_tile_shows_the_lake_where_it_is(towns: Towns, tmp_path: Path) -> None:
    """In Web Mercator, by a datum shift of its own: ogr2ogr from the survey's CRS, without KKJ between."""
    zoom = towns["rautjarvi"].published("kartta").edition.zooms[1]
    lake = _lake(towns, "EPSG:3857", tmp_path)
    size_m = 2 * MERCATOR_M / (1 << zoom)
    west_m, south_m, east_m, north_m = lake.buffer(FOREIGN_M).bounds
    cols = range(int((west_m + MERCATOR_M) // size_m), int((east_m + MERCATOR_M) // size_m) + 1)
    rows = range(int((MERCATOR_M - north_m) // size_m), int((MERCATOR_M - south_m) // size_m) + 1)
    mosaic = np.vstack([np.hstack([_tile(towns, zoom, col, row) for col in cols]) for row in rows])
    assert (mosaic[..., 3] == 255).all()
    unit_m = size_m / 256
    transform = Affine(unit_m, 0, cols[0] * size_m - MERCATOR_M, 0, -unit_m, MERCATOR_M - rows[0] * size_m)
    assert _agreement(_blue(np.moveaxis(mosaic[..., :3], 2, 0), 4), lake, transform) > 0.9


def _tile(towns: Towns, zoom: int, col: int, row: int) -> Pixels:
    """An image tile as it is served: (256, 256, 4)."""
    answer = towns.client("rautjarvi").get(f"/tiles/kartta/{zoom}/{col}/{row}.webp")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.size == (256, 256)
        return np.asarray(image.convert("RGBA"))
