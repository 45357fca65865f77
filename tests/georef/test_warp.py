"""Laws of the warp: the right place to a fraction of a pixel, neighbours that meet, pixels of every kind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from PIL import Image
from rasterio.enums import MaskFlags

from gis_pipeline.errors import Where
from gis_pipeline.formats import png
from gis_pipeline.georef.lattice import Lattice, inside_neatline, lattice_of
from gis_pipeline.georef.sheets_of_edition import placed_sheets
from gis_pipeline.georef.warp import _inverse, warp
from gis_pipeline.members import Array, PlacedSheet
from gis_pipeline.model import Collection
from tests.georef.scene import (
    FRAME,
    NO_EDITION,
    collection,
    ground_truth,
    picture,
    points_text,
    read_master,
    turned,
    write_sheet,
)

SHEETS = ("09KC971", "09KC972", "09KC973", "09KC974")


def place_all(folder: Path, work: Path, declared: Collection | None = None) -> list[PlacedSheet]:
    return list(placed_sheets(folder, declared or collection(), NO_EDITION, [png], frame=FRAME, grids=None, work=work))


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> list[PlacedSheet]:
    folder = tmp_path_factory.mktemp("four")
    for angle, code in zip((1.5, -0.7, 0.0, 2.2), SHEETS, strict=True):
        write_sheet(folder, code, angle_deg=angle, pixel_m=2.0)
    return place_all(folder, tmp_path_factory.mktemp("work"))


def centres(transform: rasterio.Affine, height: int, width: int) -> tuple[Array, Array]:
    cols, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    return transform.c + transform.a * cols, transform.f + transform.e * rows


def test_every_pixel_shows_the_ground_at_its_centre(four: list[PlacedSheet], tmp_path: Path) -> None:
    for sheet in four:
        values, mask, transform = read_master(warp(sheet, 2.0, tmp_path / f"{sheet.code}.tif").path)
        truth = ground_truth(*centres(transform, *mask.shape))
        error = values.astype(float) - truth
        # a shift of a tenth of a pixel (0.2 m) changes the steepest band by 0.36 levels on average
        assert np.abs(error).mean() < 0.6
        assert abs(error.mean()) < 0.05
        assert np.abs(error).max() < 4


@pytest.mark.parametrize("angle_deg", [0.0, 33.0, 90.0, 181.0])
def test_a_gradient_is_not_shifted_by_a_fraction_of_a_pixel(angle_deg: float, tmp_path: Path) -> None:
    """A picture whose value is the ground's own easting and northing: a shift shows as a constant difference."""
    write_sheet(
        tmp_path,
        "09KC97HD",
        angle_deg=angle_deg,
        pixel_m=0.25,
        margin_px=900,
        truth=lambda e, n: np.stack(((e + 51_400) * 0.6, (n + 28_200) * 0.8, 0 * e + 90), axis=-1),
    )
    sheet = place_all(tmp_path, tmp_path)[0]
    values, mask, transform = read_master(warp(sheet, 0.25, tmp_path / "master.tif").path)
    easting, northing = centres(transform, *mask.shape)
    east_m = (values[..., 0] / 0.6 - 51_400 - easting)[20:-20, 20:-20]
    north_m = (values[..., 1] / 0.8 - 28_200 - northing)[20:-20, 20:-20]
    assert abs(east_m.mean()) < 0.01
    assert abs(north_m.mean()) < 0.01


