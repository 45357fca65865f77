"""Pictures drawn on request agree with GDAL's own warp of the same masters."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from starlette.testclient import TestClient

from tile_server.archives import Archive

# rasterio multiplies affine transforms in the way affine 3 will drop; nothing here can change that.

EDGE_M = 20_037_508.342789244
FOLDER = "collections/zumen/2026-04-01"


def tiles(tree: Path, zoom: int) -> list[tuple[int, int]]:
    from tile_server.tilesets import tile_range

    archive = Archive(tree / FOLDER / "image.pmtiles")
    first_row, last_row, first_col, last_col = tile_range(archive.bounds, zoom)
    return [(col, row) for col in range(first_col, last_col + 1) for row in range(first_row, last_row + 1)]


def picture(client: TestClient, path: str) -> Image.Image:
    answer = client.get(path)
    assert answer.status_code == 200
    return Image.open(BytesIO(answer.content))


def warped(tree: Path, zoom: int, col: int, row: int, size_px: int) -> tuple[Any, Any]:
    """RGB and mask of a tile by GDAL's warper over both sheets, the first one on top."""
    span = 2 * EDGE_M / (1 << zoom)
    west, north = -EDGE_M + col * span, EDGE_M - row * span
    transform = rasterio.Affine(span / size_px, 0, west, 0, -span / size_px, north)
    rgb = np.zeros((3, size_px, size_px), dtype=np.uint8)
    mask = np.zeros((size_px, size_px), dtype=np.uint8)
    for path in sorted((tree / FOLDER / "sheets").glob("*.tif")):
        with (
            rasterio.open(path) as source,
            WarpedVRT(
                source,
                crs="EPSG:3857",
                transform=transform,
                width=size_px,
                height=size_px,
                resampling=Resampling.bilinear,
                add_alpha=True,
            ) as view,
        ):
            *bands, alpha = view.read()
            free = (mask == 0) & (alpha > 0)
            rgb[:, free] = np.stack(bands[:3])[:, free]
            mask[free] = 255
    return rgb, mask


@pytest.mark.parametrize(("suffix", "size_px"), [(".png", 256), ("@2x.png", 512), ("@2x.webp", 512)])
def test_a_drawn_tile_shows_what_gdal_shows(tree: Path, client: TestClient, suffix: str, size_px: int) -> None:
    compared = 0
    for col, row in tiles(tree, 15):
        drawn = picture(client, f"/tiles/zumen@2026-04-01/15/{col}/{row}{suffix}")
        rgb, mask = warped(tree, 15, col, row, size_px)
        assert drawn.size == (size_px, size_px)
        pixels = np.asarray(drawn.convert("RGBA")).astype(int)
        assert np.mean((pixels[..., 3] > 0) != (mask > 0)) < 0.01
        both = (pixels[..., 3] == 255) & (mask == 255)
        if not both.any():
            continue
        difference = np.abs(pixels[..., :3][both] - rgb.astype(int).transpose(1, 2, 0)[both])
        assert np.median(difference) <= 4
        assert np.mean(difference) < 8
        compared += 1
    assert compared >= 2


def test_jpeg_is_white_where_no_sheet_is(tree: Path, client: TestClient) -> None:
    col, row = tiles(tree, 12)[0]
    drawn = picture(client, f"/tiles/zumen@2026-04-01/12/{col}/{row}.jpg")
    assert drawn.mode == "RGB"
    outside = np.asarray(picture(client, f"/tiles/zumen@2026-04-01/12/{col}/{row}.png"))[..., 3] == 0
    assert outside.any()
    assert np.median(np.asarray(drawn)[outside]) > 250


@pytest.mark.parametrize("path", ["{}.webp", "{}.png", "{}@2x.webp", "{}.jpg"])
def test_a_place_without_anything_is_a_blank_picture(client: TestClient, path: str) -> None:
    """QGIS, GDAL's WMTS and OWSLib take an image tile without an image for a fault."""
    address = f"/tiles/zumen@2026-04-01/15/0/{path.format(0)}"
    blank = picture(client, address)
    assert blank.size == ((512, 512) if "@2x" in path else (256, 256))
    assert blank.convert("RGBA").getextrema() == (((255, 255),) * 4 if "jpg" in path else ((0, 0),) * 4)
    head, got = client.head(address), client.get(address)
    assert (dict(head.headers), head.content) == (dict(got.headers), b"")


@pytest.mark.parametrize("suffix", ["@3x.png", "@2x.mvt", "@2x", ".tif", "@99999x.png", "@2x@2x.png"])
def test_other_sizes_and_formats_do_not_exist(client: TestClient, suffix: str) -> None:
    assert client.get(f"/tiles/zumen@2026-04-01/15/29060/12895{suffix}").status_code == 404


@pytest.mark.parametrize("name", ["url", "expression", "algorithm", "rescale", "bidx", "colormap"])
def test_nothing_of_the_reader_can_be_steered_by_a_request(client: TestClient, name: str) -> None:
    answer = client.get(f"/tiles/zumen@2026-04-01/15/29060/12895.png?{name}=/etc/passwd")
    assert (answer.status_code, answer.json()["parameter"]) == (400, name)
