"""image.pmtiles: the scans as picture tiles (WebMercatorQuad, 256 px, WebP)."""

from __future__ import annotations

import io
import math
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

import numpy as np
from PIL import Image
from pmtiles.tile import Compression, TileType, zxy_to_tileid

from gis_pipeline.members import Product
from gis_pipeline.model import Act, BBox
from gis_pipeline.outputs import _files, _lattice, _pmtiles

TITLE = "画像タイル (PMTiles)"
VERSION = 1
ACT: Final[Act] = "tiles"
MEDIA_TYPE = "application/vnd.pmtiles"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"sheets"})
ALWAYS = False

TILE_PX = 256
BLOCK_LEVELS = 2
"""A block is one tile two levels above the base: four by four base tiles, whatever the number of sheets."""
WORKERS = 2
WEBP_METHOD = 2
"""libwebp's effort, 0–6: the default 4 takes half as long again for files 2 % smaller."""

TileName = tuple[int, int, int]
"""zoom, col, row of WebMercatorQuad."""


@dataclass(frozen=True)
class _Piece:
    """A block when it is done: its encoded tiles, and its own pixels for the levels above."""

    name: TileName
    tiles: tuple[tuple[TileName, bytes], ...]
    pixels: _lattice.Pixels


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes image.pmtiles over the collection's zooms.

    The base level is warped once from all masters together; each level below is the mean of two by two
    pixels of the one above, weighted by coverage. Tiles not wholly covered carry alpha; empty ones are left
    out. Memory does not grow with the number of sheets: blocks come in the order of the tile ids (a Hilbert
    curve, on which the four quarters of a tile are neighbours), so only one unfinished tile a level is held.
    """
    target = folder / "image.pmtiles"
    with _files.beside(target) as part:
        if not product.masters:
            _pmtiles.write_empty(part, TileType.WEBP, Compression.NONE, product.collection.zooms)
            return (target,)
        lattice = _lattice.lattice(product)
        with part.with_name(f"{part.name}.tiles").open("wb+") as spool:
            index = _spool(_tiles(product, lattice), spool)
            if not index:
                _pmtiles.write_empty(part, TileType.WEBP, Compression.NONE, product.collection.zooms)
                return (target,)
            head = _pmtiles.header(TileType.WEBP, Compression.NONE, _bounds(lattice), product.collection.zooms[1])
            count = _pmtiles.write(part, _in_order(index, spool), head, _metadata(product))
        written, _ = _pmtiles.read_head(part)
        _files.expect(target, written["addressed_tiles_count"], count, "枚")
        _files.expect(target, part.stat().st_size, written["tile_data_offset"] + written["tile_data_length"], "バイト")
    return (target,)


def _bounds(lattice: _lattice.Lattice) -> tuple[float, float, float, float]:
    boxes = [sheet.bbox for sheet in lattice.sheets]
    return (
        min(box.west for box in boxes),
        min(box.south for box in boxes),
        max(box.east for box in boxes),
        max(box.north for box in boxes),
    )


def _metadata(product: Product) -> dict[str, Any]:
    collection = product.collection
    return {
        "name": collection.title,
        "description": collection.description,
        "attribution": collection.attribution or product.service.attribution,
        "type": "baselayer",
        "version": product.edition_id,
        "format": "webp",
    }


# ------------------------------------------------------------------ tiles kept until all are there


def _spool(tiles: Iterable[tuple[TileName, bytes]], spool: BinaryIO) -> list[tuple[int, int, int]]:
    """Writes the tiles as they come; returns (tile id, offset, length) in ascending order of id."""
    index: list[tuple[int, int, int]] = []
    offset = 0
    for (zoom, col, row), content in tiles:
        spool.write(content)
        index.append((zxy_to_tileid(zoom, col, row), offset, len(content)))
        offset += len(content)
    spool.flush()
    return sorted(index)


def _in_order(index: list[tuple[int, int, int]], spool: BinaryIO) -> Iterator[tuple[int, bytes]]:
    for tile_id, offset, length in index:
        spool.seek(offset)
        yield tile_id, spool.read(length)


# ------------------------------------------------------------------ the pyramid


def _tiles(product: Product, lattice: _lattice.Lattice) -> Iterator[tuple[TileName, bytes]]:
    """Every tile of every level that has a pixel."""
    low, base = product.collection.zooms
    quality = product.collection.scan.quality if product.collection.scan is not None else 82
    block_zoom = base - min(BLOCK_LEVELS, base)
    render = partial(_block, lattice, base, low, quality)
    open_tiles: dict[int, tuple[TileName, _lattice.Pixels]] = {}
    for piece in _ahead(render, _blocks(lattice, block_zoom)):
        yield from piece.tiles
        yield from _raise(piece.name, piece.pixels, open_tiles, low, quality)
    while open_tiles:
        yield from _finish(*open_tiles.pop(max(open_tiles)), open_tiles, low, quality)


def _ahead(render: partial[_Piece | None], names: list[TileName]) -> Iterator[_Piece]:
    """Renders in two threads (decoding, warping and encoding release the interpreter), a few blocks ahead, in order."""
    waiting: deque[Future[_Piece | None]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        for name in names:
            waiting.append(pool.submit(render, name))
            if len(waiting) > 2 * WORKERS:
                piece = waiting.popleft().result()
                if piece is not None:
                    yield piece
        while waiting:
            piece = waiting.popleft().result()
            if piece is not None:
                yield piece


def _raise(
    name: TileName,
    pixels: _lattice.Pixels,
    open_tiles: dict[int, tuple[TileName, _lattice.Pixels]],
    low: int,
    quality: int,
) -> Iterator[tuple[TileName, bytes]]:
    """Puts a finished tile into its parent; a parent that the order has left is finished first."""
    zoom, col, row = name
    if zoom <= low:
        return
    parent = (zoom - 1, col // 2, row // 2)
    held = open_tiles.get(zoom - 1)
    if held is not None and held[0] != parent:
        del open_tiles[zoom - 1]
        yield from _finish(*held, open_tiles, low, quality)
    if zoom - 1 not in open_tiles:
        open_tiles[zoom - 1] = (parent, np.zeros_like(pixels))
    half = TILE_PX // 2
    top, left = (row % 2) * half, (col % 2) * half
    open_tiles[zoom - 1][1][top : top + half, left : left + half] = _lattice.halve(pixels)


def _finish(
    name: TileName,
    pixels: _lattice.Pixels,
    open_tiles: dict[int, tuple[TileName, _lattice.Pixels]],
    low: int,
    quality: int,
) -> Iterator[tuple[TileName, bytes]]:
    content = _encode(pixels, quality)
    if content is not None:
        yield name, content
    yield from _raise(name, pixels, open_tiles, low, quality)


# ------------------------------------------------------------------ one block


def _blocks(lattice: _lattice.Lattice, zoom: int) -> list[TileName]:
    """The tiles of `zoom` that any sheet touches, in the order of their ids."""
    names = {name for sheet in lattice.sheets for name in _touched(sheet.bbox, zoom)}
    return sorted(names, key=lambda name: zxy_to_tileid(*name))


def _touched(bbox: BBox, zoom: int) -> Iterator[TileName]:
    (left, bottom), (right, top) = _tile_at(bbox.west, bbox.south, zoom), _tile_at(bbox.east, bbox.north, zoom)
    for col in range(math.floor(left), math.floor(right) + 1):
        for row in range(math.floor(top), math.floor(bottom) + 1):
            yield zoom, col, row


def _tile_at(lon: float, lat: float, zoom: int) -> tuple[float, float]:
    """col, row of a place, with fractions."""
    return (
        (lon + 180) / 360 * 2**zoom,
        (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom,
    )


def _block(lattice: _lattice.Lattice, base: int, low: int, quality: int, name: TileName) -> _Piece | None:
    """Warps a block's base tiles and halves them up to the block's own tile."""
    zoom, col, row = name
    size_px = TILE_PX << (base - zoom)
    pixels = _lattice.warp(lattice, col * size_px, row * size_px, size_px, _lattice.sample_m(base, TILE_PX))
    if pixels is None:
        return None
    tiles: list[tuple[TileName, bytes]] = []
    for level in range(base, zoom - 1, -1):
        if level < base:
            pixels = _lattice.halve(pixels)
        if level >= low:
            tiles += _cut(pixels, level, col << (level - zoom), row << (level - zoom), quality)
    return _Piece(name, tuple(tiles), pixels)


def _cut(
    pixels: _lattice.Pixels, zoom: int, first_col: int, first_row: int, quality: int
) -> Iterator[tuple[TileName, bytes]]:
    for down in range(pixels.shape[0] // TILE_PX):
        for across in range(pixels.shape[1] // TILE_PX):
            top, left = down * TILE_PX, across * TILE_PX
            content = _encode(pixels[top : top + TILE_PX, left : left + TILE_PX], quality)
            if content is not None:
                yield (zoom, first_col + across, first_row + down), content


def _encode(pixels: _lattice.Pixels, quality: int) -> bytes | None:
    """One tile as WebP, with alpha only where it is not wholly covered; None if it is empty."""
    alpha = np.rint(pixels[..., -1] * 255).astype(np.uint8)
    if not alpha.any():
        return None
    coverage = np.maximum(pixels[..., -1:], 1 / 512)
    colours = np.clip(np.rint(pixels[..., :-1] / coverage), 0, 255).astype(np.uint8)
    if colours.shape[2] == 1:
        colours = np.repeat(colours, 3, axis=2)
    if alpha.min() < 255:
        # What is not seen is white, as paper is, and not black, which would bleed into the edge when compressed.
        colours[alpha == 0] = 255
        colours = np.dstack([colours, alpha])
    stream = io.BytesIO()
    Image.fromarray(colours).save(stream, format="WEBP", quality=quality, method=WEBP_METHOD)
    return stream.getvalue()
