"""The mode of a door: what it should be now for everybody, and why. Written down as a precedence, the highest first.

What the door then does is `door`'s; whether one badge opens it is `access`'s. Exit is never a question here: a lockdown
blocks entry alone, and the exit button outranks it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from controller.domain.building import Door, Space
from controller.domain.holdings import EventEntry, PublicEvent
from controller.domain.house import HouseState, Lockdown, OneOff, Override, Wanted
from controller.domain.ids import EventId
from controller.domain.scope import covers
from controller.domain.unlock_windows import WindowState, edges_after, unlock_window


class Mode(StrEnum):
    """What is wanted of the bolt; the words of the channel `door.mode`."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"  # always with an end
    RELEASED = "released"  # for fire; until somebody says otherwise


class Level(StrEnum):
    """By what a door is in its mode."""

    FIRE = "fire"
    FREE_EXIT = "free_exit"
    LOCKDOWN = "lockdown"
    OVERRIDE = "override"
    EXCEPTION = "exception"
    HOLIDAY = "holiday"
    SCHEDULE = "schedule"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class DoorMode:
    """One door's mode. `until` is there whenever it is unlocked: from then on it locks even if nobody says so."""

    level: Level
    wanted: Mode
    blocks_entry: bool = False  # a lockdown: no badge opens but of who holds the override right
    until: datetime | None = None  # aware UTC, exclusive
    why: str = ""

    @property
    def is_free(self) -> bool:
        """Whether people come and go without a badge."""
        return self.wanted is not Mode.LOCKED


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All that a door's mode depends on, at one moment."""

    door: Door
    space: Space
    house: HouseState
    at: datetime
    exit_requested: bool = False
    events: tuple[PublicEvent, ...] = ()
    full: Collection[EventId] = ()  # events with no place left
    on_air: bool = False  # a recording goes on behind it

    @property
    def follows_programmes(self) -> bool:
        """A door that is switched off, being repaired, or of a booth on air is unlocked by no programme, only by hand."""
        return self.door.enabled and not self.door.in_maintenance and not self.on_air


UNLOCKED_AT_MOST = timedelta(hours=26)
"""How far ahead the end of an unlocked door is looked for, once its first reason is over.

Longer than the longest day of the year: a door that is always unlocked hears its next end well before the last one.
"""


def mode_of(
    door: Door,
    space: Space,
    house: HouseState,
    at: datetime,
    *,
    exit_requested: bool = False,
    events: Iterable[PublicEvent] = (),
    full: Collection[EventId] = (),
    on_air: bool = False,
) -> DoorMode:
    """The mode of this door at this moment: the first of PRECEDENCE that has something to say."""
    now = Circumstances(door, space, house, at, exit_requested, tuple(events), full, on_air)
    mode = _mode(now)
    if mode.level is Level.FREE_EXIT:
        # How long it lasts is the door's own release time. Underneath, a lockdown still lets nobody in.
        return replace(mode, blocks_entry=lockdown_of(door, space, house) is not None)
    return replace(mode, until=_unlocked_until(now)) if mode.wanted is Mode.UNLOCKED else mode


def next_change(
    door: Door, space: Space, house: HouseState, at: datetime, events: Iterable[PublicEvent] = ()
) -> datetime | None:
    """The next instant after `at` when the mode may change though nobody does anything; None if none is in sight."""
    return min((when for when in _turns(door, space, house, at, tuple(events)) if when > at), default=None)


def lockdown_of(door: Door, space: Space, house: HouseState) -> Lockdown | None:
    """The lockdown that keeps people from coming in here; of several, the first."""
    return next((one for one in house.lockdowns if covers(one.scope, door, space)), None)


def is_fire_released(door: Door, house: HouseState) -> bool:
    """Whether the door stands released for fire: until the panel says that it is over and staff have confirmed it."""
    return house.fire is not None and door.fire_egress


def is_running(event: PublicEvent, at: datetime) -> bool:
    """Whether the event is going on: its time has come, its host is in, and nobody has ended it."""
    if event.host_entered_at is None or at < event.host_entered_at:
        return False
    return event.start <= at < (min(event.end, event.ended_at) if event.ended_at is not None else event.end)


def space_word(house: HouseState) -> str:
    """How the house is, in one word for its page: normal, lockdown or fire."""
    if house.fire is not None:
        return "fire"
    return "lockdown" if house.lockdowns else "normal"


# --- the precedence ----------------------------------------------------------------------------------


def _fire(now: Circumstances) -> DoorMode | None:
    if is_fire_released(now.door, now.house):
        return DoorMode(Level.FIRE, Mode.RELEASED, why="fire")
    return None


def _free_exit(now: Circumstances) -> DoorMode | None:
    if now.exit_requested:
        return DoorMode(Level.FREE_EXIT, Mode.UNLOCKED, why="somebody is leaving")
    return None


def _lockdown(now: Circumstances) -> DoorMode | None:
    lockdown = lockdown_of(now.door, now.space, now.house)
    if lockdown is not None:
        return DoorMode(Level.LOCKDOWN, Mode.LOCKED, blocks_entry=True, why=f"lockdown: {lockdown.reason}")
    return None


