"""Every file made for a request is opened again by another reader before it is handed out: never a wrong file."""

from __future__ import annotations

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from gis_pipeline.crs import into
from gis_pipeline.members import Product, Reread

DEGREE_TOLERANCE, METRE_TOLERANCE = 5e-9, 5e-4
"""Half a millimetre on the ground, either way."""

Geometries = NDArray[np.object_]


class WrongFileError(RuntimeError):
    """A file that was made for a request does not hold what was asked for; it is thrown away and logged."""


def prove(product: Product, found: Reread, file_crs: str) -> None:
    """Holds what the reader found against the selection: how many, which, and where. Raises WrongFileError.

    `file_crs` is the CRS of the file's coordinates. Where the file tells a place by one point (a table), the point
    must lie on its feature.
    """
    wanted = expected(product, file_crs)
    fids = [str(fid) for fid in product.frame.index]
    if len(found.geometry) != len(wanted):
        raise WrongFileError(f"{len(wanted)} features were asked for, {len(found.geometry)} are in the file")
    shapes = found.geometry
    if found.fids is not None:
        place = {fid: n for n, fid in enumerate(found.fids)}
        if len(place) != len(fids) or place.keys() != set(fids):
            raise WrongFileError("the file's ids are not those asked for")
        shapes = shapes[[place[fid] for fid in fids]] if fids else shapes
    tolerance = DEGREE_TOLERANCE if pyproj.CRS.from_user_input(file_crs).is_geographic else METRE_TOLERANCE
    wrong = [fid for fid, same in zip(fids, _same(shapes, wanted, tolerance), strict=True) if not same]
    if wrong:
        raise WrongFileError(f"{len(wrong)} features lie elsewhere, the first is {wrong[0]!r}")


def prove_picture(found: Reread, wanted: shapely.Geometry) -> None:
    """The rectangle of a picture is the one that was made."""
    if not shapely.equals_exact(shapely.normalize(found.geometry[0]), shapely.normalize(wanted), 1e-4):
        raise WrongFileError("the picture lies elsewhere")


def expected(product: Product, file_crs: str) -> Geometries:
    """The selection in the file's CRS, x first; None without geometry."""
    town = product.frame.geometry
    moved = town if file_crs == product.service.crs else into(town, product.service.crs, file_crs)
    shapes = np.asarray(shapely.force_2d(moved.to_numpy()), dtype=object)
    shapes[shapely.is_empty(shapes)] = None
    return shapes


def _same(found: Geometries, wanted: Geometries, tolerance: float) -> list[bool]:
    missing = shapely.is_missing(found) | shapely.is_empty(found)
    same = missing == shapely.is_missing(wanted)
    there = np.flatnonzero(same & ~missing)
    point = (shapely.get_type_id(found[there]) == 0) & (shapely.get_dimensions(wanted[there]) > 0)
    for n, is_point in zip(there.tolist(), point.tolist(), strict=True):
        if is_point:
            same[n] = shapely.distance(found[n], wanted[n]) <= tolerance
    shaped = there[~point]
    one, other = (shapely.normalize(_parts(shapes[shaped])) for shapes in (found, wanted))
    equal = shapely.equals_exact(one, other, tolerance)
    # Vertices that differ by rounding may be sorted differently: those are compared as sets of points.
    for n in np.flatnonzero(~equal).tolist():
        same_number = shapely.get_num_coordinates(one[n]) == shapely.get_num_coordinates(other[n])
        equal[n] = same_number and shapely.hausdorff_distance(one[n], other[n]) <= tolerance
    same[shaped] = equal
    return [bool(value) for value in same]


def _parts(shapes: Geometries) -> Geometries:
    """A Multi* of one part as that part, so that both forms are one."""
    single = (shapely.get_num_geometries(shapes) == 1) & (shapely.get_type_id(shapes) >= 4)
    plain = shapes.copy()
    plain[single] = shapely.get_geometry(shapes[single], 0)
    return plain
