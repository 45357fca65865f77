"""Picture tiles and COGs against GDAL's own warp, their masters, and each other."""

from __future__ import annotations

import io
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from PIL import Image
from pmtiles import reader
from rio_cogeo import cogeo

from gis_pipeline.members import Product
from gis_pipeline.outputs import cog, image_pmtiles
from tests.outputs import samples, scans

PMTILES: Any = reader
COG: Any = cogeo
HALF_WORLD_M = math.pi * 6378137.0
WORLD_CORNER_M = ((1, 15502165.0), (-1, 4266998.0))
"""x and y in EPSG:3857 at the upper left corner of the slope, as signed distances from the centre."""
Tiles = dict[tuple[int, int, int], NDArray[np.uint8]]


def product(folder: Path, *, bands: int, pixel_m: float, zooms: tuple[int, int], **changes: Any) -> Product:
    made, neatlines = scans.masters(folder, pixel_m=pixel_m, sheet_px=(640, 480), bands=bands, layout=(2, 2))
    return samples.sheets(made, neatlines, pixel_m=pixel_m, zooms=zooms, **changes)


@pytest.fixture(scope="module", params=[1, 3], ids=["grey", "colour"])
def sheets(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Product:
    """Four sheets of 1 m pixels, shown up to zoom 17 (0.97 m on the ground)."""
    folder = tmp_path_factory.mktemp("masters")
    return product(folder, bands=request.param, pixel_m=1.0, zooms=(12, 17), quality=100)


@pytest.fixture(scope="module")
def tiles(sheets: Product, tmp_path_factory: pytest.TempPathFactory) -> Tiles:
    return decoded(sheets, tmp_path_factory.mktemp("tiles"))


def decoded(sheets: Product, folder: Path) -> Tiles:
    """Every tile as RGBA, shape (256, 256, 4)."""
    (path,) = image_pmtiles.write(sheets, folder)
    with path.open("rb") as stream:
        return {
            name: np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))
            for name, content in PMTILES.all_tiles(PMTILES.MmapSource(stream))
        }


def mosaic(tiles: Tiles, zoom: int) -> tuple[NDArray[np.uint8], int, int]:
    """All tiles of a zoom in one picture, and the col and row of its first tile."""
    names = [name for name in tiles if name[0] == zoom]
    first_col, first_row = min(name[1] for name in names), min(name[2] for name in names)
    width = max(name[1] for name in names) - first_col + 1
    height = max(name[2] for name in names) - first_row + 1
    whole = np.zeros((256 * height, 256 * width, 4), dtype=np.uint8)
    for name in names:
        top, left = 256 * (name[2] - first_row), 256 * (name[1] - first_col)
        whole[top : top + 256, left : left + 256] = tiles[name]
    return whole, first_col, first_row


def gdal_warp(sheets: Product, folder: Path, zoom: int, first: tuple[int, int], shape: tuple[int, int]) -> Path:
    """The same pixels by GDAL: exact projection, area average."""
    if shutil.which("gdalwarp") is None:
        pytest.skip("skipped: no gdalwarp (apt install gdal-bin)")
    tile_m = 2 * HALF_WORLD_M / 2**zoom
    west_m, north_m = first[0] * tile_m - HALF_WORLD_M, HALF_WORLD_M - first[1] * tile_m
    east_m, south_m = west_m + shape[1] / 256 * tile_m, north_m - shape[0] / 256 * tile_m
    target = folder / "warped.tif"
    extent = [repr(edge) for edge in (west_m, south_m, east_m, north_m)]
    size = [str(shape[1]), str(shape[0])]
    command = ["gdalwarp", "-q", "-t_srs", "EPSG:3857", "-te", *extent, "-ts", *size, "-r", "bilinear", "-et", "0"]
    sources = [str(master.path) for master in sheets.masters]
    subprocess.run([*command, "-dstalpha", *sources, str(target)], check=True, capture_output=True)
    return target


