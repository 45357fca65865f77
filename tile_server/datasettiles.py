"""The vector tiles of the whole service in one tile set: every map in force as a layer of its own, in WebMercatorQuad.

A vector tile is a list of layers (MVT 2.1, 4.1), so the prebuilt tiles of the maps, one after the other, are one tile.
Plans that are not in force (案) and what was withdrawn are left out, as on every list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gis_pipeline.errors import UnknownItem
from tile_server import documents
from tile_server.archives import MEDIA_TYPES
from tile_server.documents import CRS84, REL, TMS, TMS_URI
from tile_server.respond import JSON, Form, both_forms, link
from tile_server.site import View
from tile_server.tilesets import MERCATOR, TileSet, layer, limit_document, sets_of

_AT = ("api", "tiles")


@dataclass(frozen=True)
class DatasetTiles:
    """The prebuilt vector tile sets of every map in force on a day."""

    sets: tuple[TileSet, ...]

    @property
    def tag(self) -> tuple[str, ...]:
        """What determines its bytes: the keys of the editions."""
        return tuple(one.published.edition.key for one in self.sets)

    @property
    def matrices(self) -> range:
        """From the smallest zoom of any map to the greatest."""
        return range(min(one.archive.min_zoom for one in self.sets), max(one.archive.max_zoom for one in self.sets) + 1)

    def limits(self, matrix: int) -> tuple[int, int, int, int]:
        """First and last row, first and last column that can hold something of any map published at that zoom."""
        found = [one.limits(matrix) for one in self.sets if matrix in one.matrices]
        rows, last_rows, cols, last_cols = zip(*found, strict=True)
        return min(rows), max(last_rows), min(cols), max(last_cols)

    def tile(self, matrix: int, row: int, col: int) -> bytes:
        """The tile, uncompressed, empty where no map has anything; UnknownItem outside the limits."""
        first_row, last_row, first_col, last_col = self.limits(matrix) if matrix in self.matrices else (1, 0, 1, 0)
        if not (first_row <= row <= last_row and first_col <= col <= last_col):
            raise UnknownItem(f"タイル {matrix}/{row}/{col} は地図の範囲の外です。")
        held = [one for one in self.sets if matrix in one.matrices]
        stored = [(one.archive, one.archive.tile(matrix, col, row)) for one in held]
        return b"".join(archive.plain(content) for archive, content in stored if content is not None)


def dataset_tiles(view: View) -> DatasetTiles:
    """Every map in force with vector tiles, in the order of the release; UnknownItem where there is none."""
    held = [one for one in documents.current_editions(view) if one.edition.asset_of("pmtiles") is not None]
    in_force = [one for one in held if one.declaration.status != "案"]
    if not in_force:
        raise UnknownItem("ベクトルタイルはまだありません。")
    return DatasetTiles(tuple(sets_of(view, one, "vector")[0] for one in in_force))


def check_set(tile_matrix_set_id: str) -> None:
    """UnknownItem for any tile matrix set but WebMercatorQuad."""
    if tile_matrix_set_id != TMS:
        raise UnknownItem(f"タイル行列集合「{tile_matrix_set_id[:60]}」では、地図ごとのタイルだけがあります。")


def listed(view: View, form: Form) -> dict[str, Any]:
    """The list of the service's own tile sets (OGC 20-057, /req/dataset-tilesets)."""
    entry = _summary(view, dataset_tiles(view)) | {
        "links": [
            link(view.url(*_AT, TMS, datetime=view.day, f="json"), "self", JSON, "タイルセットの説明"),
            link(view.url("api", "tileMatrixSets", TMS, f="json"), REL + "tiling-scheme", JSON, TMS),
        ]
    }
    return {"links": both_forms(view, form, *_AT, datetime=view.day), "tilesets": [entry]}


def described(view: View, form: Form) -> dict[str, Any]:
    """The tile set (OGC 20-057, /req/tileset): its tiles, limits and layers."""
    tiles = dataset_tiles(view)
    day = "" if view.day is None else f"?datetime={view.day}"
    template = f"{view.url(*_AT, TMS)}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}{day}"
    links = both_forms(view, form, *_AT, TMS, datetime=view.day)
    links.append(link(view.url("api", "tileMatrixSets", TMS, f="json"), REL + "tiling-scheme", JSON, TMS))
    links.append(link(template, "item", MEDIA_TYPES["mvt"], "タイル (mvt)", templated=True))
    box = documents.extent_of(one.published for one in tiles.sets) or tiles.sets[0].archive.bounds
    return _summary(view, tiles) | {
        "attribution": view.service.attribution,
        "links": links,
        "boundingBox": {"lowerLeft": [box.west, box.south], "upperRight": [box.east, box.north], "crs": CRS84},
        "layers": [layer(one) for one in tiles.sets],
    }


def _summary(view: View, tiles: DatasetTiles) -> dict[str, Any]:
    return {
        "title": documents.title_of(view.service),
        "dataType": "vector",
        "crs": MERCATOR,
        "tileMatrixSetId": TMS,
        "tileMatrixSetURI": TMS_URI,
        "tileMatrixSetLimits": [limit_document(matrix, tiles.limits(matrix)) for matrix in tiles.matrices],
    }
