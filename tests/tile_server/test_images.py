"""Pictures drawn on request agree with GDAL's own warp of the same masters."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from fastapi import FastAPI
from PIL import Image
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.warp import reproject
from starlette.testclient import TestClient
from titiler.core.errors import DEFAULT_STATUS_CODES, add_exception_handlers
from titiler.core.factory import TilerFactory

from gis_pipeline.crs import output_crs, to_lonlat
from tile_server import masters
from tile_server.archives import Archive
from tile_server.masters import Masters, sampled
from tile_server.window import Window

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


def test_a_drawn_tile_shows_what_titiler_shows(tree: Path, client: TestClient) -> None:
    """titiler's own factory with its defaults, on one sheet: the other program that draws tiles from these files."""
    application = FastAPI()
    application.include_router(TilerFactory().router)
    add_exception_handlers(application, DEFAULT_STATUS_CODES)
    sheet = sorted((tree / FOLDER / "sheets").glob("*.tif"))[0]
    compared = 0
    with TestClient(application) as titiler:
        for col, row in tiles(tree, 15):
            answer = titiler.get(f"/tiles/WebMercatorQuad/15/{col}/{row}.png?url={sheet}&tilesize=256")
            if answer.status_code == 404:  # Outside this sheet.
                continue
            theirs = np.asarray(Image.open(BytesIO(answer.content)).convert("RGBA")).astype(int)
            ours = np.asarray(picture(client, f"/tiles/zumen@2026-04-01/15/{col}/{row}.png").convert("RGBA")).astype(
                int
            )
            both = (theirs[..., 3] == 255) & (ours[..., 3] == 255)
            assert both.sum() >= 0.98 * (theirs[..., 3] == 255).sum()
            assert np.median(np.abs(theirs - ours)[both][:, :3]) <= 4
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


# ------------------------------------------------------------------ the sampling itself


def drawing(folder: Path, name: str, west_m: float, **profile: Any) -> Path:
    """A sheet of 512 × 384 pixels of 0.5 m with overviews: smooth colours that follow the place, lossless."""
    col, row = np.meshgrid(np.arange(512) + 0.5, np.arange(384) + 0.5)
    east, north = west_m + col * 0.5, -28_000 - row * 0.5
    bands = [np.clip(128 + 100 * np.sin((east + angle) / 40) * np.cos(north / 50), 0, 255) for angle in (0, 30, 60)]
    path = folder / name
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=512,
        height=384,
        count=3,
        dtype="uint8",
        crs="EPSG:6677",
        transform=rasterio.Affine(0.5, 0, west_m, 0, -0.5, -28_000),
        tiled=True,
        **profile,
    ) as target:
        target.write(np.round(np.stack(bands)).astype(np.uint8))
    with rasterio.open(path, "r+") as target:
        target.build_overviews([2, 4], Resampling.average)
    return path


def mercator(zoom: int, size_px: int) -> Window:
    """A window of EPSG:3857 around the two sheets, its pixels those of a zoom."""
    (crs,) = [one for one in output_crs("EPSG:6677") if one.code == "EPSG:3857"]
    lon, lat = to_lonlat("EPSG:6677").points(np.array([-50_000.0]), np.array([-28_096.0]))
    x, y = (float(value[0]) for value in crs.from_lonlat(lon, lat))
    half = EDGE_M / (256 << zoom) * size_px
    return Window(crs, "EPSG:6677", x - half, y - half, x + half, y + half, size_px, size_px)


