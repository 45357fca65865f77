"""A page placed without a person: control points and a verdict for the rest of `georef`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gis_pipeline.georef.automatic.find import Found, find
from gis_pipeline.georef.automatic.ink import lightness
from gis_pipeline.georef.automatic.paper import Paper
from gis_pipeline.georef.automatic.verdict import Expectation
from gis_pipeline.georef.pixels import SourcePixels
from gis_pipeline.georef.points import ControlPoint
from gis_pipeline.members import Array

MM_PER_INCH = 25.4
POINT_PITCH_MM = 50.0
"""Control points are taken from the model as densely as it can bend."""


@dataclass(frozen=True)
class SheetRectangle:
    """The rectangle that a sheet's neatline stands for, in metres of the sheet's own CRS, at 1:`scale`."""

    code: str
    scale: int
    west_m: float
    south_m: float
    east_m: float
    north_m: float

    @property
    def paper(self) -> Paper:
        """Its size on paper."""
        k = 1000 / self.scale
        return Paper((self.east_m - self.west_m) * k, (self.north_m - self.south_m) * k)

    @property
    def expectation(self) -> Expectation:
        """What must be printed on it."""
        west, south, east, north = (value / 1000 for value in (self.west_m, self.south_m, self.east_m, self.north_m))
        return Expectation(self.code, self.scale, ((west, north), (east, north), (west, south), (east, south)))

    def to_ground(self, x_mm: Array, y_mm: Array) -> tuple[Array, Array]:
        """Paper millimetres → easting, northing in metres of the sheet's own CRS."""
        return self.west_m + x_mm * self.scale / 1000, self.north_m - y_mm * self.scale / 1000


@dataclass(frozen=True)
class Placing:
    """What was found on a page: the placing, and control points of it for everybody who bends pictures by points."""

    rectangle: SheetRectangle
    found: Found

    @property
    def claim_m(self) -> float:
        """The error that 19 of 20 sheets stay within, on the ground."""
        return self.found.verdict.claim_mm * self.rectangle.scale / 1000

    @property
    def residuals_m(self) -> Array:
        """How far each tick and cross that was seen lies from where the model puts it."""
        fit = self.found.fit
        seen = (fit.observations.kind != "side") & (fit.weight > 0)
        return np.asarray(np.abs(fit.residual_mm[seen]) * self.rectangle.scale / 1000, np.float64)

    def control_points(self) -> tuple[ControlPoint, ...]:
        """The fitted model on a lattice over the whole neatline, edges and corners included."""
        paper = self.rectangle.paper
        xs = np.linspace(0, paper.width_mm, round(paper.width_mm / POINT_PITCH_MM) + 1)
        ys = np.linspace(0, paper.height_mm, round(paper.height_mm / POINT_PITCH_MM) + 1)
        x, y = (part.ravel() for part in np.meshgrid(xs, ys))
        cols, rows = self.found.fit.model.to_scan(x, y)
        eastings, northings = self.rectangle.to_ground(x, y)
        values = zip(cols.tolist(), rows.tolist(), eastings.tolist(), northings.tolist(), strict=True)
        return tuple(ControlPoint(*one) for one in values)


def place_alone(pixels: SourcePixels, dpi: float, rectangle: SheetRectangle) -> Placing | None:
    """Places a decoded page by its neatline and grid; None if no such neatline is on it."""
    light = lightness(pixels.values)
    if pixels.mask is not None:
        light = np.where(pixels.mask > 0, light, 255).astype(np.uint8)
    found = find(light, rectangle.paper, dpi / MM_PER_INCH, rectangle.expectation)
    return None if found is None else Placing(rectangle, found)
