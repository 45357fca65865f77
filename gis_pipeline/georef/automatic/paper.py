"""What is known of a sheet before it is looked at, and what was measured on it: paper millimetres and scan pixels.

Paper millimetres: x to the right and y downward from the north-west corner of the neatline (図郭線), as drawn: a
photocopy's own scale is part of the fit, not of these numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gis_pipeline.members import Array


@dataclass(frozen=True)
class Paper:
    """The drawn rectangle of a sheet: its size on paper and the pitch of its grid crosses and ticks."""

    width_mm: float
    height_mm: float
    grid_mm: float = 100.0

    def grid(self) -> tuple[Array, Array]:
        """x_mm and y_mm of the grid's inner lines."""
        return (
            np.arange(self.grid_mm, self.width_mm - 1, self.grid_mm),
            np.arange(self.grid_mm, self.height_mm - 1, self.grid_mm),
        )

    def turned_size(self, quarter: int) -> tuple[float, float]:
        """Width and height as they lie on a scan that is turned by `quarter` × 90° clockwise."""
        return (self.width_mm, self.height_mm) if quarter % 2 == 0 else (self.height_mm, self.width_mm)

    def side(self, number: int, quarter: int) -> tuple[int, float]:
        """Which paper coordinate (0: x, 1: y) is known, and its value, on the scan's top, bottom, left, right side."""
        top, bottom, left, right = (1, 0.0), (1, self.height_mm), (0, 0.0), (0, self.width_mm)
        return (
            (top, bottom, left, right),
            (left, right, bottom, top),
            (bottom, top, right, left),
            (right, left, top, bottom),
        )[quarter][number]


@dataclass(frozen=True)
class Observations:
    """Measured places where one paper coordinate is known: at (col, row) of the scan, x or y is `value_mm`.

    `axis` is 0 where x is known and 1 where y is. `kind` is "side", "tick" or "cross"; `group` numbers what was
    measured together (a side, one tick, one cross). Pixel positions are those of pixel corners.
    """

    col_px: Array
    row_px: Array
    axis: NDArray[np.int8]
    value_mm: Array
    kind: NDArray[np.str_]
    group: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.col_px)

    @classmethod
    def joined(cls, parts: list[Observations]) -> Observations:
        """All of them, groups renumbered."""
        groups, first = [], 0
        for part in parts:
            groups.append(part.group + first)
            first += int(part.group.max(initial=-1)) + 1
        return cls(
            np.concatenate([part.col_px for part in parts]),
            np.concatenate([part.row_px for part in parts]),
            np.concatenate([part.axis for part in parts]),
            np.concatenate([part.value_mm for part in parts]),
            np.concatenate([part.kind for part in parts]),
            np.concatenate(groups) if groups else np.zeros(0, np.int32),
        )

    def taken(self, chosen: NDArray[np.bool_]) -> Observations:
        """Only the chosen ones."""
        return Observations(
            self.col_px[chosen],
            self.row_px[chosen],
            self.axis[chosen],
            self.value_mm[chosen],
            self.kind[chosen],
            self.group[chosen],
        )
