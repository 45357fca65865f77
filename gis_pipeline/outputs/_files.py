"""How every writer puts a file in its place: beside it first, verified, synced, then renamed."""

from __future__ import annotations

import glob
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError

from gis_pipeline.errors import MachineError

FAILURES = (
    OSError,
    sqlite3.Error,
    DataSourceError,
    DataLayerError,
    FeatureError,
    FieldError,
    RasterioError,
    CPLE_BaseError,  # rasterio.shutil.copy lets GDAL's own errors through
)
"""What the libraries raise when a disk is full or a folder cannot be written."""


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A path beside `target` to write to; on leaving it is synced and renamed to `target`.

    The path keeps the suffix (GDAL and tippecanoe choose by it). Side files the libraries put next to it are
    removed. Raises MachineError, and leaves nothing behind, if writing failed or nothing was written: GDAL
    leaves files of 0 bytes on a full disk. Verify what was written before leaving.
    """
    part = target.with_name(f".part-{target.name}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield part
        _sync(part)
        part.replace(target)
    except FAILURES as error:
        raise MachineError(
            f"{target.name} を書けません: {error} ディスクの空きと書き込み権限を確かめてください。"
        ) from error
    finally:
        for left in part.parent.glob(glob.escape(part.name) + "*"):
            left.unlink(missing_ok=True)


def expect(target: Path, written: int, wanted: int, what: str = "件") -> None:
    """Raises MachineError if a file that was opened again does not hold what was written to it."""
    if written != wanted:
        raise MachineError(
            f"{target.name} を書けません: {wanted} {what}のはずが {written} {what}でした。"
            "ディスクの空きと書き込み権限を確かめてください。"
        )


def _sync(path: Path) -> None:
    if path.stat().st_size == 0:
        raise OSError("中身が空です。")
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
