"""The CAD set: complete, in Japanese, with its checksums; for scans with the picture and its place."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import rasterio

from gis_pipeline.outputs import cadset
from tests.outputs import samples, scans

PRODUCT = samples.products()["polygons"]


def unpacked(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_manifest_names_every_other_file_and_agrees(tmp_path: Path) -> None:
    files = unpacked(cadset.write(PRODUCT, tmp_path)[0])
    sums = {line[66:]: line[:64] for line in files.pop("sha256sums.txt").decode("ascii").splitlines()}
    assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert set(sums) == {"mihon-polygon.dxf", "mihon-polygon_r2000.dxf", "mihon-polygon.gpkg", "README.txt"}


def test_the_readme_tells_terms_dates_frame_accuracy_and_axes(tmp_path: Path) -> None:
    content = unpacked(cadset.write(PRODUCT, tmp_path)[0])["README.txt"]
    assert content.startswith(b"\xef\xbb\xbf") and content.count(b"\n") == content.count(b"\r\n")
    text = content.decode("utf-8-sig")
    for words in ("出典を示せば使えます", "見本町（架空）", "2026-04-01", "第IX系 (EPSG:6677)", "1.75 m", "X軸は東"):
        assert words in text


def test_scans_come_with_their_picture_where_the_world_file_says(tmp_path: Path) -> None:
    made, neatlines = scans.masters(tmp_path, pixel_m=0.5, sheet_px=(640, 480), bands=3, layout=(2, 2))
    product = samples.sheets(made, neatlines, pixel_m=0.5)
    files = unpacked(cadset.write(product, tmp_path)[0])
    stem = product.collection.id
    (tmp_path / "x.tif").write_bytes(files[f"{stem}.tif"])
    (tmp_path / "x.tfw").write_bytes(files[f"{stem}.tfw"])
    with rasterio.open(tmp_path / "x.tif") as image:
        west_m, _, _, north_m = product.frame.total_bounds
        assert (image.transform.c, image.transform.f) == (west_m, north_m)
