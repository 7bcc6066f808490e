"""Rooms: the formulae against figures one can look up, and laws that always hold."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.physics import CO2_OUTSIDE_PPM, Climate, Shape, background_db, breathe, light_lx, sound_db

MEETING_ROOM = Shape(floor_m2=30, seats=8)
NOON = 12.0
HOUR = 3600.0


def test_an_empty_room_ends_up_like_the_air_outside():
    stale = Climate(co2_ppm=2000)

    assert breathe(stale, MEETING_ROOM, 0, 24 * HOUR, NOON).co2_ppm == pytest.approx(CO2_OUTSIDE_PPM, abs=1)


def test_a_meeting_of_eight_gets_stuffy_within_the_hour_as_meetings_do():
    air = breathe(Climate(), MEETING_ROOM, 8, HOUR, NOON)

    assert 1000 < air.co2_ppm < 2000
    assert 1 < air.temperature_c - Climate().temperature_c < 4


def test_co2_settles_where_the_mass_balance_says():
    # Eight people breathe out 8 x 5.2e-6 m3/s into 8 x 2.5e-3 + 30 x 0.3e-3 = 0.029 m3/s of fresh air, and a fifth of
    # the room's 96 m3 an hour.
    settled = breathe(Climate(), MEETING_ROOM, 8, 48 * HOUR, NOON)

    assert settled.co2_ppm == pytest.approx(CO2_OUTSIDE_PPM + 1e6 * 8 * 5.2e-6 / (0.029 + 0.2 * 96 / 3600), rel=1e-3)


def test_an_open_window_helps():
    closed = breathe(Climate(), MEETING_ROOM, 8, HOUR, NOON)
    opened = breathe(Climate(), MEETING_ROOM, 8, HOUR, NOON, window_open=True)

    assert opened.co2_ppm < closed.co2_ppm - 200


@given(people=st.integers(0, 60), parts=st.integers(1, 50), start=st.floats(435, 5000))
def test_many_short_steps_are_as_right_as_one_long(people: int, parts: int, start: float):
    climate = Climate(co2_ppm=start)
    at_once = breathe(climate, MEETING_ROOM, people, HOUR, NOON)
    for _ in range(parts):
        climate = breathe(climate, MEETING_ROOM, people, HOUR / parts, NOON)

    assert climate.co2_ppm == pytest.approx(at_once.co2_ppm, rel=1e-6)
    assert climate.temperature_c == pytest.approx(at_once.temperature_c, rel=1e-6)


@given(people=st.integers(0, 200), area=st.floats(2, 500), hour=st.floats(0, 24))
def test_nothing_a_room_can_do_is_out_of_this_world(people: int, area: float, hour: float):
    air = breathe(Climate(), Shape(area, 4), people, 4 * HOUR, hour)

    assert air.co2_ppm >= CO2_OUTSIDE_PPM - 1e-6
    assert 0 <= air.humidity_percent <= 100


def test_two_talkers_are_three_decibels_louder_than_one():
    absorbing = replace(MEETING_ROOM, floor_m2=10)

    assert sound_db(absorbing, 2) - sound_db(absorbing, 1) == pytest.approx(3.0, abs=0.1)
    assert 55 < sound_db(MEETING_ROOM, 1) < 66
    assert sound_db(MEETING_ROOM, 0) < 40


def test_it_is_dark_at_night_until_somebody_comes():
    assert light_lx(MEETING_ROOM, 0, 2.0) == 0
    assert light_lx(MEETING_ROOM, 1, 2.0) > 300
    assert light_lx(MEETING_ROOM, 0, 13.0) > 300


def test_fresh_air_follows_the_kind_of_room():
    # ASHRAE 62.1: a lecture classroom 3.8 l/s a person and 0.3 a square metre, a corridor the second alone.
    classroom, corridor = Shape(100, 40, kind="classroom"), Shape(100, 0, kind=None)
    cracks = 0.2 * 320 / 3600

    assert classroom.airflow_m3_s == pytest.approx(0.001 * (40 * 3.8 + 100 * 0.3) + cracks)
    assert corridor.airflow_m3_s == pytest.approx(0.001 * 100 * 0.3 + cracks)


def test_after_one_time_constant_of_its_air_37_percent_is_left():
    stale = Climate(co2_ppm=CO2_OUTSIDE_PPM + 1000)

    aired = breathe(stale, MEETING_ROOM, 0, MEETING_ROOM.air_change_s, NOON)

    assert aired.co2_ppm - CO2_OUTSIDE_PPM == pytest.approx(368, abs=1)


@given(hour=st.floats(0, 24))
def test_where_nobody_is_it_is_as_quiet_as_an_office_plant(hour: float):
    assert 35 <= background_db(hour) <= 45


def test_people_who_say_nothing_are_heard_and_one_who_talks_drowns_them():
    still, typing = sound_db(MEETING_ROOM, 0), sound_db(MEETING_ROOM, 0, people=8)

    assert still + 5 < typing < 55
    assert sound_db(MEETING_ROOM, 1, people=8) > typing + 8