@pytest.mark.parametrize(("method", "option"), [("affine", "-order 1"), ("thin_plate_spline", "-tps")])
def test_the_warp_is_that_of_gdal(method: str, option: str, tmp_path: Path) -> None:
    image = picture(700, 900)
    Image.fromarray(image).save(tmp_path / "page.png")
    to_town = turned(33, 0.5, -52_000.3, -27_000.7)
    cols, rows = (v.ravel() for v in np.meshgrid([20.0, 450.0, 880.0], [20.0, 350.0, 680.0]))
    eastings, northings = to_town(cols, rows)
    eastings = eastings + 0.8 * np.sin(cols)
    table = list(zip(eastings.tolist(), northings.tolist(), cols.tolist(), rows.tolist(), strict=True))
    (tmp_path / "page.points").write_text(points_text(table), encoding="utf-8")
    sheet = place_all(tmp_path, tmp_path, collection(method=method, neatline="none", pixel_m=0.5))[0]
    values, mask, transform = read_master(warp(sheet, 0.5, tmp_path / "master.tif").path)
    gcps = [word for e, n, c, r in table for word in ("-gcp", repr(c), repr(r), repr(e), repr(n))]
    subprocess.run(
        ["gdal_translate", "-q", "-a_srs", FRAME, *gcps, tmp_path / "page.png", tmp_path / "gcps.tif"], check=True
    )
    height, width = mask.shape
    west, north = transform.c, transform.f
    extent = [repr(v) for v in (west, north - 0.5 * height, west + 0.5 * width, north)]
    grid = [
        "-te",
        *extent,
        "-tr",
        "0.5",
        "0.5",
        "-t_srs",
        FRAME,
        str(tmp_path / "gcps.tif"),
        str(tmp_path / "gdal.tif"),
    ]
    how = ["-q", *option.split(), "-r", "cubic", "-et", "0", "-dstalpha"]
    subprocess.run(["gdalwarp", *how, *grid], check=True)
    with rasterio.open(tmp_path / "gdal.tif") as source:
        theirs, alpha = np.moveaxis(source.read([1, 2, 3]), 0, 2).astype(float), source.read(4)
    core = shapely.contains_xy(sheet.neatline.buffer(-3), *centres(transform, height, width))
    assert core.sum() > 500_000
    difference = np.abs(values.astype(float) - theirs)[core]
    assert np.quantile(difference, 0.99) <= 4
    assert difference.mean() < 0.5
    assert (mask > 0)[core].all()
    assert np.mean((mask > 0) != (alpha > 0)) < 0.005


def test_masters_lie_on_one_lattice(four: list[PlacedSheet], tmp_path: Path) -> None:
    for sheet in four:
        transform = read_master(warp(sheet, 2.0, tmp_path / "m.tif").path)[2]
        assert (transform.a, transform.e) == (2.0, -2.0)
        assert transform.c % 2 == 0
        assert transform.f % 2 == 0


@pytest.mark.parametrize("pixel_m", [2.0, 0.7])
def test_neighbours_meet_without_gap_or_overlap(four: list[PlacedSheet], tmp_path: Path, pixel_m: float) -> None:
    count: dict[tuple[int, int], int] = {}
    covered = 0
    edges = set()
    for sheet in four:
        lattice = lattice_of(sheet.neatline, pixel_m)
        edges |= {(lattice.first_col, lattice.first_col + lattice.width_px)}
        covered += lattice.width_px * lattice.height_px
        count[lattice.first_col, lattice.top_row] = lattice.width_px * lattice.height_px
    whole = lattice_of(shapely.box(*shapely.total_bounds([sheet.neatline for sheet in four])), pixel_m)
    assert covered == whole.width_px * whole.height_px
    (west, middle), (again, east) = sorted(edges)
    assert middle == again
    assert (west, east) == (whole.first_col, whole.first_col + whole.width_px)


def test_slanting_neighbours_share_every_pixel_out(tmp_path: Path) -> None:
    """Fans of polygons around one point: each lattice pixel belongs to exactly one of them."""
    rng = np.random.default_rng(3)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
    ring = [(-51_000 + 83.3 * np.cos(a), -28_000 + 61.7 * np.sin(a)) for a in angles]
    centre = (-51_000.25, -28_000.0)
    fan = [shapely.Polygon([centre, a, b]) for a, b in zip(ring, ring[1:] + ring[:1], strict=True)]
    whole = lattice_of(shapely.Polygon(ring), 0.5)
    block = (0, 0, whole.height_px, whole.width_px)
    owners = sum(inside_neatline(polygon, whole, *block).astype(int) for polygon in fan)
    np.testing.assert_array_equal(owners, inside_neatline(shapely.Polygon(ring), whole, *block).astype(int))


