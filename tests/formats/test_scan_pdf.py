"""PDF pages: the scan's own pixels where the page is the scan, a rendering where it is not."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from gis_pipeline.formats import pdf
from gis_pipeline.georef.pixels import source_pixels
from gis_pipeline.members import ScanPage
from tests.georef.scene import Pixels, picture

IMAGE = picture(600, 840)


def read(path: Path, dpi: int = 100) -> list[ScanPage]:
    return list(pdf.read(path, path.name, dpi, path.parent / "work"))


def pixels(page: ScanPage, work: Path) -> Pixels:
    return source_pixels(page, work).values


def pdf_of(
    path: Path,
    *,
    matrix: tuple[float, float, float, float, float, float] = (420, 0, 0, 300, 0, 0),
    size: tuple[float, float] = (420, 300),
    rotate: int = 0,
    again: bool = False,
) -> Path:
    """One page (points) that shows IMAGE through `matrix`, turned by /Rotate, and a second time with `again`."""
    document = pypdfium2.PdfDocument.new()
    page = document.new_page(*size)
    for small in [False, True][: 1 + again]:
        image = pypdfium2.PdfImage.new(document)
        image.set_bitmap(pypdfium2.PdfBitmap.from_pil(Image.fromarray(IMAGE)))
        image.set_matrix(pypdfium2.PdfMatrix(*((50, 0, 0, 40, 10, 10) if small else matrix)))
        page.insert_obj(image)
    page.gen_content()
    page.set_rotation(rotate)
    document.save(path)
    return path


def test_a_scanned_page_yields_its_own_pixels(tmp_path: Path) -> None:
    (page,) = read(pdf_of(tmp_path / "a.pdf"))
    np.testing.assert_array_equal(pixels(page, tmp_path), IMAGE)
    assert page.dpi == 144.0


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_the_rotation_of_the_page_is_followed(rotate: int, tmp_path: Path) -> None:
    (page,) = read(pdf_of(tmp_path / "a.pdf", rotate=rotate))
    np.testing.assert_array_equal(pixels(page, tmp_path), np.rot90(IMAGE, -rotate // 90))


MATRICES = {
    "quarter": ((0, 420, -300, 0, 300, 0), np.rot90(IMAGE, 1)),
    "half": ((-420, 0, 0, -300, 420, 300), np.rot90(IMAGE, 2)),
    "three quarters": ((0, -420, 300, 0, 0, 420), np.rot90(IMAGE, 3)),
    "mirrored": ((-420, 0, 0, 300, 420, 0), IMAGE[:, ::-1]),
    "upside down": ((420, 0, 0, -300, 0, 300), IMAGE[::-1]),
    "mirrored quarter": ((0, 420, 300, 0, 0, 0), np.rot90(IMAGE[:, ::-1], 3)),
}


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("rotate", [0, 90])
def test_the_matrix_of_the_image_is_followed(name: str, rotate: int, tmp_path: Path) -> None:
    matrix, expected = MATRICES[name]
    size = (420, 300) if expected.shape[1] == 840 else (300, 420)
    (page,) = read(pdf_of(tmp_path / "a.pdf", matrix=matrix, size=size, rotate=rotate))
    np.testing.assert_array_equal(pixels(page, tmp_path), np.rot90(expected, -rotate // 90))


def test_a_bitonal_scan_stays_bitonal(tmp_path: Path) -> None:
    lines = np.full((1200, 1600), 255, dtype=np.uint8)
    lines[100:103] = 0
    lines[:, 200:202] = 0
    lines[900:1100, 1200:1500] = 0
    bitonal = Image.fromarray(lines).convert("1")
    bitonal.save(tmp_path / "a.pdf", resolution=200)
    (page,) = read(tmp_path / "a.pdf")
    assert page.bitonal
    np.testing.assert_array_equal(pixels(page, tmp_path), lines)


@pytest.mark.parametrize(
    "change",
    [
        {"again": True},
        {"matrix": (300, 0, 0, 200, 50, 50)},
        {"matrix": (400, 30, -30, 280, 30, 0)},
    ],
    ids=["two images", "a margin", "askew"],
)
def test_any_other_page_is_rendered_at_the_declared_resolution(change: dict[str, object], tmp_path: Path) -> None:
    (page,) = read(pdf_of(tmp_path / "a.pdf", **change), dpi=150)  # type: ignore[arg-type]
    assert (page.width_px, page.height_px) == (math.ceil(420 / 72 * 150), math.ceil(300 / 72 * 150))
    assert page.dpi == 150.0


def test_rendering_in_strips_is_rendering_at_once_to_a_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pdf_of(tmp_path / "a.pdf", again=True)
    whole = pixels(read(path, dpi=331)[0], tmp_path)
    monkeypatch.setattr(pdf, "STRIP_PIXELS", 1)
    strips = pixels(read(path, dpi=331)[0], tmp_path)
    assert np.abs(strips.astype(int) - whole).max() <= 1


def test_every_page_is_read(tmp_path: Path) -> None:
    first, second = Image.fromarray(IMAGE), Image.fromarray(np.rot90(IMAGE))
    first.save(tmp_path / "a.pdf", save_all=True, append_images=[second], resolution=100)
    assert [(page.page, page.width_px) for page in read(tmp_path / "a.pdf")] == [(1, 840), (2, 600)]


def test_files_of_one_name_in_two_folders_do_not_share_their_pages(tmp_path: Path) -> None:
    work = tmp_path / "work"
    found: list[ScanPage] = []
    for folder, rotate in (("old", 0), ("new", 180)):
        (tmp_path / folder).mkdir()
        found += pdf.read(pdf_of(tmp_path / folder / "a.pdf", rotate=rotate), "a.pdf", 100, work)
    np.testing.assert_array_equal(pixels(found[0], tmp_path), IMAGE)
    np.testing.assert_array_equal(pixels(found[1], tmp_path), IMAGE[::-1, ::-1])
