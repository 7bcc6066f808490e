"""Whether a device is there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.device import DeviceState, Presence, on_message, on_status, on_time, silence_limit

READY, LOST, SILENT, SLEEPING = DeviceState.READY, DeviceState.LOST, DeviceState.SILENT, DeviceState.SLEEPING
THERE = on_status(Presence(), READY, "2", 100.0)


def test_a_device_nobody_heard_of_is_not_ready() -> None:
    assert not Presence().is_ready
    assert on_time(Presence(), 60.0, 1e6) == Presence()


@pytest.mark.parametrize("said", [READY, SLEEPING, DeviceState.DISCONNECTED])
def test_a_device_is_where_it_says(said: DeviceState) -> None:
    after = on_status(THERE, said, "2", 110.0)

    assert (after.state, after.heard) == (said, 110.0)
    assert after.is_ready is (said is READY)


def test_the_will_of_this_boot_is_a_loss_and_no_sign_of_life() -> None:
    after = on_status(THERE, LOST, "2", 110.0)

    assert (after.state, after.heard) == (LOST, 100.0)


def test_a_late_will_of_an_older_boot_is_ignored() -> None:
    assert on_status(THERE, LOST, "1", 110.0) == THERE


def test_a_will_that_is_the_first_we_hear_counts() -> None:
    assert on_status(Presence(), LOST, "1", 110.0).state is LOST


# --- silence ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [READY, SLEEPING])
def test_a_missed_cadence_makes_a_device_silent(state: DeviceState) -> None:
    there = on_status(THERE, state, "2", 100.0)

    assert on_time(there, 60.0, 100.0 + silence_limit(60.0)) == there
    assert on_time(there, 60.0, 100.1 + silence_limit(60.0)).state is SILENT


def test_one_lost_reading_makes_no_silence() -> None:
    assert silence_limit(60.0) > 2 * 60.0


def test_any_message_ends_a_silence() -> None:
    silent = on_time(THERE, 60.0, 1000.0)

    assert on_message(silent, 1001.0).state is READY


def test_a_message_does_not_bring_back_a_lost_device() -> None:
    lost = on_status(THERE, LOST, "2", 110.0)

    after = on_message(lost, 111.0)

    assert (after.state, after.heard) == (LOST, 111.0)


@given(
    st.lists(st.sampled_from(["ready", "lost", "old will", "message", "time"]), max_size=20),
)
def test_a_device_is_ready_only_by_its_own_word(story: list[str]) -> None:
    presence = Presence()
    said_ready = False
    now = 0.0
    for event in story:
        now += 50.0
        match event:
            case "ready":
                presence, said_ready = on_status(presence, READY, "9", now), True
            case "lost":
                presence, said_ready = on_status(presence, LOST, "9", now), False
            case "old will":
                presence = on_status(presence, LOST, "8", now) if presence.boot == "9" else presence
            case "message":
                presence = on_message(presence, now)
            case _:
                presence = on_time(presence, 60.0, now)
        assert said_ready or not presence.is_ready
