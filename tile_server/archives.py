"""PMTiles archives: mapped files with their directories decoded once. The only reader of tile files."""

from __future__ import annotations

import gzip
import mmap
from array import array
from bisect import bisect_right
from collections import OrderedDict
from pathlib import Path

from pmtiles.tile import Compression, TileType, deserialize_directory, deserialize_header, zxy_to_tileid

from gis_pipeline.catalog import Published
from gis_pipeline.errors import MachineError, UnknownItem
from gis_pipeline.model import BBox

MAX_ZOOM = 24
"""WebMercatorQuad has the zooms 0 to 24 (OGC 17-083r4, annex D.1)."""

MEDIA_TYPES = {
    "mvt": "application/vnd.mapbox-vector-tile",
    "webp": "image/webp",
    "png": "image/png",
    "jpg": "image/jpeg",
}
_FORMATS = {TileType.MVT: "mvt", TileType.WEBP: "webp", TileType.PNG: "png", TileType.JPEG: "jpg"}


class Archive:
    """One PMTiles file, mapped; its directories flattened into sorted arrays."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as stream:
            self._bytes = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        header = deserialize_header(self._bytes[:127])
        if header["internal_compression"] != Compression.GZIP or header["tile_type"] not in _FORMATS:
            raise MachineError(f"{path.name} の形式に対応していません。")
        self.format = _FORMATS[header["tile_type"]]
        self.gzipped = header["tile_compression"] == Compression.GZIP
        self.min_zoom, self.max_zoom = int(header["min_zoom"]), int(header["max_zoom"])
        self.bounds = BBox(
            west=header["min_lon_e7"] / 1e7,
            south=header["min_lat_e7"] / 1e7,
            east=header["max_lon_e7"] / 1e7,
            north=header["max_lat_e7"] / 1e7,
        )
        self._data = int(header["tile_data_offset"])
        self._leaves = int(header["leaf_directory_offset"])
        self._ids, self._runs = array("Q"), array("L")
        self._offsets, self._lengths = array("Q"), array("L")
        self._flatten(int(header["root_offset"]), int(header["root_length"]))

    def _flatten(self, offset: int, length: int) -> None:
        for entry in deserialize_directory(self._bytes[offset : offset + length]):
            if entry.run_length == 0:
                self._flatten(self._leaves + entry.offset, entry.length)
                continue
            self._ids.append(entry.tile_id)
            self._runs.append(entry.run_length)
            self._offsets.append(entry.offset)
            self._lengths.append(entry.length)

    def place(self, zoom: int, col: int, row: int) -> tuple[int, int] | None:
        """Where the file holds a tile: first byte, and the one after its last. `row` counts from the north."""
        tile_id = zxy_to_tileid(zoom, col, row)
        at = bisect_right(self._ids, tile_id) - 1
        if at < 0 or tile_id - self._ids[at] >= self._runs[at]:
            return None
        start = self._data + self._offsets[at]
        return start, start + self._lengths[at]

    def bytes_at(self, start: int, end: int) -> bytes:
        """The file's bytes from `start` up to `end`."""
        return self._bytes[start:end]

    def tile(self, zoom: int, col: int, row: int) -> bytes | None:
        """The bytes as stored; None where there is no tile. `row` counts from the north."""
        place = self.place(zoom, col, row)
        return None if place is None else self._bytes[place[0] : place[1]]

    def plain(self, content: bytes) -> bytes:
        """Stored bytes without their compression."""
        return gzip.decompress(content) if self.gzipped else content


class Archives:
    """Open archives, the most recently used kept."""

    def __init__(self, keep: int = 128) -> None:
        self._keep = keep
        self._open: OrderedDict[Path, Archive] = OrderedDict()

    def known(self, path: Path) -> Archive | None:
        """The archive if it is open already."""
        return self._open.get(path)

    def open(self, path: Path) -> Archive:
        """The archive, opened and its directory decoded if needed (which may take a moment)."""
        archive = self._open.get(path)
        if archive is None:
            archive = self._open[path] = Archive(path)
            if len(self._open) > self._keep:
                self._open.popitem(last=False)
        return archive


def archive_name(published: Published) -> str | None:
    """The name of the archive that is shown as tiles: pictures before vectors; None if the edition has none."""
    for output in ("image_pmtiles", "pmtiles"):
        asset = published.edition.asset_of(output)
        if asset is not None:
            return asset.name
    return None


def archive_of(published: Published, form: str) -> str | None:
    """The name of the archive that can hold tiles of a format."""
    asset = published.edition.asset_of("pmtiles" if form == "mvt" else "image_pmtiles")
    return None if asset is None else asset.name


def check_matrix(zoom: int, col: int, row: int) -> None:
    """UnknownItem for a tile outside WebMercatorQuad."""
    if not (0 <= zoom <= MAX_ZOOM and 0 <= col < 1 << zoom and 0 <= row < 1 << zoom):
        raise UnknownItem(f"タイル {zoom}/{col}/{row} はタイル行列の外です。")


def check_zoom(archive: Archive, published: Published, zoom: int) -> None:
    """UnknownItem for a zoom that is not published: nothing there does not mean that nothing applies."""
    if not archive.min_zoom <= zoom <= archive.max_zoom:
        title = published.declaration.title
        raise UnknownItem(f"「{title}」のタイルはズーム {archive.min_zoom} から {archive.max_zoom} までです。")
