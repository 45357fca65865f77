"""A repair is a proposal: what it would change is said, the input is not touched."""

from __future__ import annotations

import pytest
import shapely

from gis_pipeline.repair import propose

# two squares of 100 m², sharing a quarter: the overlap is inside by structure and outside by even-odd
OVERLAP = shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(5, 5, 15, 15)])
BOW_TIE = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
SPIKE = shapely.Polygon([(0, 0), (10, 0), (10, 10), (10, 20), (10, 10), (0, 10)])


def test_a_valid_shape_needs_no_proposal() -> None:
    assert propose(shapely.box(0, 0, 1, 1)) is None


@pytest.mark.parametrize("shape", [OVERLAP, BOW_TIE, SPIKE], ids=["overlap", "bow tie", "spike"])
def test_a_proposal_is_valid_and_of_the_same_kind(shape: shapely.Geometry) -> None:
    proposal = propose(shape)
    assert proposal is not None
    assert shapely.is_valid(proposal.geometry)
    assert shapely.get_type_id(proposal.geometry) == shapely.GeometryType.MULTIPOLYGON


def test_the_area_that_depends_on_the_reading_is_said() -> None:
    proposal = propose(OVERLAP)
    assert proposal is not None
    assert (proposal.area_m2, proposal.moved_m2) == (175.0, 25.0)


def test_a_bow_tie_is_two_triangles_whichever_way_it_is_read() -> None:
    proposal = propose(BOW_TIE)
    assert proposal is not None
    assert (proposal.area_m2, proposal.moved_m2, proposal.parts) == (50.0, 0.0, 2)


def test_a_line_of_no_length_leaves_nothing() -> None:
    proposal = propose(shapely.MultiLineString([[(1, 1), (1, 1)]]))
    assert proposal is not None
    assert (proposal.parts, proposal.dropped) == (0, 1)
    assert str(proposal).startswith("直すと何も残りません")
