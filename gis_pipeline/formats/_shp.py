"""Whether .shp, .shx and .dbf belong together and are whole (ESRI Shapefile Technical Description, 1998)."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from gis_pipeline.errors import MaterialError, Where

_ADVICE = "コピーし直すか、元のソフトから出力し直してください。"
_FILE_CODE = 9994
_HEADER = 100


def check_whole(shp: Path, shp_name: str, shx: Path, shx_name: str, records: int) -> None:
    """Raises MaterialError if a file is shorter than its header says, or if they do not count the same records.

    GDAL reads what is left of a truncated file; a district that was lost must stop the build instead.
    """
    _check_length(shp, shp_name)
    _check_length(shx, shx_name)
    index = np.fromfile(shx, dtype=">i4", offset=_HEADER).reshape(-1, 2).astype(np.int64) * 2
    if len(index) != records:
        raise MaterialError(
            f".shx は {len(index)} 件、.dbf は {records} 件で、数が合いません。", Where(file=shx_name), _ADVICE
        )
    end = shp.stat().st_size
    with shp.open("rb") as file:
        for record, (offset, length) in enumerate(index.tolist(), 1):
            if offset < _HEADER or length < 4 or offset + 8 + length > end:
                raise MaterialError(
                    ".shx の示す位置が .shp の中にありません。", Where(file=shx_name, record=record), _ADVICE
                )
            file.seek(offset)
            number, words = struct.unpack(">ii", file.read(8))
            if number != record or words * 2 != length:
                raise MaterialError(".shp と .shx が食い違っています。", Where(file=shp_name, record=record), _ADVICE)


def _check_length(path: Path, name: str) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(_HEADER)
    if len(header) < _HEADER or struct.unpack(">i", header[:4])[0] != _FILE_CODE:
        raise MaterialError(f"{path.suffix} の中身が Shapefile ではありません。", Where(file=name), _ADVICE)
    declared = struct.unpack(">i", header[24:28])[0] * 2
    if size < declared or (size - _HEADER) % (8 if path.suffix.lower() == ".shx" else 2):
        raise MaterialError(
            f"ファイルが途中で切れています ({declared:,} バイトのはずが {size:,} バイト)。", Where(file=name), _ADVICE
        )
