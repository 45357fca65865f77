"""Control points in every way that QGIS has written them."""

from __future__ import annotations

from pathlib import Path

import pyproj
import pytest

from gis_pipeline.georef.points import read_points

ROWS = [(-52000.0, -27000.0, 100.5, 200.25), (-50000.0, -27000.0, 8100.0, 210.0), (-50000.0, -28500.0, 8090.0, 6210.0)]
WKT = pyproj.CRS.from_epsg(6677).to_wkt()

VARIANTS = {
    "pixel": ("mapX,mapY,pixelX,pixelY", ""),
    "pixel_enable": ("mapX,mapY,pixelX,pixelY,enable", ",1"),
    "source_enable": ("mapX,mapY,sourceX,sourceY,enable", ",1"),
    "residuals": ("mapX,mapY,sourceX,sourceY,enable,dX,dY,residual", ",1,0.1,-0.2,0.3"),
    "spaces": ("mapX, mapY, sourceX, sourceY, enable", ", 1"),
}


def write(folder: Path, header: str, tail: str = "", *, sign: int = -1, crs: str | None = None) -> Path:
    lines = [f"{e},{n},{c},{sign * r}{tail}" for e, n, c, r in ROWS]
    text = "\n".join(([f"#CRS: {crs}"] if crs else []) + [header, *lines]) + "\n"
    path = folder / "sheet.points"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_gives_the_same_points(variant: str, tmp_path: Path) -> None:
    read = read_points(write(tmp_path, *VARIANTS[variant]), "sheet.points")
    assert [(p.easting, p.northing, p.col_px, p.row_px) for p in read.enabled] == ROWS
    assert read.findings == ()


@pytest.mark.parametrize("crs", ["EPSG:6677", WKT])
def test_the_crs_line_is_a_code_or_wkt(crs: str, tmp_path: Path) -> None:
    read = read_points(write(tmp_path, *VARIANTS["residuals"], crs=crs), "sheet.points")
    assert read.crs is not None
    assert pyproj.CRS.from_user_input(read.crs).to_epsg() == 6677


def test_without_a_crs_line_the_crs_is_unknown(tmp_path: Path) -> None:
    assert read_points(write(tmp_path, *VARIANTS["pixel"]), "sheet.points").crs is None


def test_rows_written_downwards_stay(tmp_path: Path) -> None:
    read = read_points(write(tmp_path, *VARIANTS["pixel"], sign=1), "sheet.points")
    assert [p.row_px for p in read.enabled] == [row for *_, row in ROWS]


def test_a_bom_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    path = write(tmp_path, *VARIANTS["residuals"], crs="EPSG:6677")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    read = read_points(path, "sheet.points")
    assert (read.crs, len(read.enabled)) == ("EPSG:6677", 3)


def test_points_switched_off_are_kept_apart_and_reported(tmp_path: Path) -> None:
    path = write(tmp_path, *VARIANTS["source_enable"])
    path.write_text(path.read_text().replace("210.0,1", "210.0,0", 1), encoding="utf-8")
    read = read_points(path, "sheet.points")
    assert [point.line for point in read.points if not point.enabled] == [3]
    assert [(f.severity, f.message) for f in read.findings] == [
        ("info", "使わない印の付いた基準点が 1 点あります（3 行目）。")
    ]


def add(path: Path, *lines: str) -> Path:
    path.write_text(path.read_text(encoding="utf-8") + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_placeholder_is_left_out_and_reported(tmp_path: Path) -> None:
    read = read_points(add(write(tmp_path, *VARIANTS["pixel_enable"]), "1111,1111,40,-60,1"), "sheet.points")
    assert len(read.enabled) == 3
    assert [f.severity for f in read.findings] == ["warn"]
    assert "仮の値（1111, 1111）のままの基準点 1 点を除きました（5 行目）" in read.findings[0].message


def test_the_same_unfilled_pair_at_several_places_is_a_placeholder(tmp_path: Path) -> None:
    path = add(write(tmp_path, *VARIANTS["pixel_enable"]), "0,0,40,-60,1", "0,0,41,-600,1")
    assert len(read_points(path, "sheet.points").enabled) == 3


def test_a_grid_cross_where_easting_equals_northing_is_a_point(tmp_path: Path) -> None:
    path = add(write(tmp_path, *VARIANTS["pixel_enable"]), "0,0,40,-60,1", "1000,1000,900,-60,1")
    read = read_points(path, "sheet.points")
    assert len(read.enabled) == 5
    assert read.findings == ()


def test_a_point_written_twice_counts_once_and_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path, *VARIANTS["pixel_enable"])
    add(path, path.read_text(encoding="utf-8").splitlines()[1])
    read = read_points(path, "sheet.points")
    assert len(read.enabled) == 3
    assert "重ねて書かれています（5 行目）" in read.findings[0].message
