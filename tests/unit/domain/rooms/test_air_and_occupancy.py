"""Who seems to be in a room: the air by its level and its slope, and four witnesses who may disagree."""

import pytest

from controller.domain.building import Room, RoomKind
from controller.domain.rooms.air import Breath, breath, slope_of, volume_of
from controller.domain.rooms.occupancy import STILL_S, AtDoors, Occupancy, Quality, occupancy_of
from controller.domain.rooms.readings import Reading, in_words

MINNA = Room(RoomKind.MEETING, seats=10)  # full at 1000 ppm: 58 ppm for each
VOLUME = 100.0  # m³: one person adds 3 ppm a minute


def says(co2: float, slope: float | None = None, *, window: bool = False, was: bool = False, **of: object) -> Breath:
    room = Room(RoomKind.MEETING, **{"seats": 10, **of})  # type: ignore[arg-type]
    return breath(room, co2, slope, VOLUME, window_open=window, was=was)


# --- the slope ------------------------------------------------------------------------------------------


def trail(*values: float, every_s: float = 60.0) -> Reading:
    """A sensor that said these, the last just now."""
    points = tuple((every_s * (len(values) - 1 - place), value) for place, value in enumerate(values))
    return Reading("carbon_dioxide", values[-1], 0.0, every_s, trail=points)


@pytest.mark.parametrize(
    ("readings", "slope"),
    [
        pytest.param([trail(500, 505, 510, 515, 520)], 5.0, id="rising"),
        pytest.param([trail(520, 515, 510, 505)], -5.0, id="falling"),
        pytest.param([trail(500, 520, 500, 520, 500, 520, 500)], 0.0, id="trembling"),
        pytest.param([trail(500, 505, 510)], None, id="three points are a guess"),
        pytest.param([trail(500, 505, 510, 515, every_s=20)], None, id="a minute is a guess"),
        pytest.param([trail(500, 501, 502, 503), trail(500, 506, 512, 518)], 6.0, id="the steepest of two sensors"),
        pytest.param([], None, id="no sensor"),
    ],
)
def test_the_slope_is_the_line_through_the_last_minutes(readings: list[Reading], slope: float | None) -> None:
    assert slope_of(readings) == (None if slope is None else pytest.approx(slope, abs=0.3))


def test_what_is_older_than_ten_minutes_is_no_part_of_the_slope() -> None:
    long_ago = trail(900, 800, 700, 600, 500, 500, 500, 500, 500, every_s=200)

    assert slope_of([long_ago]) == 0.0


@pytest.mark.parametrize(
    ("outline", "volume"),
    [
        ([(0, 0), (6, 0), (6, 6), (0, 6)], 36 * 2.7),
        ([(0, 0), (0, 6), (6, 6), (6, 0)], 36 * 2.7),
        ([], None),
    ],
    ids=["one way round", "the other way round", "nothing is drawn"],
)
def test_the_volume_is_what_is_drawn_under_an_ordinary_ceiling(
    outline: list[tuple[float, float]], volume: object
) -> None:
    found = volume_of(outline)

    assert found == (None if volume is None else pytest.approx(volume))


# --- what the air says ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(says(500, 9), Breath(True, 4, "CO₂ rises by 9 ppm a minute", is_clear=True), id="it gathers: three, and one before"),
        pytest.param(says(450, 3), Breath(True, 2, "CO₂ rises by 3 ppm a minute", is_clear=True), id="long before the level tells"),
        pytest.param(says(900, -9), Breath(True, 5, "CO₂ is 480 ppm above the air outside, though it falls"), id="some went"),
        pytest.param(says(600, -9), Breath(False, 0, "CO₂ falls by 9 ppm a minute", is_clear=True), id="all went, and it is stale"),
        pytest.param(says(710), Breath(True, 5, "CO₂ is 290 ppm above the air outside"), id="by the level"),
        pytest.param(says(600), Breath(False, 0, "CO₂ is 180 ppm above the air outside"), id="below what tells"),
        pytest.param(says(600, was=True), Breath(True, 3, "CO₂ is 180 ppm above the air outside"), id="hysteresis"),
        pytest.param(
            says(800, window=True), Breath(None, None, "CO₂ is 380 ppm above the air outside, with a window open"),
            id="a window is open",
        ),
        pytest.param(says(800, 5, window=True), Breath(True, 8, "CO₂ rises by 5 ppm a minute", is_clear=True), id="rising all the same"),
        pytest.param(says(800, seats=0), Breath(True, None, "CO₂ is 380 ppm above the air outside"), id="no seats known"),
        pytest.param(says(800, -5, seats=0), Breath(False, 0, "CO₂ falls by 5 ppm a minute", is_clear=True), id="falling, no seats known"),
    ],
)  # fmt: skip
def test_the_air_tells_of_people_by_its_slope_before_its_level(said: Breath, expected: Breath) -> None:
    assert said == expected


def test_in_a_room_of_unknown_size_the_level_alone_says_how_many() -> None:
    assert breath(MINNA, 710, 9, None, window_open=False, was=False).people == 5


# --- who is in ------------------------------------------------------------------------------------------


