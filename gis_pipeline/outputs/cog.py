"""sheets/<code>.tif: each sheet as a Cloud Optimized GeoTIFF in the town frame."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Final, Literal

import rasterio
import rasterio.shutil

from gis_pipeline.members import Master, Product
from gis_pipeline.model import Act
from gis_pipeline.outputs import _files

TITLE = "図郭ごとの画像 (COG)"
VERSION = 1
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "image/tiff; application=geotiff; profile=cloud-optimized"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"sheets"})
ALWAYS = False

BLOCK_PX = 512
CACHE_BYTES = 64 << 20


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes sheets/<code>.tif for every master, on the lattice of the masters, with averaged overviews.

    Colour: JPEG (YCbCr) of the declared quality. Grey, which is what bitonal sheets are in their masters:
    lossless (DEFLATE). Where a sheet has no pixels the internal mask says so.
    """
    quality = product.collection.scan.quality if product.collection.scan is not None else 82
    return tuple(_sheet(master, folder / "sheets" / f"{master.code}.tif", quality) for master in product.masters)


def _sheet(master: Master, target: Path, quality: int) -> Path:
    with _files.beside(target) as part, rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES, GDAL_TIFF_INTERNAL_MASK=True):
        bare = part.with_name(f"{part.name}.vrt")
        bands = _without_metadata(master.path, bare)
        coding = (
            {"COMPRESS": "JPEG", "QUALITY": str(quality), "OVERVIEW_QUALITY": str(quality)}
            if bands >= 3
            else {"COMPRESS": "DEFLATE", "PREDICTOR": "YES", "LEVEL": "9"}
        )
        rasterio.shutil.copy(
            bare,
            part,
            driver="COG",
            BLOCKSIZE=str(BLOCK_PX),
            OVERVIEWS="IGNORE_EXISTING",
            OVERVIEW_RESAMPLING="AVERAGE",
            NUM_THREADS="2",
            BIGTIFF="IF_SAFER",
            **coding,
        )
        _verify(part, master, target)
    return target


def _without_metadata(master: Path, bare: Path) -> int:
    """A VRT of the master that carries pixels and place only: no author, software, host or time. Returns its bands."""
    with rasterio.open(master) as source:
        rasterio.shutil.copy(source, bare, driver="VRT")
        bands = int(source.count)
    tree = ET.parse(bare)
    for parent in list(tree.iter()):
        for entry in [child for child in parent if child.tag in ("Metadata", "Description")]:
            parent.remove(entry)
    tree.write(bare, encoding="unicode")
    return bands


def _verify(part: Path, master: Master, target: Path) -> None:
    """Opens what was written: size and place are the master's, and the last block can be read."""
    with rasterio.open(master.path) as before, rasterio.open(part) as after:
        _files.expect(target, after.width * after.height, before.width * before.height, "画素")
        if not after.transform.almost_equals(before.transform, 1e-6):
            raise OSError("書いた画像の位置が元の画像と違います。")
        for _, window in list(after.block_windows(1))[-1:]:
            after.read(1, window=window)
