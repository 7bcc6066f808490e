"""Plane geometry for floor plans."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.web.geometry import Box, Side, box, contains, roomiest_point, sides, width_at

SQUARE = ((0, 0), (4, 0), (4, 4), (0, 4))
ELL = ((0, 0), (6, 0), (6, 2), (2, 2), (2, 6), (0, 6))


@pytest.mark.parametrize(
    ("point", "inside"),
    [((1, 1), True), ((5, 1), True), ((1, 5), True), ((4, 4), False), ((-1, 1), False)],
    ids=["corner", "right arm", "lower arm", "in the crook", "outside"],
)
def test_a_point_lies_in_an_l_shape_or_not(point, inside):
    assert contains(ELL, point) is inside


def test_a_repeated_corner_makes_no_wall():
    assert len(list(sides((*SQUARE, (0, 4))))) == 4


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        (Side((2, 0), (8, 0)), Side((2, 0), (4, 0))),
        (Side((8, 0), (2, 0)), Side((2, 0), (4, 0))),
        (Side((4, 0), (8, 0)), None),
        (Side((0, 1), (4, 1)), None),
        (Side((2, -2), (2, 2)), None),
    ],
    ids=["overlapping", "the other way round", "end to end", "parallel", "crossing"],
)
def test_two_walls_share_the_stretch_they_both_cover(other, shared):
    assert Side((0, 0), (4, 0)).shared_with(other) == shared


def test_a_gap_splits_a_wall_in_two():
    left = Side((0, 0), (4, 0)).without([Side((1, 0), (2, 0))])

    assert left == [Side((0, 0), (1, 0)), Side((2, 0), (4, 0))]


def test_gaps_at_both_ends_and_overlapping_leave_the_middle():
    left = Side((0, 0), (9, 0)).without([Side((-1, 0), (2, 0)), Side((1, 0), (3, 0)), Side((9, 0), (7, 0))])

    assert left == [Side((3, 0), (7, 0))]


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0.1, 3)), max_size=5))
def test_what_is_left_of_a_wall_never_lies_in_a_gap(gaps):
    wall = Side((0, 0), (10, 0))
    cuts = [Side((start, 0), (start + length, 0)) for start, length in gaps]

    for piece in wall.without(cuts):
        middle = (piece.a[0] + piece.b[0]) / 2
        assert not any(cut.a[0] + 0.02 < middle < cut.b[0] - 0.02 for cut in cuts)


def test_a_stretch_around_a_point_off_the_wall_is_on_it():
    assert Side((0, 0), (4, 0)).around((2, 1), 1) == Side((1.5, 0), (2.5, 0))


def test_a_label_is_as_wide_as_the_nearer_wall_allows():
    assert width_at(SQUARE, (1, 2)) == 2
    assert width_at(SQUARE, (2, 2)) == 4


def test_a_label_stays_inside_and_off_what_is_taken():
    at = roomiest_point(SQUARE, taken=[Box(0, 0, 4, 2)])

    assert contains(SQUARE, at)
    assert at[1] > 2


def test_the_box_of_a_shape():
    assert box(ELL) == Box(0, 0, 6, 6)
    assert box(ELL).centre == (3, 3)
