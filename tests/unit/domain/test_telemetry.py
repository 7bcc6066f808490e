"""One reading, one verdict; and which of two is the newer."""

from datetime import datetime, timedelta
from math import inf, nan
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.telemetry import Channel, Judged, Place, SetAside, Value, doubt, is_newer, judge
from controller.domain.times import stamped
from tests.unit.domain.house import NOON

TEMPERATURE = Channel("temperature")
CHANNELS = {
    "temperature": TEMPERATURE,
    "co2": Channel("carbon_dioxide"),
    "presence": Channel("presence"),
    "fridge": Channel("temperature", low=-10.0, high=15.0),
    "odd": Channel("temperature", quarantined=True),
    "rain": Channel("precipitation"),
}
NOW = stamped(NOON, NOON)


@pytest.mark.parametrize(
    ("channel", "value", "expected"),
    [
        pytest.param("temperature", 21.5, None, id="plausible"),
        pytest.param("temperature", 85.1, SetAside.OUT_OF_RANGE, id="hotter than any room"),
        pytest.param("temperature", -40.0, None, id="the limit itself"),
        pytest.param("co2", 0, SetAside.OUT_OF_RANGE, id="a CO2 sensor that is warming up"),
        pytest.param("fridge", 16.0, SetAside.OUT_OF_RANGE, id="more than its birth declared"),
        pytest.param("presence", True, None, id="yes and no have no range"),
        pytest.param("presence", "moving", None, id="nor do words"),
        pytest.param("rain", 1e9, None, id="a class without limits is believed"),
        pytest.param("temperature", nan, SetAside.OUT_OF_RANGE, id="not a number"),
        pytest.param("temperature", inf, SetAside.OUT_OF_RANGE, id="infinite"),
        pytest.param("odd", 21.0, SetAside.UNIT, id="a unit nobody knows"),
        pytest.param("nameless", 21.0, SetAside.UNKNOWN_CHANNEL, id="not in its birth"),
    ],
)
def test_a_reading_is_believed_or_doubted_for_a_reason(channel: str, value: Value, expected: SetAside | None) -> None:
    assert doubt(value, CHANNELS.get(channel)) is expected


def test_one_bad_reading_does_not_spoil_the_others_of_its_message() -> None:
    assert judge({"temperature": 21.0, "co2": 0.0, "nameless": 1.0}, CHANNELS, NOW) == Judged(
        {"temperature": 21.0}, {"co2": SetAside.OUT_OF_RANGE, "nameless": SetAside.UNKNOWN_CHANNEL}
    )


def test_backfill_is_kept_and_changes_nothing_now() -> None:
    judged = judge({"temperature": 21.0}, CHANNELS, stamped(NOON - timedelta(hours=1), NOON))

    assert (judged.kept, judged.is_live, judged.flags) == ({"temperature": 21.0}, False, ("backfill",))


def test_a_clock_ahead_is_marked_and_the_reading_is_live() -> None:
    judged = judge({"temperature": 21.0}, CHANNELS, stamped(NOON + timedelta(hours=1), NOON))

    assert (judged.is_live, judged.flags) == (True, ("clock_skew",))


def test_readings_of_a_clock_that_was_never_set_are_set_aside() -> None:
    judged = judge({"temperature": 21.0}, CHANNELS, stamped(datetime(1970, 1, 2, tzinfo=NOON.tzinfo), NOON))

    assert (judged.kept, judged.set_aside, judged.is_live) == ({}, {"temperature": SetAside.STALE}, False)


@given(
    st.dictionaries(
        st.sampled_from([*CHANNELS, "nameless"]), st.floats() | st.booleans() | st.text(max_size=3), max_size=7
    ),
    st.timedeltas(timedelta(days=-60), timedelta(days=1)),
)
def test_every_reading_is_kept_or_set_aside_and_never_both(values: dict[str, Value], offset: timedelta) -> None:
    judged = judge(values, CHANNELS, stamped(NOON + offset, NOON))

    assert judged.kept.keys() | judged.set_aside.keys() == values.keys()
    assert not judged.kept.keys() & judged.set_aside.keys()


# --- newest -------------------------------------------------------------------------------------------


def place(seconds: float = 0.0, boot: str | None = None, seq: int | None = None) -> Place:
    at = NOON + timedelta(seconds=seconds)
    return Place(stamped(at, max(at, NOON)), boot, seq)


@pytest.mark.parametrize(
    ("reading", "known", "expected"),
    [
        pytest.param(place(), None, True, id="the first"),
        pytest.param(place(seq=5, boot="1"), place(seq=4, boot="1"), True, id="a higher number"),
        pytest.param(place(60, seq=4, boot="1"), place(seq=5, boot="1"), False, id="the number decides, not the time"),
        pytest.param(place(seq=5, boot="1"), place(seq=5, boot="1"), False, id="the same number"),
        pytest.param(place(1, seq=1, boot="2"), place(seq=900, boot="1"), True, id="another boot, later"),
        pytest.param(place(-1, seq=901, boot="1"), place(seq=1, boot="2"), False, id="another boot, earlier"),
        pytest.param(place(1), place(), True, id="later by time"),
        pytest.param(place(-1), place(), False, id="earlier by time"),
        pytest.param(place(), place(), True, id="at one moment, the one that came last"),
        pytest.param(place(1, boot="1"), place(seq=4, boot="1"), True, id="a message without a number, by time"),
    ],
)
def test_the_newest_is_by_number_within_a_boot_and_by_time_across(
    reading: Place, known: Place | None, expected: bool
) -> None:
    assert is_newer(reading, known) is expected


@given(st.lists(st.integers(0, 1000), min_size=1, unique=True), st.integers())
def test_in_whatever_order_readings_arrive_the_highest_number_is_the_newest(numbers: list[int], seed: int) -> None:
    shuffled = [place(seconds=Random(seed).uniform(-9, 9), boot="1", seq=number) for number in numbers]
    Random(seed).shuffle(shuffled)
    newest: Place | None = None

    for reading in shuffled:
        newest = reading if is_newer(reading, newest) else newest

    assert newest is not None
    assert newest.seq == max(numbers)
