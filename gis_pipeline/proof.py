"""Every published file and every download is opened again by another reader before anybody gets it: never a wrong file.

A member of `outputs/` with `reread` is held against its product here; one without proves its file while writing.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from gis_pipeline.crs import frame_crs, into, label
from gis_pipeline.errors import MachineError
from gis_pipeline.members import Download, Output, Product, Reread

DEGREE_TOLERANCE, METRE_TOLERANCE = 5e-9, 5e-4
"""Half a millimetre on the ground, either way."""

LONLAT = "OGC:CRS84"

MOST_PROVEN = 300_000
"""Up to so many features every geometry of a published file is read again."""

Geometries = NDArray[np.object_]


class WrongFileError(RuntimeError):
    """A file does not hold what was to be written: it is thrown away, nothing is published or handed out."""


def frame_of(member: Download, product: Product) -> str:
    """The CRS in which the coordinates of the file stand."""
    if member.FRAMES == "lonlat":
        return LONLAT
    return product.part.target_crs or label(frame_crs(product.service.crs))


def prove_published(output: Output, product: Product, path: Path) -> None:
    """Holds a file of a whole edition against the edition; MachineError names the file that is wrong.

    Above MOST_PROVEN features the writers' own count of what stands in the file has to do: the reader would hold
    everything in memory a second time. Pictures are held against the masters' pixels by their writer.
    """
    if not hasattr(output, "reread") or frozenset({"sheets"}) == output.APPLIES or len(product.frame) > MOST_PROVEN:
        return
    member = cast(Download, output)
    try:
        prove(product, member.reread(path), frame_of(member, product))
    except WrongFileError as error:
        raise MachineError(f"{path.name}: {error} 公開案は作りません。もう一度実行してください。") from error


def prove(product: Product, found: Reread, file_crs: str) -> None:
    """Holds what the reader found against the selection: how many, which, and where. Raises WrongFileError.

    `file_crs` is the CRS of the file's coordinates. Where the file tells a place by one point (a table), the point
    must lie on its feature.
    """
    wanted = expected(product, file_crs)
    fids = [str(fid) for fid in product.frame.index]
    if found.placed_only:
        placed = np.flatnonzero(~shapely.is_missing(wanted))
        wanted, fids = wanted[placed], [fids[n] for n in placed.tolist()]
    if len(found.geometry) != len(wanted):
        raise WrongFileError(f"読み返すと {len(wanted)} 件のはずが {len(found.geometry)} 件です。")
    shapes = found.geometry
    if found.fids is not None:
        place = {fid: n for n, fid in enumerate(found.fids)}
        if len(place) != len(fids) or place.keys() != set(fids):
            raise WrongFileError("読み返すと地物の番号が書いたものと違います。")
        shapes = shapes[[place[fid] for fid in fids]] if fids else shapes
    tolerance = DEGREE_TOLERANCE if pyproj.CRS.from_user_input(file_crs).is_geographic else METRE_TOLERANCE
    wrong = [fid for fid, same in zip(fids, _same(shapes, wanted, tolerance), strict=True) if not same]
    if wrong:
        raise WrongFileError(f"読み返すと {len(wrong)} 件の位置か形が違います。最初は {wrong[0]} です。")


def prove_picture(found: Reread, wanted: shapely.Geometry) -> None:
    """The rectangle of a picture is the one that was made."""
    if not shapely.equals_exact(shapely.normalize(found.geometry[0]), shapely.normalize(wanted), 1e-4):
        raise WrongFileError("読み返すと画像の位置が違います。")


def expected(product: Product, file_crs: str) -> Geometries:
    """The selection in the file's CRS, x first; None without geometry."""
    if product.frame.active_geometry_name is None:
        return np.full(len(product.frame), None, dtype=object)
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
