"""The state of the house that people set: lockdowns, fire, overrides, one-off exceptions, extra holidays.

Values only, kept in the registry so that they survive a restart. What mode a door is in for all that is decided in
`door_mode`; who may set it, by the rights of `membership`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from controller.domain.ids import DoorId, FloorId, PersonId, ScheduleId, ZoneId


class ScopeKind(StrEnum):
    SPACE = "space"
    FLOOR = "floor"
    ZONE = "zone"
    DOOR = "door"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which doors something is about; `id` names the floor, zone or door and is empty for the whole space."""

    kind: ScopeKind = ScopeKind.SPACE
    id: FloorId | ZoneId | DoorId | str = ""


@dataclass(frozen=True, slots=True)
class Lockdown:
    """Nobody comes in but who holds the override right; everybody gets out."""

    id: str
    scope: Scope
    since: datetime  # aware UTC
    by: PersonId
    reason: str


@dataclass(frozen=True, slots=True)
class Fire:
    """The fire panel's word, mirrored. Doors stay released until it is over and staff have confirmed it."""

    since: datetime  # aware UTC
    device: str = ""  # which device told us
    cleared_at: datetime | None = None  # the panel says it is over; nobody has confirmed yet


class Wanted(StrEnum):
    """What somebody wants of a door."""

    UNLOCKED = "unlocked"
    LOCKED = "locked"
    PROPPED = "propped"  # it may stand open: no mode, its lock is left as it is


@dataclass(frozen=True, slots=True)
class Override:
    """A door set by hand; it always has an end."""

    id: str
    scope: Scope
    wanted: Wanted
    since: datetime  # aware UTC
    until: datetime  # exclusive
    by: PersonId
    reason: str


@dataclass(frozen=True, slots=True)
class OneOff:
    """A single exception to the week: unlocked for an open day, locked for a move."""

    id: str
    scope: Scope
    wanted: Wanted
    start: datetime  # aware UTC, inclusive
    end: datetime  # exclusive
    reason: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class ExtraHoliday:
    """A holiday announced outside the space file; without zones it closes all of them."""

    day: date
    name: str
    zones: frozenset[ZoneId] = frozenset()
    by: str = ""


@dataclass(frozen=True, slots=True)
class WindowOpened:
    """A first person has come: the unlock window of this schedule that started then counts for this door."""

    door: DoorId
    schedule: ScheduleId
    window_start: datetime  # aware UTC: which window
    at: datetime
    by: PersonId
    closed_at: datetime | None = None  # the last one out ended it early


@dataclass(frozen=True, slots=True)
class HouseState:
    """All of it, at one version of the registry."""

    lockdowns: tuple[Lockdown, ...] = ()
    fire: Fire | None = None
    overrides: tuple[Override, ...] = ()
    one_offs: tuple[OneOff, ...] = ()
    holidays: tuple[ExtraHoliday, ...] = ()
    windows: tuple[WindowOpened, ...] = ()