def compared(sheets: Product, tiles: Tiles, zoom: int, folder: Path) -> tuple[float, float]:
    """Against GDAL's warp of the same pixels: greatest mean difference in grey levels, and the shift in pixels."""
    whole, *first = mosaic(tiles, zoom)
    with rasterio.open(gdal_warp(sheets, folder, zoom, (first[0], first[1]), whole.shape[:2])) as dataset:
        other = dataset.read()
    inside = (whole[..., 3] == 255) & (other[-1] == 255)
    assert inside.sum() > 0.97 * (other[-1] > 0).sum()
    differences = [
        float(np.abs(whole[..., band].astype(int) - other[band])[inside].mean()) for band in range(len(other) - 1)
    ]
    pair = [np.where(inside, picture, 128).astype(np.float32) for picture in (whole[..., 0], other[0])]
    (across_px, down_px), _ = cv2.phaseCorrelate(*pair)
    return max(differences), math.hypot(across_px, down_px)


# ------------------------------------------------------------------ picture tiles


def test_the_base_level_is_gdals_warp(sheets: Product, tiles: Tiles, tmp_path: Path) -> None:
    difference, shift_px = compared(sheets, tiles, 17, tmp_path)
    assert difference < 1.5
    assert shift_px < 0.05


def test_a_base_level_far_coarser_than_the_masters_is_gdals_warp(tmp_path: Path) -> None:
    coarse = product(tmp_path, bands=1, pixel_m=0.25, zooms=(13, 16), quality=100)
    difference, shift_px = compared(coarse, decoded(coarse, tmp_path), 16, tmp_path)
    assert difference < 2.5
    assert shift_px < 0.1