def test_a_pixel_on_an_edge_belongs_to_the_sheet_south_and_east_of_it() -> None:
    lattice = Lattice(1.0, 0, 9, 10, 10)
    box = shapely.box(2.5, 3.5, 6.5, 7.5)  # edges run through pixel centres
    inside = inside_neatline(box, lattice, 0, 0, 10, 10)
    rows, cols = np.nonzero(inside)
    assert (cols.min(), cols.max()) == (2, 5)
    assert (rows.min(), rows.max()) == (2, 5)  # northing 7.5 … 4.5
    part = lattice_of(box, 1.0)
    assert (part.first_col, part.width_px, part.top_row, part.height_px) == (2, 4, 7, 4)


def test_blocks_of_the_mask_are_parts_of_the_whole() -> None:
    polygon = shapely.Polygon([(0.2, 0.1), (97.3, 14.9), (80.4, 88.8), (11.1, 60.2)])
    whole = lattice_of(polygon, 0.3)
    full = inside_neatline(polygon, whole, 0, 0, whole.height_px, whole.width_px)
    np.testing.assert_array_equal(full[64:164, 40:240], inside_neatline(polygon, whole, 64, 40, 100, 200))
    area = full.sum() * 0.09
    assert area == pytest.approx(polygon.area, rel=0.002)


def test_a_full_sheet_has_no_mask_and_a_cut_one_has(four: list[PlacedSheet], tmp_path: Path) -> None:
    with rasterio.open(warp(four[0], 2.0, tmp_path / "full.tif").path) as source:
        assert source.mask_flag_enums[0] == [MaskFlags.all_valid]
    write_sheet(tmp_path, "09KC971", angle_deg=0.0, pixel_m=2.0, margin_px=-60)
    cut = place_all(tmp_path, tmp_path)[0]
    assert ["画像の外" in finding.message for finding in cut.page.findings] == [True]
    mask = read_master(warp(cut, 2.0, tmp_path / "cut.tif").path)[1]
    expected = np.zeros((750, 1000), dtype=np.uint8)
    expected[60:-60, 60:-60] = 255
    np.testing.assert_array_equal(mask, expected)


def test_masters_are_tiled_lossless_and_in_the_frame(four: list[PlacedSheet], tmp_path: Path) -> None:
    with rasterio.open(warp(four[0], 2.0, tmp_path / "m.tif").path) as source:
        assert source.crs.to_epsg() == 6677
        assert source.block_shapes == [(512, 512)] * 3
        assert (source.profile["compress"], source.profile["interleave"]) == ("zstd", "pixel")


def test_blocks_leave_no_seams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, four: list[PlacedSheet]) -> None:
    whole = read_master(warp(four[0], 1.0, tmp_path / "whole.tif").path)[0]
    monkeypatch.setattr("gis_pipeline.georef.warp.BLOCK_PX", 512)
    parts = read_master(warp(four[0], 1.0, tmp_path / "parts.tif").path)[0]
    assert np.abs(whole.astype(int) - parts.astype(int)).max() <= 2


def test_shrinking_averages_instead_of_dropping_thin_lines(tmp_path: Path) -> None:
    """Lines of one pixel every eight keep their mean darkness at an eighth of the resolution."""
    image = np.full((1000, 1200), 255, dtype=np.uint8)
    image[:, ::8] = 0
    Image.fromarray(image).save(tmp_path / "page.png")
    to_town = turned(3, 0.25, -52_000.0, -27_000.0)
    cols, rows = np.array([9.0, 1100.0, 1100.0, 9.0]), np.array([9.0, 9.0, 900.0, 900.0])
    eastings, northings = to_town(cols, rows)
    table = list(zip(eastings.tolist(), northings.tolist(), cols.tolist(), rows.tolist(), strict=True))
    (tmp_path / "page.points").write_text(points_text(table), encoding="utf-8")
    sheet = place_all(tmp_path, tmp_path, collection(neatline="none", pixel_m=2.0))[0]
    values, mask, _ = read_master(warp(sheet, 2.0, tmp_path / "m.tif").path)
    core = values[20:-20, 20:-20]
    assert (mask[20:-20, 20:-20] > 0).all()
    assert core.mean() == pytest.approx(255 * 7 / 8, abs=2)
    assert core.std() < 25


