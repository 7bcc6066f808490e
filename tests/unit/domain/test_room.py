"""How a room is, from what its sensors say."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.building import Room, RoomKind
from controller.domain.room import (
    Air,
    Comfort,
    Occupancy,
    Quality,
    Quiet,
    RoomState,
    RoomStatus,
    Sensed,
    assess,
)

MINNA = Room(RoomKind.MEETING, seats=10)  # 1000 ppm, 65 dB, 19 to 26 °C


def sensed(device_class: str, value: float | bool | str, age_s: float = 5.0, every_s: float = 60.0) -> Sensed:
    return Sensed(device_class, value, age_s, every_s)


def room(previous: RoomState | None = None, of: Room = MINNA, age_s: float = 5.0, **values: float | bool) -> RoomState:
    return assess(of, [sensed(name, value, age_s) for name, value in values.items()], previous)


# --- levels and their hysteresis ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ppm", "air"),
    [(600, Air.GOOD), (1000, Air.GOOD), (1001, Air.STUFFY), (1500, Air.STUFFY), (1501, Air.BAD)],
)
def test_air_is_judged_by_the_rooms_own_limit(ppm: float, air: Air) -> None:
    assert room(carbon_dioxide=ppm).air is air


@pytest.mark.parametrize(
    ("temperature", "comfort"),
    [(18.9, Comfort.COLD), (19.0, Comfort.GOOD), (26.0, Comfort.GOOD), (26.1, Comfort.WARM)],
)
def test_comfort_is_judged_by_the_rooms_own_range(temperature: float, comfort: Comfort) -> None:
    assert room(temperature=temperature).comfort is comfort


@pytest.mark.parametrize(("humidity", "comfort"), [(29, Comfort.DRY), (50, Comfort.GOOD), (66, Comfort.HUMID)])
def test_dry_and_humid_air_is_uncomfortable_too(humidity: float, comfort: Comfort) -> None:
    assert room(humidity=humidity, temperature=21.0).comfort is comfort
    assert room(humidity=humidity).comfort is comfort


@pytest.mark.parametrize(("noise", "quiet"), [(65, Quiet.QUIET), (66, Quiet.LOUD)])
def test_quiet_is_judged_by_the_rooms_own_limit(noise: float, quiet: Quiet) -> None:
    assert room(sound_pressure=noise).quiet is quiet


STEPS_DOWN = [
    pytest.param("carbon_dioxide", [1001, 950, 930, 920], [Air.STUFFY, Air.STUFFY, Air.STUFFY, Air.GOOD], id="stuffy"),
    pytest.param("carbon_dioxide", [1600, 1450, 1400], [Air.BAD, Air.BAD, Air.STUFFY], id="bad"),
    pytest.param("temperature", [26.1, 25.8, 25.5], [Comfort.WARM, Comfort.WARM, Comfort.GOOD], id="warm"),
    pytest.param("temperature", [18.9, 19.2, 19.5], [Comfort.COLD, Comfort.COLD, Comfort.GOOD], id="cold"),
    pytest.param("humidity", [29.0, 32.0, 33.0], [Comfort.DRY, Comfort.DRY, Comfort.GOOD], id="dry"),
    pytest.param("humidity", [66.0, 63.0, 62.0], [Comfort.HUMID, Comfort.HUMID, Comfort.GOOD], id="humid"),
    pytest.param("sound_pressure", [66.0, 63.0, 62.0], [Quiet.LOUD, Quiet.LOUD, Quiet.QUIET], id="loud"),
]


@pytest.mark.parametrize(("channel", "values", "levels"), STEPS_DOWN)
def test_a_level_stays_until_the_value_is_well_below_its_limit(
    channel: str, values: list[float], levels: list[object]
) -> None:
    state: RoomState | None = None
    seen: list[object] = []
    for value in values:
        state = room(state, **{channel: value})
        seen.append({"carbon_dioxide": state.air, "sound_pressure": state.quiet}.get(channel, state.comfort))

    assert seen == levels


@given(st.lists(st.floats(970, 1030), min_size=2, max_size=50))
def test_a_value_that_trembles_on_its_limit_changes_the_level_once(values: list[float]) -> None:
    state: RoomState | None = None
    levels = []
    for value in values:
        state = room(state, carbon_dioxide=value)
        levels.append(state.air)

    assert sum(a is not b for a, b in itertools.pairwise(levels)) <= 1


def test_warmth_is_the_mean_of_the_room_and_bad_air_and_noise_the_worst() -> None:
    state = assess(
        MINNA,
        [
            sensed("temperature", 20.0),
            sensed("temperature", 24.0),
            sensed("carbon_dioxide", 600),
            sensed("carbon_dioxide", 1100),
            sensed("sound_pressure", 40),
            sensed("sound_pressure", 70),
            sensed("humidity", 40),
        ],
    )

    assert (state.temperature_c, state.co2_ppm, state.noise_db, state.humidity) == (22.0, 1100, 70, 40)


def test_a_room_without_sensors_is_not_judged_and_not_called_silent() -> None:
    state = assess(MINNA, [])

    assert state == RoomState(RoomStatus.FREE)
    assert not state.silent


# --- who is in ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("device_class", ["presence", "occupancy", "motion"])
def test_somebody_sensed_is_somebody_in(device_class: str) -> None:
    state = room(**{device_class: True})

    assert (state.status, state.occupancy.occupied, state.occupancy.quality) == (
        RoomStatus.IN_USE,
        True,
        Quality.SENSED,
    )


def test_the_air_guesses_how_many_are_sensed() -> None:
    # A room at its own limit is taken to be full: 58 ppm for each of ten seats.
    assert room(presence=True, carbon_dioxide=420 + 3 * 58).occupancy.people == 3
    assert room(presence=True, carbon_dioxide=400).occupancy.people == 1
    assert room(of=replace(MINNA, seats=0), presence=True, carbon_dioxide=800).occupancy.people is None


def test_heads_counted_are_believed_before_anything_else() -> None:
    state = assess(MINNA, [sensed("count", 2), sensed("count", 1), sensed("presence", False)])

    assert state.occupancy == Occupancy(True, 3, Quality.COUNTED, "people counted")
    assert room(count=0).status is RoomStatus.FREE


def test_a_count_is_never_negative() -> None:
    assert room(count=-2).occupancy.people == 0


def test_nobody_sensed_is_nobody_in_and_air_that_disagrees_is_mentioned() -> None:
    assert room(presence=False).occupancy == Occupancy(False, 0, Quality.SENSED, "nobody is sensed")
    assert room(presence=False, carbon_dioxide=900).occupancy == Occupancy(
        False, 0, Quality.SENSED, "nobody is sensed, though CO₂ is 480 ppm above the air outside"
    )


def test_from_the_air_alone_the_occupancy_is_an_estimate() -> None:
    busy = room(carbon_dioxide=710)
    empty = room(carbon_dioxide=450)

    assert busy.occupancy == Occupancy(True, 5, Quality.ESTIMATED, "CO₂ is 290 ppm above the air outside")
    assert (empty.occupancy.occupied, empty.occupancy.people) == (False, 0)


def test_an_estimate_from_the_air_does_not_flicker() -> None:
    busy = room(carbon_dioxide=630)

    assert room(busy, carbon_dioxide=560).occupancy.occupied is True
    assert room(busy, carbon_dioxide=540).occupancy.occupied is False
    assert room(carbon_dioxide=560).occupancy.occupied is False


def test_without_a_sensor_for_people_nothing_is_claimed() -> None:
    assert room(temperature=21.0).occupancy == Occupancy()


# --- silence ------------------------------------------------------------------------------------------


def test_a_missed_cadence_is_silence_and_not_a_good_room() -> None:
    loud_and_full = room(presence=True, sound_pressure=80, carbon_dioxide=1800, temperature=30)

    state = room(loud_and_full, presence=True, sound_pressure=80, carbon_dioxide=1800, temperature=30, age_s=200.0)

    assert state.silent
    assert (state.air, state.quiet, state.comfort) == (Air.UNKNOWN, Quiet.UNKNOWN, Comfort.UNKNOWN)
    assert state.occupancy == Occupancy(reason="no sensor has spoken for 3 min")
    assert state.age_s == 200.0


def test_a_quick_sensor_is_silent_sooner() -> None:
    late = assess(MINNA, [sensed("temperature", 21.0, age_s=40.0, every_s=10.0)])

    assert late.silent
    assert late.occupancy.reason == "no sensor has spoken for 40 s"


def test_one_silent_sensor_does_not_silence_the_others() -> None:
    state = assess(MINNA, [sensed("temperature", 30.0, age_s=500.0), sensed("presence", True)])

    assert (state.silent, state.comfort, state.status) == (False, Comfort.UNKNOWN, RoomStatus.IN_USE)


def test_a_word_where_a_number_belongs_is_no_number() -> None:
    assert assess(MINNA, [sensed("temperature", "warm"), sensed("carbon_dioxide", True)]).temperature_c is None


# --- the word on the door -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("present", "booked", "on_air", "available", "status"),
    [
        (False, False, False, True, RoomStatus.FREE),
        (False, True, False, True, RoomStatus.BOOKED),
        (True, True, False, True, RoomStatus.IN_USE),
        (True, True, True, True, RoomStatus.ON_AIR),
        (True, True, True, False, RoomStatus.UNAVAILABLE),
    ],
)
def test_the_strongest_word_is_on_the_door(
    present: bool, booked: bool, on_air: bool, available: bool, status: RoomStatus
) -> None:
    state = assess(MINNA, [sensed("presence", present)], booked=booked, on_air=on_air, available=available)

    assert state.status is status


readings = st.lists(
    st.builds(
        Sensed,
        st.sampled_from(["temperature", "humidity", "carbon_dioxide", "sound_pressure", "presence", "count", "window"]),
        st.floats(-50, 5000) | st.booleans() | st.text(max_size=2),
        st.floats(0, 400),
        st.sampled_from([10.0, 60.0, 300.0]),
    ),
    max_size=8,
)


@given(readings, readings)
def test_people_are_never_negative_and_only_a_live_sensor_claims_anything(
    first: list[Sensed], then: list[Sensed]
) -> None:
    state = assess(MINNA, then, assess(MINNA, first))

    assert state.occupancy.people is None or state.occupancy.people >= 0
    assert (state.occupancy.quality is Quality.UNKNOWN) is (state.occupancy.occupied is None)
    if state.silent:
        assert state.occupancy.occupied is None
        assert state.status is RoomStatus.FREE