def test_a_shift_of_half_a_pixel_is_noticed(sheets: Product, tiles: Tiles, tmp_path: Path) -> None:
    shifted = {
        name: ((tile.astype(int) + np.roll(tile, 1, axis=1)) // 2).astype(np.uint8) for name, tile in tiles.items()
    }
    assert compared(sheets, shifted, 17, tmp_path)[1] > 0.3


def test_each_level_is_the_mean_of_the_one_above(tiles: Tiles) -> None:
    for zoom in range(12, 17):
        whole, col, row = mosaic(tiles, zoom)
        above, above_col, above_row = mosaic(tiles, zoom + 1)
        placed = np.zeros((2 * whole.shape[0], 2 * whole.shape[1], 4), dtype=np.float64)
        top, left = 256 * (above_row - 2 * row), 256 * (above_col - 2 * col)
        placed[top : top + above.shape[0], left : left + above.shape[1]] = above
        mean = placed.reshape(whole.shape[0], 2, whole.shape[1], 2, 4).mean(axis=(1, 3))
        full = (mean[..., 3] == 255) & (whole[..., 3] == 255)
        assert full.any()
        # Two decoded WebPs are compared: their chroma is at half resolution.
        assert np.abs(mean[full] - whole[full]).mean() < 4
        assert np.abs(mean[..., 3] - whole[..., 3]).max() <= 2


def test_neighbouring_sheets_meet_without_a_gap(tiles: Tiles) -> None:
    whole, *_ = mosaic(tiles, 17)
    covered = whole[..., 3] > 0
    rows, cols = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    # The blank tenth of the first sheet and the slanting rim are left aside.
    inner = whole[rows[0] + 80 : rows[-1] - 15, cols[0] + 90 : cols[-1] - 15, 3]
    assert inner.min() == 255


def test_what_a_mask_leaves_out_is_transparent(sheets: Product, tiles: Tiles) -> None:
    whole, *_ = mosaic(tiles, 17)
    covered = whole[..., 3] > 0
    top, left = np.flatnonzero(covered.any(axis=1))[0], np.flatnonzero(covered.any(axis=0))[0]
    assert whole[top + 12 : top + 40, left + 12 : left + 50, 3].max() == 0


def test_no_empty_tile_is_kept(tiles: Tiles) -> None:
    assert {name[0] for name in tiles} == set(range(12, 18))
    assert all(tile[..., 3].any() for tile in tiles.values())


def test_a_tile_wholly_covered_has_no_alpha(sheets: Product, tmp_path: Path) -> None:
    (path,) = image_pmtiles.write(sheets, tmp_path)
    with path.open("rb") as stream:
        for _, content in PMTILES.all_tiles(PMTILES.MmapSource(stream)):
            picture = Image.open(io.BytesIO(content))
            alpha = np.asarray(picture.convert("RGBA"))[..., 3]
            assert (picture.format, picture.size) == ("WEBP", (256, 256))
            assert (picture.mode == "RGB") == bool(alpha.min() == 255)


def test_a_base_zoom_next_to_the_lowest_makes_only_those(tmp_path: Path) -> None:
    flat = product(tmp_path, bands=1, pixel_m=1.0, zooms=(16, 16))
    assert {name[0] for name in decoded(flat, tmp_path)} == {16}


@pytest.mark.parametrize("module", [cog, image_pmtiles])
def test_the_same_masters_give_the_same_bytes(module: Any, sheets: Product, tmp_path: Path) -> None:
    runs = []
    for run in ("1", "2"):
        (tmp_path / run).mkdir()
        runs.append([path.read_bytes() for path in module.write(sheets, tmp_path / run)])
    assert runs[0] == runs[1]


def test_sheets_off_the_common_lattice_are_refused(tmp_path: Path) -> None:
    made = product(tmp_path, bands=1, pixel_m=1.0, zooms=(14, 16))
    with rasterio.open(made.masters[1].path, "r+") as dataset:
        dataset.transform = dataset.transform @ rasterio.Affine.translation(0.5, 0)
    with pytest.raises(ValueError, match="lattice"):
        image_pmtiles.write(made, tmp_path)


def test_a_collection_without_masters_has_a_valid_empty_archive(tmp_path: Path) -> None:
    (path,) = image_pmtiles.write(samples.sheets((), {}, pixel_m=1.0), tmp_path)
    with path.open("rb") as stream:
        archive = PMTILES.Reader(PMTILES.MmapSource(stream))
        assert archive.get(14, 14526, 6450) is None
        assert archive.header()["addressed_tiles_count"] == 0


# ------------------------------------------------------------------ COG


@pytest.fixture(scope="module")
def cogs(sheets: Product, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    return cog.write(sheets, tmp_path_factory.mktemp("cog"))


def test_sheets_are_named_by_their_code(sheets: Product, cogs: tuple[Path, ...]) -> None:
    assert [path.name for path in cogs] == [f"{master.code}.tif" for master in sheets.masters]
    assert {path.parent.name for path in cogs} == {"sheets"}
    assert sorted(cogs[0].parent.iterdir()) == sorted(cogs)


def test_every_cog_is_valid_without_a_warning(cogs: tuple[Path, ...]) -> None:
    for path in cogs:
        assert COG.cog_validate(path, strict=True) == (True, [], [])


def test_cog_pixels_and_place_are_the_masters(sheets: Product, cogs: tuple[Path, ...]) -> None:
    for master, path in zip(sheets.masters, cogs, strict=True):
        with rasterio.open(master.path) as before, rasterio.open(path) as after:
            assert (after.crs, after.transform, after.shape) == (before.crs, before.transform, before.shape)
            mask = before.read_masks(1)
            assert np.array_equal(after.read_masks(1), mask)
            one, other = before.read()[:, mask > 0].astype(float), after.read()[:, mask > 0].astype(float)
        if len(one) == 1:
            assert np.array_equal(one, other)
        else:
            assert 10 * math.log10(255**2 / ((one - other) ** 2).mean()) > 35


def test_cog_carries_overviews_and_no_names(cogs: tuple[Path, ...]) -> None:
    for path in cogs:
        assert "太郎".encode() not in path.read_bytes() and b"PC-0123" not in path.read_bytes()
        with rasterio.open(path) as dataset:
            assert dataset.overviews(1) == [2]
            assert dataset.block_shapes[0] == (512, 512)
            assert dataset.tags() == {"AREA_OR_POINT": "Area"}


def test_colour_is_jpeg_and_grey_lossless(sheets: Product, cogs: tuple[Path, ...]) -> None:
    with rasterio.open(cogs[0]) as dataset:
        coding = (dataset.compression.name, dataset.tags(ns="IMAGE_STRUCTURE").get("SOURCE_COLOR_SPACE"))
        assert coding == (("jpeg", "YCbCr") if dataset.count == 3 else ("deflate", None))
