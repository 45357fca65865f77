"""What tiles must keep of a map whose areas are neighbours: every one of them by its id, and no strip between them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import geopandas as gpd
import mapbox_vector_tile
import shapely

from gis_pipeline.catalog import Published
from tile_server.archives import Archive
from tile_server.tilesets import tile_range

_EDGE_M = 20037508.342789244


def tiles(published: Published, zoom: int) -> Iterator[tuple[shapely.Polygon, int, dict[str, shapely.Geometry]]]:
    """Each tile's square in EPSG:3857, its units, and its shapes by feature id in these units, y upwards."""
    archive = Archive(published.file("tiles.pmtiles"))
    first_row, last_row, first_col, last_col = tile_range(archive.bounds, zoom)
    side = 2 * _EDGE_M / (1 << zoom)
    for row in range(first_row, last_row + 1):
        for col in range(first_col, last_col + 1):
            stored = archive.tile(zoom, col, row)
            if stored is None:
                continue
            layer = mapbox_vector_tile.decode(archive.plain(stored))[published.declaration.id]
            shapes: dict[str, shapely.Geometry] = {}
            for feature in layer["features"]:
                shapes[feature["properties"]["fid"]] = shapely.geometry.shape(feature["geometry"])
            west, north = col * side - _EDGE_M, _EDGE_M - row * side
            yield shapely.box(west, north - side, west + side, north), layer["extent"], shapes


def missing(published: Published, fids: set[str], zoom: int) -> set[str]:
    """The features that are in no tile of a zoom."""
    return fids - {fid for _, _, shapes in tiles(published, zoom) for fid in shapes}


def strips(published: Published, areas: gpd.GeoDataFrame, zoom: int) -> list[str]:
    """Gaps and overlaps wider than one unit between areas that touch without either; `areas` by id, in EPSG:3857."""
    found: list[str] = []
    for square, units, shapes in tiles(published, zoom):
        near = areas[areas.intersects(square)]
        unit = square.length / 4 / units
        west, south, *_ = square.bounds
        tile = shapely.box(0, 0, units, units)
        together = shapely.union_all(near.geometry.to_numpy())
        inner = shapely.transform(together, lambda points: (points - [west, south]) / unit)  # noqa: B023
        inside = shapely.intersection(shapely.buffer(inner, -2), tile)
        drawn = shapely.intersection(shapely.buffer(list(shapes.values()), 0), tile)  # beyond its edge nothing is shown
        gap = inside - shapely.union_all(drawn)
        if not gap.buffer(-0.5).is_empty:
            found.append(f"gap of {gap.area:.0f} square units at {zoom}")
        tree = shapely.STRtree(drawn)
        for one, other in tree.query(drawn, predicate="intersects").T:
            if one < other and not shapely.buffer(drawn[one] & drawn[other], -0.5).is_empty:
                found.append(f"{list(shapes)[one]} over {list(shapes)[other]} at {zoom}")
    return found


def working_zooms(published: Published) -> range:
    """Zooms 12 and beyond, as far as there are tiles."""
    archive = Archive(published.file("tiles.pmtiles"))
    return range(max(12, archive.min_zoom), archive.max_zoom + 1)


def in_mercator(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The areas by id in EPSG:3857, valid."""
    made = table.set_index("fid").to_crs("EPSG:3857")
    made["geometry"] = shapely.make_valid(made.geometry.to_numpy())
    assert not math.isnan(made.total_bounds.sum())
    return made