def _override(now: Circumstances) -> DoorMode | None:
    in_force = [one for one in _overrides(now.door, now.space, now.house) if one.since <= now.at < one.until]
    return _set(Level.OVERRIDE, [(one.wanted, one.until, f"by hand: {one.reason}") for one in in_force])


def _exception(now: Circumstances) -> DoorMode | None:
    in_force = [
        (one.wanted, one.end, f"exception: {one.reason}")
        for one in _one_offs(now.door, now.space, now.house)
        if one.start <= now.at < one.end
    ]
    in_force += [
        (Wanted.UNLOCKED, event.end, f"{event.name} is open to everybody")
        for event in _events(now.door, now.events)
        if is_running(event, now.at) and event.id not in now.full
    ]
    if not now.follows_programmes:
        in_force = [one for one in in_force if one[0] is Wanted.LOCKED]
    return _set(Level.EXCEPTION, in_force)


def _holiday(now: Circumstances) -> DoorMode | None:
    window = unlock_window(now.door, now.space, now.house, now.at)
    if window.state is WindowState.HOLIDAY:
        return DoorMode(Level.HOLIDAY, Mode.LOCKED, until=window.end, why=f"holiday: {window.holiday}")
    return None


def _schedule(now: Circumstances) -> DoorMode | None:
    window = unlock_window(now.door, now.space, now.house, now.at)
    why = {
        WindowState.OPEN: f"unlock schedule {window.schedule}",
        WindowState.WAITING: "the unlock schedule waits for its first person",
        WindowState.ENDED: "the last person out ended the unlock schedule",
    }.get(window.state)
    if why is None or not now.follows_programmes:
        return None
    wanted = Mode.UNLOCKED if window.state is WindowState.OPEN else Mode.LOCKED
    return DoorMode(Level.SCHEDULE, wanted, until=window.end, why=why)


PRECEDENCE: tuple[tuple[Level, Callable[[Circumstances], DoorMode | None]], ...] = (
    (Level.FIRE, _fire),
    (Level.FREE_EXIT, _free_exit),
    (Level.LOCKDOWN, _lockdown),
    (Level.OVERRIDE, _override),
    (Level.EXCEPTION, _exception),
    (Level.HOLIDAY, _holiday),
    (Level.SCHEDULE, _schedule),
)
"""Each level in turn is asked whether it has something to say; a door of which none speaks is locked."""


def _mode(now: Circumstances) -> DoorMode:
    for _, level in PRECEDENCE:
        mode = level(now)
        if mode is not None:
            return mode
    return DoorMode(Level.LOCKED, Mode.LOCKED, why="nothing unlocks it now")


def _set(level: Level, wishes: list[tuple[Wanted, datetime, str]]) -> DoorMode | None:
    """Of one level, locked beats unlocked; among equals, what lasts longest."""
    locked = [wish for wish in wishes if wish[0] is Wanted.LOCKED]
    wish = max(locked or wishes, key=lambda one: one[1], default=None)
    if wish is None:
        return None
    return DoorMode(level, Mode.LOCKED if locked else Mode.UNLOCKED, until=wish[1], why=wish[2])


# --- when it changes ---------------------------------------------------------------------------------


def _unlocked_until(now: Circumstances) -> datetime:
    """When the door will not be unlocked any more, as far as is known now and within a little more than a day."""
    at, latest = now.at, now.at + UNLOCKED_AT_MOST
    while True:
        # Whatever unlocks a door has an end, and that is a change: while it is unlocked there is always a next one.
        at = next_change(now.door, now.space, now.house, at, now.events) or latest
        if at >= latest or _mode(replace(now, at=at)).wanted is not Mode.UNLOCKED:
            return at


def _turns(
    door: Door, space: Space, house: HouseState, at: datetime, events: tuple[PublicEvent, ...]
) -> Iterator[datetime]:
    for override in _overrides(door, space, house):
        yield from (override.since, override.until)
    for one_off in _one_offs(door, space, house):
        yield from (one_off.start, one_off.end)
    for event in _events(door, events):
        yield from (event.start, event.end)
        yield from (when for when in (event.host_entered_at, event.ended_at) if when is not None)
    yield from edges_after(door, space, at)


def _overrides(door: Door, space: Space, house: HouseState) -> Iterator[Override]:
    """Those that set a mode: one that may stand open is locked and unlocked as before."""
    return (one for one in house.overrides if one.wanted is not Wanted.PROPPED and covers(one.scope, door, space))


def _one_offs(door: Door, space: Space, house: HouseState) -> Iterator[OneOff]:
    return (one for one in house.one_offs if one.wanted is not Wanted.PROPPED and covers(one.scope, door, space))


def _events(door: Door, events: tuple[PublicEvent, ...]) -> Iterator[PublicEvent]:
    """Those that people come to without a ticket, by this door."""
    return (event for event in events if event.entry is EventEntry.OPEN and door.id in event.path)
