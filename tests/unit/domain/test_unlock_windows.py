"""Unlock windows as they stand at one door: where they overlap, who opens them, and the nights they are not there."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from controller.domain.building import Door, Space
from controller.domain.door_mode import next_change
from controller.domain.house import ExtraHoliday, HouseState, WindowOpened
from controller.domain.ids import ScheduleId
from controller.domain.schedule import EVERY_DAY, WeeklySchedule, Window
from controller.domain.unlock_windows import NO_WINDOW, UnlockWindow, WindowState, unlock_window, window_to_open
from tests.unit.domain.house import ALICE, NOON, SPACE, STREET, local

DAY = ScheduleId("day")
DOOR = replace(STREET, unlock_schedule=DAY, first_person_in=frozenset({ALICE.id}))
NINE, TWELVE, ONE = (local(f"2026-11-23 {hour}:00") for hour in ("09", "12", "13"))


def house(*windows: tuple[int, int]) -> Space:
    """These windows every day, in minutes from midnight."""
    schedule = WeeklySchedule(DAY, tuple(Window(EVERY_DAY, start, end) for start, end in windows))
    return replace(SPACE, schedules={DAY: schedule})


NINE_TO_SIX = house((9 * 60, 18 * 60))
TWO_SHIFTS = house((9 * 60, 18 * 60), (12 * 60, 20 * 60))


def opened(start: datetime, *, ended: bool = False) -> WindowOpened:
    return WindowOpened(DOOR.id, DAY, start, start, ALICE.id, start + timedelta(minutes=5) if ended else None)


def state(space: Space, *windows: WindowOpened, at: datetime = ONE) -> WindowState:
    return unlock_window(DOOR, space, HouseState(windows=windows), at).state


def to_open(space: Space, *windows: WindowOpened, at: datetime = NOON, door: Door = DOOR) -> UnlockWindow | None:
    return window_to_open(door, space, HouseState(windows=windows), at)


@pytest.mark.parametrize("ended", [NINE, TWELVE], ids=["the first of them", "the second"])
def test_of_windows_that_overlap_the_one_that_waits_is_told_before_the_one_that_was_ended(ended: datetime) -> None:
    """Somebody listed need only come: of both, that is what staff can do something about."""
    assert state(TWO_SHIFTS, opened(ended, ended=True)) is WindowState.WAITING
    assert state(TWO_SHIFTS, opened(NINE, ended=True), opened(TWELVE, ended=True)) is WindowState.ENDED


@pytest.mark.parametrize("start", [NINE, TWELVE], ids=["the first of them", "the second"])
def test_of_windows_that_overlap_one_that_is_open_unlocks_the_door(start: datetime) -> None:
    assert state(TWO_SHIFTS, opened(start)) is WindowState.OPEN


def test_who_is_listed_opens_a_window_that_waits_or_was_ended() -> None:
    waiting, ended = to_open(NINE_TO_SIX), to_open(NINE_TO_SIX, opened(NINE, ended=True))

    assert waiting is not None
    assert ended is not None
    assert (waiting.start, waiting.state, ended.start, ended.state) == (
        NINE,
        WindowState.WAITING,
        NINE,
        WindowState.ENDED,
    )


def test_a_window_that_is_open_or_closed_by_a_holiday_is_opened_by_nobody() -> None:
    closed = HouseState(holidays=(ExtraHoliday(NOON.date(), "Moving day"),))

    assert to_open(NINE_TO_SIX, opened(NINE), at=NOON) is None
    assert window_to_open(DOOR, NINE_TO_SIX, closed, NOON) is None


def test_a_first_person_comes_half_an_hour_early_and_no_earlier() -> None:
    early = to_open(NINE_TO_SIX, at=local("2026-11-23 08:30"))

    assert early is not None
    assert early.start == NINE
    assert to_open(NINE_TO_SIX, at=local("2026-11-23 08:29")) is None


def test_a_window_within_the_hour_that_spring_skips_is_not_there_that_night() -> None:
    space = house((2 * 60 + 10, 2 * 60 + 50))
    the_night, the_next = local("2026-03-08 01:50"), local("2026-03-09 01:50")

    assert unlock_window(DOOR, space, HouseState(), local("2026-03-08 03:00")) == NO_WINDOW
    assert to_open(space, at=the_night) is None
    opens = to_open(space, at=the_next)
    assert opens is not None
    assert opens.start == local("2026-03-09 02:10")


def test_a_schedule_without_windows_never_unlocks_and_nothing_is_due() -> None:
    assert state(house()) is WindowState.NONE
    assert to_open(house()) is None
    assert next_change(DOOR, house(), HouseState(), NOON) is None