def sensed(device_class: str, value: float | bool, yes_age_s: float | None = None) -> Reading:
    return Reading(device_class, value, 5.0, 60.0, yes_age_s)


HEADS, NO_HEADS = sensed("count", 3), sensed("count", 0)
FELT, NOT_FELT = sensed("occupancy", True), sensed("occupancy", False)
ONE_IN, TWO_IN = AtDoors(1), AtDoors(2)
ALL_OUT, PERHAPS_OUT = AtDoors(0), AtDoors(0, Quality.ESTIMATED)
BREATHING, STALE = (
    Breath(True, 4, "CO₂ rises by 9 ppm a minute", is_clear=True),
    Breath(False, 0, "CO₂ falls by 9 ppm a minute", is_clear=True),
)


@pytest.mark.parametrize(
    ("occupancy", "expected"),
    [
        pytest.param(
            occupancy_of([HEADS], ONE_IN, BREATHING), Occupancy(True, 3, Quality.COUNTED, "people counted"), id="heads"
        ),
        pytest.param(
            occupancy_of([NO_HEADS, FELT], None, None),
            Occupancy(True, 1, Quality.SENSED, "somebody is sensed, though nobody is counted", True),
            id="whoever feels somebody is believed",
        ),
        pytest.param(
            occupancy_of([FELT], TWO_IN, BREATHING),
            Occupancy(True, 4, Quality.SENSED, "somebody is sensed"),
            id="a sensor feels one, the most that anybody knows of counts",
        ),
        pytest.param(
            occupancy_of([NOT_FELT], TWO_IN, None),
            Occupancy(
                False, 0, Quality.SENSED, "nobody is sensed, though 2 came in by its doors and have not left", True
            ),
            id="one against one",
        ),
        pytest.param(
            occupancy_of([NOT_FELT], ONE_IN, BREATHING),
            Occupancy(
                True, 4, Quality.ESTIMATED,
                "somebody came in by its doors and has not left, though nobody is sensed", True,
            ),
            id="one against two: the sensor may be covered",
        ),
        pytest.param(
            occupancy_of([], TWO_IN, STALE),
            Occupancy(
                True, 2, Quality.COUNTED,
                "2 came in by its doors and have not left, though CO₂ falls by 9 ppm a minute", True,
            ),
            id="the doors before the air",
        ),
        pytest.param(
            occupancy_of([FELT], None, STALE),
            Occupancy(True, 1, Quality.SENSED, "somebody is sensed"),
            id="air is no argument against somebody who is felt",
        ),
        pytest.param(
            occupancy_of([], ONE_IN, Breath(False, 0, "CO₂ is 30 ppm above the air outside")),
            Occupancy(True, 1, Quality.COUNTED, "somebody came in by its doors and has not left"),
            id="who has just come in does not raise the level yet",
        ),
        pytest.param(
            occupancy_of([], ALL_OUT, STALE), Occupancy(False, 0, Quality.COUNTED, "by its doors nobody is in"), id="all out"
        ),
        pytest.param(
            occupancy_of([], PERHAPS_OUT, None), Occupancy(), id="a count that may have missed somebody says nothing"
        ),
        pytest.param(
            occupancy_of([], AtDoors(1, Quality.ESTIMATED), None).quality, Quality.ESTIMATED, id="and counts as a guess"
        ),
        pytest.param(
            occupancy_of([], None, Breath(None, None, "a window is open")),
            Occupancy(reason="a window is open"),
            id="nothing can tell, and why",
        ),
        pytest.param(
            occupancy_of([], ONE_IN, None, silent_for=300),
            Occupancy(
                True, 1, Quality.COUNTED,
                "somebody came in by its doors and has not left; no sensor has spoken for 5 min",
            ),
            id="silent sensors, and a door that counts",
        ),
    ],
)  # fmt: skip
def test_all_that_can_tell_is_weighed_and_a_disagreement_is_said(occupancy: object, expected: object) -> None:
    assert occupancy == expected


@pytest.mark.parametrize(
    ("yes_age_s", "occupied", "reason"),
    [
        (0.0, True, "somebody moved here 0 s ago"),
        (STILL_S - 60, True, "somebody moved here 9 min ago"),
        (STILL_S, False, "nothing moves here"),
        (None, False, "nothing moves here"),
    ],
)
def test_who_sits_still_is_in_though_nothing_moves(yes_age_s: float | None, occupied: bool, reason: str) -> None:
    found = occupancy_of([sensed("motion", False, yes_age_s)], None, None)

    assert (found.occupied, found.reason) == (occupied, reason)


def test_a_sensor_of_people_is_believed_before_one_of_motion() -> None:
    assert occupancy_of([NOT_FELT, sensed("motion", False, 5.0)], None, None).occupied is False
    assert occupancy_of([NOT_FELT, sensed("motion", True, 0.0)], None, None).occupied is True


def test_lengths_are_told_as_people_say_them() -> None:
    assert [in_words(seconds) for seconds in (40, 119, 180, 7_199, 7_200)] == [
        "40 s",
        "119 s",
        "3 min",
        "120 min",
        "2 h",
    ]
