"""How a room is, from what its sensors say."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.building import Room, RoomKind
from controller.domain.rooms.air import Air
from controller.domain.rooms.comfort import Comfort
from controller.domain.rooms.diary import Diary, Slot
from controller.domain.rooms.occupancy import Occupancy, Quality
from controller.domain.rooms.quiet import Quiet
from controller.domain.rooms.readings import Reading
from controller.domain.rooms.state import LEFT_FOR, Around, RoomState, RoomStatus, Since, assess
from controller.domain.rooms.wifi import Wifi
from tests.unit.domain.house import NOON

MINNA = Room(RoomKind.MEETING, seats=10)  # 1000 ppm, 65 dB, 19 to 26 °C
NOW = Around(NOON)


def sensed(device_class: str, value: float | bool | str, age_s: float = 5.0, every_s: float = 60.0) -> Reading:
    return Reading(device_class, value, age_s, every_s)


def room(previous: RoomState | None = None, of: Room = MINNA, age_s: float = 5.0, **values: float | bool) -> RoomState:
    return assess(of, [sensed(name, value, age_s) for name, value in values.items()], NOW, previous)


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
        NOW,
    )

    assert (state.temperature_c, state.co2_ppm, state.noise_db, state.humidity) == (22.0, 1100, 70, 40)


def test_a_room_without_sensors_is_not_judged_and_not_called_silent() -> None:
    state = assess(MINNA, [], NOW)

    assert state == RoomState(RoomStatus.FREE, Since.all_from(NOON))
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
    assert room(presence=True, carbon_dioxide=420 + 5 * 58).occupancy.people == 5
    assert room(presence=True, carbon_dioxide=400).occupancy.people == 1
    assert room(of=replace(MINNA, seats=0), presence=True, carbon_dioxide=800).occupancy.people == 1


def test_heads_counted_are_believed_before_anything_else() -> None:
    state = assess(MINNA, [sensed("count", 2), sensed("count", 1), sensed("presence", False)], NOW)

    assert state.occupancy == Occupancy(
        True, 3, Quality.COUNTED, "people counted, though nobody is sensed", disagrees=True
    )
    assert room(count=0).status is RoomStatus.FREE


def test_a_count_is_never_negative() -> None:
    assert room(count=-2).occupancy.people == 0


def test_nobody_sensed_is_nobody_in_and_air_that_disagrees_is_mentioned() -> None:
    assert room(presence=False).occupancy == Occupancy(False, 0, Quality.SENSED, "nobody is sensed")
    assert room(presence=False, carbon_dioxide=900).occupancy == Occupancy(
        False, 0, Quality.SENSED, "nobody is sensed, though CO₂ is 480 ppm above the air outside", disagrees=True
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
    late = assess(MINNA, [sensed("temperature", 21.0, age_s=40.0, every_s=10.0)], NOW)

    assert late.silent
    assert late.occupancy.reason == "no sensor has spoken for 40 s"


def test_one_silent_sensor_does_not_silence_the_others() -> None:
    state = assess(MINNA, [sensed("temperature", 30.0, age_s=500.0), sensed("presence", True)], NOW)

    assert (state.silent, state.comfort, state.status) == (False, Comfort.UNKNOWN, RoomStatus.IN_USE)


def test_a_word_where_a_number_belongs_is_no_number() -> None:
    assert assess(MINNA, [sensed("temperature", "warm"), sensed("carbon_dioxide", True)], NOW).temperature_c is None


# --- the word on the door -----------------------------------------------------------------------------


ONE_HOUR = Slot(NOON - timedelta(minutes=30), NOON + timedelta(minutes=30))


@pytest.mark.parametrize(
    ("present", "booked", "on_air", "unavailable", "status"),
    [
        (False, False, False, None, RoomStatus.FREE),
        (False, True, False, None, RoomStatus.BOOKED),
        (True, True, False, None, RoomStatus.IN_USE),
        (True, True, True, None, RoomStatus.ON_AIR),
        (True, True, True, "lockdown", RoomStatus.UNAVAILABLE),
    ],
)
def test_the_strongest_word_is_on_the_door(
    present: bool, booked: bool, on_air: bool, unavailable: str | None, status: RoomStatus
) -> None:
    around = Around(
        NOON,
        diary=Diary(now=ONE_HOUR if booked else None),
        on_air_until=NOON + timedelta(minutes=10) if on_air else None,
        unavailable=unavailable,
    )
    state = assess(MINNA, [sensed("presence", present)], around)

    assert state.status is status


LATER = Slot(NOON + timedelta(hours=2), NOON + timedelta(hours=3))


@pytest.mark.parametrize(
    ("around", "until"),
    [
        pytest.param(Around(NOON, Diary(ONE_HOUR, LATER)), ONE_HOUR.end, id="booked until its booking ends"),
        pytest.param(Around(NOON, Diary(None, LATER)), LATER.start, id="free until the next begins"),
        pytest.param(Around(NOON), None, id="free, and nothing comes"),
        pytest.param(Around(NOON, Diary(ONE_HOUR), on_air_until=NOON), NOON, id="on air until it ends"),
        pytest.param(Around(NOON, Diary(ONE_HOUR), unavailable="fire"), None, id="unavailable, nobody knows"),
    ],
)
def test_the_word_says_until_when_it_holds(around: Around, until: object) -> None:
    assert assess(MINNA, [], around).until == until


def test_the_next_booking_is_told_by_its_times_alone() -> None:
    assert assess(MINNA, [], Around(NOON, Diary(ONE_HOUR, LATER))).next == (LATER.start, LATER.end)


@pytest.mark.parametrize(
    ("slot", "present", "checked_in", "unchecked"),
    [
        pytest.param(ONE_HOUR, True, False, True, id="in there, and not checked in"),
        pytest.param(ONE_HOUR, False, False, False, id="nobody there"),
        pytest.param(replace(ONE_HOUR, checked_in=True), True, True, False, id="checked in"),
        pytest.param(
            replace(ONE_HOUR, can_check_in=False), True, None, False, id="an event has nothing to check in to"
        ),
        pytest.param(None, True, None, False, id="no booking"),
    ],
)
def test_a_booked_room_in_use_that_nobody_checked_in_to_is_flagged(
    slot: Slot | None, present: bool, checked_in: bool | None, unchecked: bool
) -> None:
    state = assess(MINNA, [sensed("presence", present)], Around(NOON, Diary(slot)))

    assert (state.checked_in, state.in_use_unchecked) == (checked_in, unchecked)


def test_who_checked_in_has_the_room_in_use_and_still_while_out_for_coffee() -> None:
    checked_in = replace(ONE_HOUR, checked_in=True)
    words = []
    state = None
    for after in (timedelta(), LEFT_FOR - timedelta(seconds=1), LEFT_FOR):
        state = assess(MINNA, [sensed("presence", False)], Around(NOON + after, Diary(checked_in)), state)
        words.append(state.status)

    assert timedelta(minutes=5) == LEFT_FOR
    assert words == [RoomStatus.IN_USE, RoomStatus.IN_USE, RoomStatus.BOOKED]
    assert assess(MINNA, [], Around(NOON, Diary(checked_in))).status is RoomStatus.IN_USE


def test_what_is_on_and_what_comes_next_are_told_by_their_times() -> None:
    coming = Slot(ONE_HOUR.end + timedelta(hours=1), ONE_HOUR.end + timedelta(hours=2))
    during = assess(MINNA, [], Around(NOON, Diary(ONE_HOUR, coming)))
    before = assess(MINNA, [], Around(NOON, Diary(None, coming)))

    assert (during.now, during.next) == ((ONE_HOUR.start, ONE_HOUR.end), (coming.start, coming.end))
    assert (before.now, before.next) == (None, (coming.start, coming.end))


def test_everything_that_has_a_level_says_since_when() -> None:
    first = room(presence=True, carbon_dioxide=1_200, sound_pressure=80, temperature=30)
    later = Around(NOON + timedelta(minutes=3))
    then = assess(MINNA, [sensed("carbon_dioxide", 1_210), sensed("sound_pressure", 40)], later, first)

    assert (then.air, then.since.air) == (Air.STUFFY, NOON)
    assert (then.quiet, then.since.quiet) == (Quiet.QUIET, later.at)
    assert (then.comfort, then.since.comfort) == (Comfort.UNKNOWN, later.at)
    assert (then.since.status, then.since.wifi) == (NOON, NOON)


def test_silence_is_since_the_last_word_of_its_sensors() -> None:
    state = assess(MINNA, [sensed("temperature", 21.0, age_s=300.0)], NOW, room(temperature=21.0))

    assert (state.silent, state.since.silent) == (True, NOON - timedelta(seconds=300))


def test_a_probe_tells_of_the_wifi_and_does_not_break_the_silence_of_the_room() -> None:
    state = assess(
        MINNA, [sensed("latency", 0.2), sensed("packet_loss", 0.5), sensed("temperature", 21.0, age_s=500.0)], NOW
    )

    assert (state.wifi, state.latency_s, state.loss, state.silent) == (Wifi.POOR, 0.2, 0.5, True)


def test_a_room_is_lit_from_some_light_on_and_its_figure_is_told() -> None:
    lit = room(illuminance=70)

    assert (lit.is_lit, lit.light_lx) == (True, 70)
    assert room(lit, illuminance=45).is_lit is True
    assert room(illuminance=45).is_lit is False
    assert room().is_lit is None


readings = st.lists(
    st.builds(
        Reading,
        st.sampled_from(["temperature", "humidity", "carbon_dioxide", "sound_pressure", "presence", "count", "window"]),
        st.floats(-50, 5000) | st.booleans() | st.text(max_size=2),
        st.floats(0, 400),
        st.sampled_from([10.0, 60.0, 300.0]),
    ),
    max_size=8,
)


@given(readings, readings)
def test_people_are_never_negative_and_only_a_live_sensor_claims_anything(
    first: list[Reading], then: list[Reading]
) -> None:
    state = assess(MINNA, then, NOW, assess(MINNA, first, NOW))

    assert state.occupancy.people is None or state.occupancy.people >= 0
    assert (state.occupancy.quality is Quality.UNKNOWN) is (state.occupancy.occupied is None)
    if state.silent:
        assert state.occupancy.occupied is None
        assert state.status is RoomStatus.FREE