@pytest.mark.parametrize(("zoom", "size_px"), [(20, 256), (18, 256), (17, 300), (16, 200), (14, 64)])
def test_sampled_sheets_equal_gdal_to_a_few_levels(tmp_path: Path, zoom: int, size_px: int) -> None:
    sheets = [drawing(tmp_path, "a.tif", -50_256), drawing(tmp_path, "b.tif", -50_000)]
    window = mercator(zoom, size_px)
    drawn = sampled(Masters(), sheets, window)
    assert drawn is not None
    step = (window.east - window.west) / size_px
    expected = np.zeros((4, size_px, size_px), dtype=np.uint8)
    for path in sheets:
        with rasterio.open(path) as source:
            # GDAL from the full resolution with a kernel as wide as a pixel: no overview, no shortcut.
            piece = np.zeros_like(expected)
            reproject(
                np.concatenate([source.read(), np.full((1, 384, 512), 255, dtype=np.uint8)]),
                piece,
                src_transform=source.transform,
                src_crs=source.crs,
                dst_transform=rasterio.Affine(step, 0, window.west, 0, -step, window.north),
                dst_crs="EPSG:3857",
                resampling=Resampling.bilinear if zoom >= 18 else Resampling.average,
            )
            expected = np.where(expected[3] == 255, expected, np.maximum(expected, piece))
    whole = (drawn[..., 3] == 255) & (expected[3] == 255)
    assert whole.sum() > 20
    assert np.mean((drawn[..., 3] > 127) != (expected[3] > 127)) < 0.02
    difference = np.abs(drawn[..., :3][whole].astype(int) - expected[:3].transpose(1, 2, 0)[whole].astype(int))
    assert np.median(difference) <= 1
    assert np.percentile(difference, 99) <= 6


@pytest.mark.parametrize("zoom", [20, 18, 16])
def test_neighbouring_sheets_meet_without_a_seam(tmp_path: Path, zoom: int) -> None:
    sheets = [drawing(tmp_path, "a.tif", -50_256), drawing(tmp_path, "b.tif", -50_000)]
    drawn = sampled(Masters(), sheets, mercator(zoom, 64))
    assert drawn is not None
    assert (drawn[..., 3] == 255).all()


def test_places_between_the_nodes_are_within_a_hundredth_of_a_pixel(tmp_path: Path) -> None:
    window = mercator(17, 512)
    nodes = masters._nodes(window, (0, 0, 512, 512))
    rows, cols = np.meshgrid(np.arange(512) + 0.5, np.arange(512) + 0.5, indexing="ij")
    exact = window.town(cols.ravel(), rows.ravel())
    for values, true in zip((nodes.easting_m, nodes.northing_m), exact, strict=True):
        middle = float(values.mean())
        found = masters._between(values - middle, (1, 1), (slice(0, 512), slice(0, 512))) + middle
        assert np.abs(found.ravel() - true).max() < 0.01 * nodes.spacing_m[0]


def test_a_sheet_stays_open_for_the_next_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    whole = rasterio.open

    def counted(path: Path, *args: Any, **more: Any) -> Any:
        opened.append(path)
        return whole(path, *args, **more)

    monkeypatch.setattr(rasterio, "open", counted)
    held, sheet = Masters(), drawing(tmp_path, "a.tif", -50_256)
    opened.clear()
    first, second = (sampled(held, [sheet], mercator(18, 128)) for _ in range(2))
    assert first is not None and second is not None
    assert len(opened) <= 2
    assert np.array_equal(first, second)


def test_a_grey_sheet_with_a_mask_is_grey_and_open_where_it_has_nothing(tmp_path: Path) -> None:
    path = tmp_path / "grey.tif"
    place = rasterio.Affine(0.5, 0, -50_128, 0, -0.5, -28_032)
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, "w", "GTiff", 512, 256, 1, "EPSG:6677", place, "uint8", tiled=True) as target,
    ):
        target.write(np.full((256, 512), 90, dtype=np.uint8), 1)
        target.write_mask(np.arange(512)[None, :].repeat(256, axis=0) >= 256)
    drawn = sampled(Masters(), [path], mercator(18, 128))
    assert drawn is not None
    assert (drawn[:, 70:, 3] == 255).all() and (drawn[:, :58, 3] == 0).all()
    assert (drawn[:, 70:, :3] == 90).all()