def test_a_spline_that_bends_within_few_pixels_is_still_followed(tmp_path: Path) -> None:
    """The interpolated inverse agrees with the exact one to 0.05 px wherever it is asked."""
    Image.fromarray(picture(900, 1200)).save(tmp_path / "page.png")
    rng = np.random.default_rng(5)
    to_town = turned(2, 0.5, -52_000.0, -27_000.0)
    cols, rows = (v.ravel() for v in np.meshgrid(np.linspace(10, 1190, 9), np.linspace(10, 890, 7)))
    eastings, northings = to_town(cols, rows)
    eastings = eastings + rng.normal(0, 1.0, cols.size)
    table = list(zip(eastings.tolist(), northings.tolist(), cols.tolist(), rows.tolist(), strict=True))
    (tmp_path / "page.points").write_text(points_text(table), encoding="utf-8")
    sheet = place_all(tmp_path, tmp_path, collection(neatline="none", method="thin_plate_spline"))[0]
    lattice = lattice_of(sheet.neatline, 0.4)
    nodes = _inverse(sheet, lattice, Where())
    found = np.array(nodes.interpolate(0, 0, lattice.height_px, lattice.width_px))
    at = rng.integers(0, (lattice.height_px, lattice.width_px), (4000, 2)).astype(np.float64)
    eastings, northings = lattice.eastings(at[:, 1] + 0.5), lattice.northings(at[:, 0] + 0.5)
    inside = shapely.contains_xy(sheet.neatline, eastings, northings)
    exact = np.array(sheet.georeference.to_pixel(eastings, northings))
    error = np.hypot(*(found[:, at[:, 0].astype(int), at[:, 1].astype(int)] - exact))[inside]
    assert error.max() < 0.05


MEMORY = """
import re, sys
from pathlib import Path
from tests.georef.test_warp import place_all, warp
folder = Path(sys.argv[1])
sheet = place_all(folder, folder)[0]
warp(sheet, float(sys.argv[2]), folder / "m.tif")
print(re.search("VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def test_a_large_colour_sheet_stays_below_600_mb(tmp_path: Path) -> None:
    Image.fromarray(np.tile(picture(940, 1260), (5, 5, 1))).save(tmp_path / "09KC971.png")
    to_town = turned(0.5, 2000 / 6000, -52_050.0, -26_960.0)
    cols, rows = np.array([100.0, 6200.0, 6200.0, 100.0, 3000.0]), np.array([100.0, 100.0, 4600.0, 4600.0, 2000.0])
    eastings, northings = to_town(cols, rows)
    table = list(zip(eastings.tolist(), northings.tolist(), cols.tolist(), rows.tolist(), strict=True))
    (tmp_path / "09KC971.points").write_text(points_text(table), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, tmp_path, "0.33333333"], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) / 1024 < 600


FULL_DISK = """
import resource, sys
from pathlib import Path
from gis_pipeline.errors import MachineError
from tests.georef.test_warp import place_all, warp
folder, missing = Path(sys.argv[1]), int(sys.argv[2])
sheet = place_all(folder, folder)[0]
limit = warp(sheet, 2.0, folder / "whole.tif").path.stat().st_size - missing
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    warp(sheet, 2.0, folder / "cut.tif")
except MachineError as error:
    print(error)
"""


@pytest.mark.parametrize("missing", [500, 500_000])
def test_a_master_that_could_not_be_written_whole_is_an_error(missing: int, tmp_path: Path) -> None:
    """The last bytes are written on closing, where GDAL's failure reaches neither an exception nor the log."""
    write_sheet(tmp_path, "09KC971", pixel_m=2.0)
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path, str(missing)], capture_output=True, text=True, check=True
    )
    assert "図郭 09KC971 の画像を書けません" in done.stdout
