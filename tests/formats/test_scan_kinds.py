"""Scans of every kind come out as the picture that Pillow shows; tags and world files as the standards say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image

from gis_pipeline.formats import jpeg, png, tiff
from gis_pipeline.georef.pixels import source_pixels
from gis_pipeline.members import ScanFormat, ScanPage
from tests.georef.scene import Pixels, picture

IMAGE = Image.fromarray(picture(300, 420))
GREY = IMAGE.convert("L")
BITONAL = IMAGE.convert("1", dither=Image.Dither.NONE)

SCANS: dict[str, tuple[ScanFormat, str, Callable[[Path], None]]] = {
    "rgb strips": (tiff, "a.tif", IMAGE.save),
    "rgb lzw": (tiff, "a.TIFF", lambda p: IMAGE.save(p, format="TIFF", compression="tiff_lzw")),
    "grey": (tiff, "a.tif", lambda p: GREY.save(p, compression="tiff_adobe_deflate")),
    "palette": (tiff, "a.tif", lambda p: IMAGE.quantize(64).save(p)),
    "ccitt g4": (tiff, "a.tif", lambda p: BITONAL.save(p, compression="group4")),
    "1 bit": (tiff, "a.tif", BITONAL.save),
    "cmyk": (tiff, "a.tif", lambda p: IMAGE.convert("CMYK").save(p)),
    "jpeg": (jpeg, "a.jpg", lambda p: IMAGE.save(p, quality=95)),
    "grey jpeg": (jpeg, "a.JPEG", lambda p: GREY.save(p, quality=95)),
    "png": (png, "a.png", IMAGE.save),
    "palette png": (png, "a.png", lambda p: IMAGE.quantize(64).save(p)),
    "1 bit png": (png, "a.png", BITONAL.save),
}


def read(form: ScanFormat, path: Path) -> list[ScanPage]:
    return list(form.read(path, path.name, 400, path.parent))


def pixels(page: ScanPage, work: Path) -> Pixels:
    return source_pixels(page, work).values


@pytest.mark.parametrize("kind", SCANS)
def test_the_pixels_are_those_that_pillow_reads(kind: str, tmp_path: Path) -> None:
    form, name, save = SCANS[kind]
    save(tmp_path / name)
    (page,) = read(form, tmp_path / name)
    found = pixels(page, tmp_path)
    with Image.open(tmp_path / name) as image:
        expected = np.asarray(image.convert("RGB" if found.ndim == 3 else "L"))
    assert (page.width_px, page.height_px) == (420, 300)
    error = np.abs(found.astype(int) - expected)
    # the two JPEG decoders spread colour over the edges of its 2 × 2 pixel cells in different ways
    assert error.mean() < 0.5 if kind == "jpeg" else error.max() <= 1
    assert page.bitonal == kind.startswith(("1 bit", "ccitt"))


def test_tiles_and_a_single_strip_hold_the_same_picture(tmp_path: Path) -> None:
    values = np.moveaxis(picture(300, 420), 2, 0)
    common = {"driver": "GTiff", "width": 420, "height": 300, "count": 3, "dtype": "uint8"}
    layouts: dict[str, dict[str, object]] = {
        "tiles": {"tiled": True, "blockxsize": 64, "blockysize": 64},
        "strip": {"blockysize": 300, "interleave": "pixel"},
        "planes": {"interleave": "band"},
    }
    for name, layout in layouts.items():
        with rasterio.open(
            tmp_path / f"{name}.tif", "w", transform=rasterio.Affine(1, 0, 0, 0, -1, 9), **common, **layout
        ) as out:
            out.write(values)
        (page,) = read(tiff, tmp_path / f"{name}.tif")
        np.testing.assert_array_equal(pixels(page, tmp_path), picture(300, 420))


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 300 * 420).reshape(300, 420).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    (page,) = read(png, tmp_path / "a.png")
    assert np.abs(pixels(page, tmp_path) - values / 257).max() <= 0.5


def test_white_is_zero_is_white(tmp_path: Path) -> None:
    grey = np.asarray(GREY)
    with rasterio.open(
        tmp_path / "a.tif", "w", driver="GTiff", width=420, height=300, count=1, dtype="uint8",
        photometric="miniswhite", transform=rasterio.Affine(1, 0, 0, 0, -1, 9),
    ) as out:  # fmt: skip
        out.write(255 - grey, 1)
    (page,) = read(tiff, tmp_path / "a.tif")
    np.testing.assert_array_equal(pixels(page, tmp_path), grey)


def test_where_an_image_is_transparent_the_page_has_no_pixels(tmp_path: Path) -> None:
    image = IMAGE.convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 100, 300))
    image.save(tmp_path / "a.png")
    (page,) = read(png, tmp_path / "a.png")
    mask = source_pixels(page, tmp_path).mask
    assert mask is not None
    assert (mask[:, :100] == 0).all()
    assert (mask[:, 100:] == 255).all()


def test_every_page_of_a_tiff_is_read_and_thumbnails_are_not(tmp_path: Path) -> None:
    IMAGE.save(tmp_path / "a.tif", save_all=True, append_images=[IMAGE.rotate(90, expand=True)])
    found = read(tiff, tmp_path / "a.tif")
    assert [(page.page, page.width_px, page.height_px) for page in found] == [(1, 420, 300), (2, 300, 420)]
    np.testing.assert_array_equal(pixels(found[1], tmp_path), np.asarray(IMAGE.rotate(90, expand=True)))


def test_a_large_page_lies_in_a_file_and_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis_pipeline.georef.pixels.IN_MEMORY_BYTES", 1000)
    monkeypatch.setattr("gis_pipeline.georef.pixels.STRIP_ROWS", 64)
    IMAGE.save(tmp_path / "a.png")
    (page,) = read(png, tmp_path / "a.png")
    found = pixels(page, tmp_path)
    assert isinstance(found, np.memmap)
    np.testing.assert_array_equal(found, np.asarray(IMAGE))
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


# ------------------------------------------------------------------ what a file says about its place

WORLD = "0.5\n0.1\n0.12\n-0.49\n-52000.25\n-27000.75\n"


@pytest.mark.parametrize(
    ("form", "name", "beside"),
    [
        (tiff, "a.tif", "a.tfw"),
        (tiff, "a.tif", "a.TFW"),
        (tiff, "a.tiff", "a.tiffw"),
        (tiff, "a.tif", "a.wld"),
        (jpeg, "a.jpg", "a.jgw"),
        (png, "a.png", "a.pgw"),
    ],
)
def test_a_world_file_is_read_as_gdal_reads_it(form: ScanFormat, name: str, beside: str, tmp_path: Path) -> None:
    """The file gives the centre of the upper-left pixel; we and GDAL count from its corner."""
    IMAGE.save(tmp_path / name)
    (tmp_path / beside).write_text(WORLD, encoding="ascii")
    (page,) = read(form, tmp_path / name)
    (tmp_path / f"a.{'wld'}").write_text(WORLD, encoding="ascii")
    with rasterio.open(tmp_path / name) as source:
        assert page.transform == pytest.approx(tuple(source.transform)[:6])


def test_geotiff_tags_are_read_with_their_crs(tmp_path: Path) -> None:
    affine = rasterio.Affine(0.5, 0, -52_000, 0, -0.5, -27_000)
    with rasterio.open(
        tmp_path / "a.tif", "w", driver="GTiff", width=9, height=8, count=1, dtype="uint8",
        crs="EPSG:6677", transform=affine,
    ) as out:  # fmt: skip
        out.write(np.zeros((1, 8, 9), dtype=np.uint8))
    (page,) = read(tiff, tmp_path / "a.tif")
    assert (page.transform, page.crs) == (tuple(affine)[:6], "EPSG:6677")


def test_tags_and_a_world_file_that_differ_are_reported(tmp_path: Path) -> None:
    test_geotiff_tags_are_read_with_their_crs(tmp_path)
    (tmp_path / "a.tfw").write_text(WORLD, encoding="ascii")
    (page,) = read(tiff, tmp_path / "a.tif")
    assert page.transform == (0.5, 0, -52_000, 0, -0.5, -27_000)
    assert ["違う場所を示しています" in finding.message for finding in page.findings] == [True]


def test_a_prj_beside_a_world_file_names_the_crs(tmp_path: Path) -> None:
    IMAGE.save(tmp_path / "a.png")
    (tmp_path / "a.pgw").write_text(WORLD, encoding="ascii")
    (tmp_path / "a.prj").write_text(rasterio.CRS.from_epsg(6677).to_wkt(version="WKT1_ESRI"), encoding="ascii")
    assert read(png, tmp_path / "a.png")[0].crs == "EPSG:6677"


def test_an_unplaced_scan_says_nothing_about_its_place(tmp_path: Path) -> None:
    IMAGE.save(tmp_path / "a.tif")
    (page,) = read(tiff, tmp_path / "a.tif")
    assert (page.transform, page.crs) == (None, None)


@pytest.mark.parametrize(("dpi", "found"), [((300, 300), 300.0), (None, None)])
def test_the_resolution_is_that_of_the_file(dpi: tuple[int, int] | None, found: float | None, tmp_path: Path) -> None:
    IMAGE.save(tmp_path / "a.tif", **({"dpi": dpi} if dpi else {}))  # type: ignore[arg-type]
    assert read(tiff, tmp_path / "a.tif")[0].dpi == found


def test_a_turn_recorded_for_display_is_reported_and_not_followed(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    IMAGE.save(tmp_path / "a.jpg", exif=exif)
    (page,) = read(jpeg, tmp_path / "a.jpg")
    assert (page.width_px, page.height_px) == (420, 300)
    assert ["EXIF Orientation" in finding.message for finding in page.findings] == [True]


@pytest.mark.parametrize("kind", SCANS)
def test_reading_leaves_the_folder_as_it_was(kind: str, tmp_path: Path) -> None:
    form, name, save = SCANS[kind]
    folder, work = tmp_path / "edition", tmp_path / "work"
    folder.mkdir()
    work.mkdir()
    save(folder / name)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (page,) = form.read(folder / name, name, 400, work)
    with page.open() as source:
        source.stats()
    source_pixels(page, work)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
