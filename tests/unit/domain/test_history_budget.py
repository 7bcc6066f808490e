"""How many series may begin, and when another meaning of a channel is news."""

from dataclasses import replace

import pytest

from controller.domain.history.budget import OF_A_DEVICE, OF_THE_HOUSE, PER_MINUTE, Begun, Bound, begin
from controller.domain.history.meaning import is_change
from controller.domain.history.values import Kind, Series, SeriesId
from controller.domain.ids import AreaId, DeviceId

MINUTE = 29_540_880
NAMED = Series(SeriesId(1), DeviceId("booth"), "t", Kind.NUMBER, "temperature", "°C", AreaId("booth"))
UNNAMED = replace(NAMED, device_class="", unit="", room=None)


def test_the_first_series_of_a_minute_is_counted_in_it():
    assert begin(Begun(MINUTE - 1, PER_MINUTE), MINUTE, of_device=0, of_house=0) == (Begun(MINUTE, 1), None)


def test_one_more_in_the_same_minute_is_counted_on():
    assert begin(Begun(MINUTE, 7), MINUTE, of_device=3, of_house=9) == (Begun(MINUTE, 8), None)


def test_a_minute_that_lies_behind_counts_as_the_latest():
    assert begin(Begun(MINUTE, PER_MINUTE), MINUTE - 5, of_device=0, of_house=0)[1] is Bound.MINUTE


@pytest.mark.parametrize(
    ("begun", "of_device", "of_house", "bound"),
    [
        (Begun(MINUTE, PER_MINUTE), 0, 0, Bound.MINUTE),
        (Begun(), OF_A_DEVICE, 0, Bound.DEVICE),
        (Begun(), 0, OF_THE_HOUSE, Bound.HOUSE),
    ],
)
def test_beyond_a_bound_nothing_begins_and_nothing_is_counted(
    begun: Begun, of_device: int, of_house: int, bound: Bound
):
    assert begin(begun, MINUTE, of_device=of_device, of_house=of_house) == (begun, bound)


@pytest.mark.parametrize(
    ("was", "now", "is_news"),
    [
        (NAMED, replace(NAMED, unit="K"), True),
        (NAMED, replace(NAMED, device_class="humidity"), True),
        (NAMED, replace(NAMED, room=AreaId("kitchen")), True),
        (NAMED, replace(NAMED, kind=Kind.TEXT), True),
        (NAMED, UNNAMED, True),
        (UNNAMED, NAMED, False),
        (UNNAMED, replace(UNNAMED, room=AreaId("booth")), False),
        (replace(UNNAMED, room=AreaId("hall")), replace(NAMED, room=AreaId("booth")), True),
        (replace(UNNAMED, room=AreaId("booth")), NAMED, False),
        (UNNAMED, replace(UNNAMED, kind=Kind.SWITCH), True),
    ],
)
def test_to_be_named_and_placed_for_the_first_time_is_no_change(was: Series, now: Series, is_news: bool):
    assert is_change(was, now) is is_news
