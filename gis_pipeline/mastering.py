"""Placed sheets → masters: each warped once onto the town lattice, kept by the hash of all that shapes it.

A sheet is one independent piece of work; finished ones are found again after an interrupted build.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import orjson
import shapely

from gis_pipeline.georef.warp import warp
from gis_pipeline.intake import Draft
from gis_pipeline.members import Master, PlacedSheet

VERSION = 1
"""Raised when warping changes its pixels."""


def warped(draft: Draft, frame: str, cache: Path, progress: Callable[[str], None]) -> tuple[Master, ...]:
    """The masters of a draft's sheets, in their order; `cache` may be deleted at any time between builds."""
    scan = draft.job.collection.scan
    if scan is None:
        return ()
    cache.mkdir(parents=True, exist_ok=True)
    paths = {sheet.code: cache / f"{_key(draft, sheet, frame)}.tif" for sheet in draft.sheets}
    with ProcessPoolExecutor(max_workers=os.cpu_count(), mp_context=get_context("spawn")) as pool:
        missing: dict[str, Future[None]] = {
            sheet.code: pool.submit(_warp, sheet, scan.pixel_m, paths[sheet.code])
            for sheet in draft.sheets
            if not paths[sheet.code].exists()
        }
        for code, future in missing.items():
            future.result()
            progress(f"変形　　　図郭 {code}")
    return tuple(Master(sheet.code, paths[sheet.code], sheet.page.bitonal) for sheet in draft.sheets)


def _warp(sheet: PlacedSheet, pixel_m: float, path: Path) -> None:
    """One sheet, in a process of its own: written beside its place, so that a killed build leaves no half master."""
    cv2.setNumThreads(1)
    beside = path.with_name(f".{path.stem}.new.tif")
    warp(sheet, pixel_m, beside)
    beside.replace(path)


def _key(draft: Draft, sheet: PlacedSheet, frame: str) -> str:
    """Hash of the scan, of every small file beside it (control points, world files) and of the declaration."""
    scans = {one.page.file for one in draft.sheets}
    sources = [source for source in draft.job.sources if source.name == sheet.page.file or source.name not in scans]
    shape = {
        "version": VERSION,
        "frame": frame,
        "code": sheet.code,
        "page": sheet.page.page,
        "file": sheet.page.file,
        "sources": [source.model_dump() for source in sources],
        "scan": draft.job.collection.scan.model_dump() if draft.job.collection.scan else None,
        "neatline": shapely.to_wkt(sheet.neatline, rounding_precision=4),
        "fit": sheet.fit.model_dump(),
        "transformation": sheet.transformation.model_dump(),
    }
    return hashlib.sha256(orjson.dumps(shape, option=orjson.OPT_SORT_KEYS)).hexdigest()
