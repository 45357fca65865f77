"""`python -m bench.scans PUBLIC PREDICTED`: places every sheet of a folder without a person and writes what was found.

PUBLIC holds `NAME.tif` and `NAME.json` (sheet_code, scale, crs, corners nw/ne/se/sw in metres, grid_mm, nominal_dpi).
PREDICTED receives `NAME.status.json` (status accepted or review, rmse_est_m, seconds, reasons) and `NAME.points.json`
([col, row, easting, northing] with pixel centres whole) for every sheet on which a neatline was found.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from gis_pipeline.formats import tiff
from gis_pipeline.georef.automatic.placing import Placing, SheetRectangle, place_alone
from gis_pipeline.georef.pixels import source_pixels

LATTICE = 41


def main() -> None:
    """Runs over a folder."""
    public, predicted = Path(sys.argv[1]), Path(sys.argv[2])
    predicted.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    for sidecar in sorted(public.glob("*.json")):
        status = _placed(public, sidecar.stem, json.loads(sidecar.read_text()), predicted)
        print(sidecar.stem, json.dumps(status, ensure_ascii=False), flush=True)


def _placed(public: Path, name: str, sheet: dict[str, Any], predicted: Path) -> dict[str, Any]:
    started = time.monotonic()
    west, north = sheet["corners"]["nw"]
    east, south = sheet["corners"]["se"]
    rectangle = SheetRectangle(sheet["sheet_code"], sheet["scale"], west, south, east, north)
    page = next(tiff.read(public / sheet["file"], sheet["file"], int(sheet["nominal_dpi"]), predicted))
    placing = place_alone(source_pixels(page, predicted), page.dpi or sheet["nominal_dpi"], rectangle)
    status: dict[str, Any] = {"status": "review", "reasons": ["図郭線が見つかりません。"]}
    if placing is not None:
        verdict = placing.found.verdict
        status = {"status": "accepted" if verdict.accepted else "review", "reasons": list(verdict.reasons)}
        status["rmse_est_m"] = placing.claim_m
        (predicted / f"{name}.points.json").write_text(json.dumps(_lattice(placing)))
    status["seconds"] = round(time.monotonic() - started, 1)
    status["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    (predicted / f"{name}.status.json").write_text(json.dumps(status, ensure_ascii=False))
    return status


def _lattice(placing: Placing) -> list[list[float]]:
    paper = placing.rectangle.paper
    x, y = (
        part.ravel()
        for part in np.meshgrid(
            np.linspace(-20, paper.width_mm + 20, LATTICE), np.linspace(-20, paper.height_mm + 20, LATTICE)
        )
    )
    cols, rows = placing.found.fit.model.to_scan(x, y)
    eastings, northings = placing.rectangle.to_ground(x, y)
    values: list[list[float]] = np.column_stack([cols - 0.5, rows - 0.5, eastings, northings]).tolist()
    return values


if __name__ == "__main__":
    main()
