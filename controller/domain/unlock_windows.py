"""Unlock windows: while one is open, a door needs no badge. When they open, who opens them, what ends them early.

An unlock schedule is not an access schedule, though both have the same shape: what a badge opens is in `grants`. What
outranks a window (a lockdown, an override, an exception) is in `door_mode`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from controller.domain.building import Door, Space
from controller.domain.holidays import Holidays, holidays_of
from controller.domain.house import HouseState, WindowOpened
from controller.domain.ids import ScheduleId
from controller.domain.membership import Person, PersonKind
from controller.domain.schedule import WeeklySchedule, spans

FIRST_PERSON_EARLY = timedelta(minutes=30)
"""Whoever is listed and comes a little before the hour has opened the house: nobody goes out and in again for the clock."""

_ONE_DAY = timedelta(days=1)
_A_WEEK_AND_A_DAY = 8


class WindowState(StrEnum):
    """How a door's unlock schedule stands at a moment."""

    NONE = "none"  # no window now, or no unlock schedule at all
    OPEN = "open"
    HOLIDAY = "holiday"  # it would be open, were this a day like any other
    WAITING = "waiting"  # nobody who is listed has opened the door yet
    ENDED = "ended"  # the last person out has ended it


@dataclass(frozen=True, slots=True)
class UnlockWindow:
    """The window that counts now; `schedule`, `start` and `end` are those of one window, aware UTC, and name it."""

    state: WindowState
    schedule: ScheduleId | None = None
    start: datetime | None = None
    end: datetime | None = None
    holiday: str = ""


NO_WINDOW = UnlockWindow(WindowState.NONE)


def unlock_window(door: Door, space: Space, house: HouseState, at: datetime) -> UnlockWindow:
    """How the door's unlock schedule stands at this moment; where windows overlap, one that is open counts."""
    best = NO_WINDOW
    for window in _windows_around(door, space, house, at):
        if window.start is None or window.end is None or not window.start <= at < window.end:
            continue
        if window.state is WindowState.OPEN:
            return window
        if _TELLS_MOST[window.state] > _TELLS_MOST[best.state]:
            best = window
    return best


def window_to_open(door: Door, space: Space, house: HouseState, at: datetime) -> UnlockWindow | None:
    """The window that a listed person opens by coming in now: one that waits, was ended, or begins in a moment."""
    for window in _windows_around(door, space, house, at):
        if window.start is None or window.end is None or window.state not in (WindowState.WAITING, WindowState.ENDED):
            continue
        if window.start - FIRST_PERSON_EARLY <= at < window.end:
            return window
    return None


def edges_after(door: Door, space: Space, at: datetime) -> Iterator[datetime]:
    """Instants after `at` when a window of the door begins or ends, the next one among them; none within a week, none."""
    schedule = _schedule_of(door, space)
    if schedule is None:
        return
    today = at.astimezone(space.zone).date()
    for offset in range(-1, _A_WEEK_AND_A_DAY):
        found = False
        for start, end in spans(schedule, today + timedelta(days=offset), space.zone):
            for edge in (start, end):
                if edge > at:
                    found = True
                    yield edge
        # A later day's windows begin later than this one's, but this day may have had none but long ones.
        if found and offset > 0:
            return


def waits_for_somebody(door: Door) -> bool:
    """Whether a window of this door opens only after a first person."""
    return door.any_staff_first or bool(door.first_person_in)


def is_first_person(door: Door, person: Person) -> bool:
    """Whether this person's coming in opens the window."""
    return person.id in door.first_person_in or (door.any_staff_first and person.kind is PersonKind.STAFF)


# Of windows that overlap and none of which is open: the one whose reason staff can do most about.
_TELLS_MOST = {
    WindowState.NONE: 0,
    WindowState.HOLIDAY: 1,
    WindowState.ENDED: 2,
    WindowState.WAITING: 3,
    WindowState.OPEN: 4,
}


def _windows_around(door: Door, space: Space, house: HouseState, at: datetime) -> Iterator[UnlockWindow]:
    """Every window that started yesterday, starts today, or tomorrow (an early first person at midnight)."""
    schedule = _schedule_of(door, space)
    if schedule is None:
        return
    holidays = holidays_of(door.inner, space, house)
    today = at.astimezone(space.zone).date()
    for day in (today - _ONE_DAY, today, today + _ONE_DAY):
        holiday = _closed_by(schedule, holidays, day)
        for start, end in spans(schedule, day, space.zone):
            if start >= end:  # both ends in the gap of a spring night
                continue
            if holiday is not None:
                yield UnlockWindow(WindowState.HOLIDAY, schedule.id, start, end, holiday)
            else:
                yield UnlockWindow(_state(door, schedule, start, house), schedule.id, start, end)


def _closed_by(schedule: WeeklySchedule, holidays: Holidays, day: date) -> str | None:
    return None if schedule.on_holidays else holidays.name_of(day)


def _state(door: Door, schedule: WeeklySchedule, start: datetime, house: HouseState) -> WindowState:
    record = _record(door, schedule.id, start, house)
    if record is not None and record.closed_at is not None:
        return WindowState.ENDED
    return WindowState.WAITING if record is None and waits_for_somebody(door) else WindowState.OPEN


def _record(door: Door, schedule: ScheduleId, start: datetime, house: HouseState) -> WindowOpened | None:
    for record in house.windows:
        if record.door == door.id and record.schedule == schedule and record.window_start == start:
            return record
    return None


def _schedule_of(door: Door, space: Space) -> WeeklySchedule | None:
    return space.schedules.get(door.unlock_schedule) if door.unlock_schedule is not None else None
