"""Findings at features; many findings of one kind are listed up to a limit and counted, never left out silently."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_pipeline.errors import MaterialError
from gis_pipeline.members import Features
from gis_pipeline.model import Finding, Place, Severity

LIMIT = 200
"""At most so many findings of one kind are listed one by one."""

ItemT = TypeVar("ItemT")


def finding_of(error: MaterialError) -> Finding:
    """A material error as a blocking finding of the stage "read"."""
    where = error.where
    return Finding(
        rule="read",
        severity="block",
        message=error.message,
        advice=error.advice,
        file=where.file,
        layer=where.layer,
        record=where.record,
        field=where.field,
        sheet=where.sheet,
    )


def listed(items: Sequence[ItemT], make: Callable[[ItemT], Finding]) -> Iterator[Finding]:
    """One finding for each of the first `LIMIT` items, all of one kind, and one that counts the rest."""
    for item in items[:LIMIT]:
        yield make(item)
    if len(items) > LIMIT:
        last = make(items[LIMIT])
        rest, total = len(items) - LIMIT, len(items)
        message = f"同じ種類の指摘がほかに {rest:,} 件あります (全 {total:,} 件)。次の例: {last.message}"
        yield last.model_copy(update={"message": message})


def measure(shape: shapely.Geometry) -> str:
    """How much a shape in town metres is, for a sentence: " (12.3 m²)" or " (12.3 m)"; nothing for points."""
    area_m2, length_m = float(shapely.area(shape)), float(shapely.length(shape))
    return f" ({area_m2:,.1f} m²)" if area_m2 else f" ({length_m:,.1f} m)" if length_m else ""


@dataclass(frozen=True)
class Pointer:
    """Makes the findings of one rule about features: adds file, layer, record, sheet and place.

    Positions count from 0 in the order of `Features.frame`.
    """

    rule: str
    features: Features

    @cached_property
    def middles_m(self) -> NDArray[np.float64]:
        """easting_m, northing_m of the middle of each feature's box, shape (n, 2); NaN where it has none."""
        bounds = shapely.bounds(self.features.frame.geometry.array).reshape(-1, 4)
        middles: NDArray[np.float64] = (bounds[:, :2] + bounds[:, 2:]) / 2
        return middles

    def finding(
        self,
        position: int,
        severity: Severity,
        message: str,
        advice: str = "",
        *,
        field: str | None = None,
        value: object = None,
        place: Place | None = None,
    ) -> Finding:
        """A finding at one feature; `place` (town metres) defaults to the middle of its box."""
        origin = self.features.origin.iloc[position]
        frame, scan = self.features.frame, self.features.collection.scan
        sheet = str(frame["sheet"].iloc[position]) if scan is not None and "sheet" in frame.columns else None
        return Finding(
            rule=self.rule,
            severity=severity,
            message=message,
            advice=advice,
            file=origin["file"],
            layer=origin["layer"],
            record=int(origin["record"]),
            field=field,
            sheet=sheet,
            value=None if value is None else str(value)[:200],
            place=place or self.place(position),
        )

    def place(self, position: int) -> Place | None:
        """The middle of the feature's box in town metres; None where it has none."""
        easting_m, northing_m = self.middles_m[position].tolist()
        if not np.isfinite([easting_m, northing_m]).all():
            return None
        return Place(easting_m=easting_m, northing_m=northing_m)
