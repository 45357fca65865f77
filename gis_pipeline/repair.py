"""What a repair of a broken geometry would do, as a proposal. Nothing here changes what is published."""

from __future__ import annotations

from dataclasses import dataclass

import shapely


@dataclass(frozen=True)
class Proposal:
    """A valid geometry in place of an invalid one, in the same frame.

    `area_m2` is its area; `moved_m2` the area that is inside under one reading of the broken outline and outside
    under another (overlaps filled, or even-odd): how far the repair is a guess. `dropped` counts the parts of lower
    dimension (spikes, points) that are left out.
    """

    geometry: shapely.Geometry
    area_m2: float
    moved_m2: float
    parts: int
    dropped: int

    def __str__(self) -> str:
        left_out = f"、つぶれた部分 {self.dropped} か所は除く" if self.dropped else ""
        if not self.parts:
            return f"直すと何も残りません{left_out}。"
        if shapely.get_dimensions(self.geometry) < 2:
            return f"直すと {self.parts} 部分になります{left_out}。"
        return (
            f"直すと {self.parts} 部分、面積 {self.area_m2:,.2f} m² になります"
            f" (直し方で {self.moved_m2:,.2f} m² が変わる{left_out})。"
        )


def propose(geometry: shapely.Geometry) -> Proposal | None:
    """The repair of one geometry by its structure (rings keep their meaning); None if it is valid already."""
    if shapely.is_valid(geometry):
        return None
    dimension = int(shapely.get_dimensions(geometry))
    kept, dropped = _of_dimension(shapely.make_valid(geometry, method="structure", keep_collapsed=True), dimension)
    if dimension < 2:
        return Proposal(kept, 0.0, 0.0, len(shapely.get_parts(kept)), dropped)
    even_odd, _ = _of_dimension(shapely.make_valid(geometry, method="linework"), dimension)
    moved = float(shapely.area(shapely.symmetric_difference(kept, even_odd)))
    return Proposal(kept, float(shapely.area(kept)), moved, len(shapely.get_parts(kept)), dropped)


def _of_dimension(geometry: shapely.Geometry, dimension: int) -> tuple[shapely.Geometry, int]:
    """The parts of one dimension as one Multi, and how many parts were of another."""
    parts = shapely.get_parts(shapely.get_parts(shapely.GeometryCollection([geometry])))
    while (shapely.get_type_id(parts) >= 4).any():
        parts = shapely.get_parts(parts)
    same = shapely.get_dimensions(parts) == dimension
    collect = shapely.multipolygons if dimension == 2 else shapely.multilinestrings
    wanted = parts[same & ~shapely.is_empty(parts)]
    return collect(wanted), int((~same).sum())
