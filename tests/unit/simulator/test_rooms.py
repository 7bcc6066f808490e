"""How loud a room is by what people do in it: where somebody always speaks, somebody always does."""

from datetime import UTC, datetime
from math import log10
from statistics import fmean

import pytest

from simulator.building import Area, Building
from simulator.rooms import Rooms

NOON = datetime(2026, 11, 17, 20, tzinfo=UTC).timestamp()


def loudness(building: Building, room: Area, deeds: dict[str, int]) -> float:
    """The mean energy of two hours, so that a lull of a minute says nothing."""
    levels = []
    for minute in range(120):
        truth = Rooms(building, 1, NOON + 60 * minute).truth(room.id, deeds)
        levels.append(10 ** (truth.sound_db / 10))
    return 10 * log10(fmean(levels))


@pytest.mark.parametrize(("kind", "deed"), [("meeting", "meeting"), ("classroom", "talk")], ids=lambda word: word)
def test_of_two_who_meet_or_hold_a_talk_one_speaks_all_the_time(parisoma: Building, kind: str, deed: str):
    room = parisoma.rooms(kind)[0]

    speaking, at_desks = loudness(parisoma, room, {deed: 2}), loudness(parisoma, room, {"desk": 2})

    # One who speaks instead of a tenth of one is ten decibels; what is around takes some of them.
    assert speaking - at_desks > 6


def test_one_speaks_at_a_time_in_a_small_meeting_and_nobody_less_for_being_few(parisoma: Building):
    room = parisoma.rooms("meeting")[0]

    assert abs(loudness(parisoma, room, {"meeting": 2}) - loudness(parisoma, room, {"meeting": 4})) < 1
