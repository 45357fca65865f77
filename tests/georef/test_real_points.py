"""Real control points: 62 sheets of the Japan City Plans and the Finnish copier scan."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from gis_pipeline.formats import pdf
from gis_pipeline.georef.fit import fit
from gis_pipeline.georef.points import ControlPoints, read_points
from gis_pipeline.georef.sheets_of_edition import placed_sheets
from gis_pipeline.members import PlacedSheet
from gis_pipeline.model import Source
from tests.georef.scene import NO_EDITION, collection

pytestmark = pytest.mark.real


def files(shared: Path) -> list[Path]:
    found = sorted((shared / "data/jcp_gcps/pointsdata").glob("*.points"))
    assert len(found) == 62
    return found


def arrays(read: ControlPoints) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    rows = [(p.col_px, p.row_px, p.easting, p.northing) for p in read.enabled]
    return tuple(np.array(values) for values in zip(*rows, strict=True))


def test_every_file_has_as_many_points_as_a_csv_reader_counts(shared: Path) -> None:
    for path in files(shared):
        with path.open(encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        true = [r for r in rows if r["enable"] == "1" and float(r["mapX"]) != 1111]
        read = read_points(path, path.name)
        assert [(p.easting, p.northing, p.col_px) for p in read.enabled] == [
            (float(r["mapX"]), float(r["mapY"]), float(r["pixelX"])) for r in true
        ]
        assert len(read.points) == len(rows)
        assert [finding.severity for finding in read.findings] == ["warn"]


def test_rows_of_real_files_run_upwards_or_the_map_would_be_mirrored(shared: Path) -> None:
    for path in files(shared):
        read = read_points(path, path.name)
        assert all(point.row_px > 0 for point in read.enabled)
        assert fit("affine", *arrays(read)).pixel_area_m2(np.zeros(1), np.zeros(1))[0] < 0


@pytest.fixture
def rautjarvi(shared: Path, tmp_path: Path) -> PlacedSheet:
    declared = collection(neatline="none", pixel_m=0.85).model_copy(
        update={"map_level": 10000, "source": Source(files="*.pdf")}
    )
    folder = shared / "data/rautjarvi_scan_gpl"
    return next(placed_sheets(folder, declared, NO_EDITION, [pdf], frame="EPSG:2392", grids=None, work=tmp_path))


def test_the_copier_scan_keeps_its_own_pixels(rautjarvi: PlacedSheet) -> None:
    assert (rautjarvi.page.width_px, rautjarvi.page.height_px, rautjarvi.page.dpi) == (4960, 3507, 300.0)


def test_the_copier_scan_fits_as_measured(rautjarvi: PlacedSheet) -> None:
    found = rautjarvi.fit
    assert (found.points, found.points_disabled) == (8, 0)
    assert round(found.rmse_m, 2) == 0.94
    assert round(found.max_residual_m, 2) == 1.70
    assert found.pixel_size_m == pytest.approx(0.8468, abs=2e-4)
    assert found.tolerance_m == 7.0


def test_the_copier_scan_lies_with_north_to_the_right(rautjarvi: PlacedSheet) -> None:
    east, north = rautjarvi.georeference.to_town(np.array([1000.0, 2000.0]), np.array([1000.0, 1000.0]))
    assert abs(east[1] - east[0]) < 10
    assert north[1] - north[0] == pytest.approx(1000 * 0.8468, rel=0.01)
