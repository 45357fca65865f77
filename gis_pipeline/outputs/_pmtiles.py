"""Archives of tiles (PMTiles 3) around the tiles themselves: metadata, empty archives, clustered writing."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson
from pmtiles import reader
from pmtiles.tile import (
    Compression,
    HeaderDict,
    TileType,
    deserialize_header,
    serialize_directory,
    serialize_header,
    zxy_to_tileid,
)
from pmtiles.writer import Writer

HEADER_BYTES = 127

Box = tuple[float, float, float, float]
"""west, south, east, north in degrees."""


def header(tile_type: TileType, compression: Compression, bbox: Box, max_zoom: int) -> dict[str, Any]:
    """The fields of the header that the caller knows; the centre is shown at `max_zoom` less two."""
    west, south, east, north = (round(edge * 1e7) for edge in bbox)
    return {
        "tile_type": tile_type,
        "tile_compression": compression,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": max(0, max_zoom - 2),
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }


def write(path: Path, tiles: Iterable[tuple[int, bytes]], head: dict[str, Any], metadata: dict[str, Any]) -> int:
    """Writes tiles given as (tile id, bytes) in ascending order of id; returns how many.

    There must be at least one; see `write_empty`.
    """
    with path.open("wb") as stream:
        untyped: Any = Writer
        writer = untyped(stream)
        count = 0
        for tile_id, content in tiles:
            writer.write_tile(tile_id, content)
            count += 1
        writer.finalize(head, metadata)
    return count


def write_empty(path: Path, tile_type: TileType, compression: Compression, zooms: tuple[int, int]) -> None:
    """A valid archive without a tile, for a collection without features."""
    root = serialize_directory([])
    metadata = gzip.compress(b"{}", mtime=0)
    start = HEADER_BYTES + len(root) + len(metadata)
    head: HeaderDict = {
        "version": 3,
        "root_offset": HEADER_BYTES,
        "root_length": len(root),
        "metadata_offset": HEADER_BYTES + len(root),
        "metadata_length": len(metadata),
        "leaf_directory_offset": start,
        "leaf_directory_length": 0,
        "tile_data_offset": start,
        "tile_data_length": 0,
        "addressed_tiles_count": 0,
        "tile_entries_count": 0,
        "tile_contents_count": 0,
        "clustered": True,
        "internal_compression": Compression.GZIP,
        "tile_compression": compression,
        "tile_type": tile_type,
        "min_zoom": zooms[0],
        "max_zoom": zooms[1],
        "min_lon_e7": -1_800_000_000,
        "min_lat_e7": -850_000_000,
        "max_lon_e7": 1_800_000_000,
        "max_lat_e7": 850_000_000,
        "center_zoom": zooms[0],
        "center_lon_e7": 0,
        "center_lat_e7": 0,
    }
    path.write_bytes(serialize_header(head) + root + metadata)


def read_head(path: Path) -> tuple[HeaderDict, dict[str, Any]]:
    """Header and metadata of an archive."""
    with path.open("rb") as stream:
        head = deserialize_header(stream.read(HEADER_BYTES))
        stream.seek(head["metadata_offset"])
        metadata = orjson.loads(gzip.decompress(stream.read(head["metadata_length"])))
    return head, metadata


def read_tiles(path: Path) -> Iterator[tuple[int, bytes]]:
    """Every tile as (tile id, stored bytes), in ascending order of id."""
    untyped: Any = reader
    with path.open("rb") as stream:
        for name, content in untyped.all_tiles(untyped.MmapSource(stream)):
            yield zxy_to_tileid(*name), content


def replace_metadata(source: Path, target: Path, metadata: dict[str, Any]) -> None:
    """Copies an archive with other metadata: what tools put there names their command line and folders."""
    head, _ = read_head(source)
    packed = gzip.compress(orjson.dumps(metadata), mtime=0)
    with source.open("rb") as old, target.open("wb") as new:
        old.seek(head["root_offset"])
        root = old.read(head["root_length"])
        old.seek(head["leaf_directory_offset"])
        leaves = old.read(head["leaf_directory_length"])
        head |= {
            "root_offset": HEADER_BYTES,
            "metadata_offset": HEADER_BYTES + len(root),
            "metadata_length": len(packed),
            "leaf_directory_offset": HEADER_BYTES + len(root) + len(packed),
        }
        old.seek(head["tile_data_offset"])
        head["tile_data_offset"] = head["leaf_directory_offset"] + len(leaves)
        new.write(serialize_header(head) + root + packed + leaves)
        shutil.copyfileobj(old, new, 1 << 20)
    size = head["tile_data_offset"] + head["tile_data_length"]
    if target.stat().st_size != size:
        raise OSError(f"{target.stat().st_size} バイトしかありません ({size} バイトのはずです)。")
