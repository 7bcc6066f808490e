"""Alarms: what staff must look at, from raised over acknowledged to cleared.

An alarm has two sides that never write over each other: its cause (raised, counted, cleared) and staff's answer
(acknowledged by whom, with which note). Its state follows from both, by TRANSITIONS. Who is told, and where alarms are
kept, is `services.alarms`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from controller.domain.facts import Plain
from controller.domain.ids import AlarmId, AreaId, DeviceId, DoorId, PersonId


class AlarmKind(StrEnum):
    DOOR_FORCED = "door_forced"
    DOOR_HELD = "door_held"
    DOOR_AJAR = "door_ajar"  # closed, and its lock is not engaged
    LOCK_FAULT = "lock_fault"
    EXIT_BUTTON_STUCK = "exit_button_stuck"
    TAMPER = "tamper"
    DURESS = "duress"  # silent: whoever stands beside the person must not learn of it
    PIN_LOCKED_OUT = "pin_locked_out"
    CREDENTIAL_LOST_USED = "credential_lost_used"
    CREDENTIAL_BLOCKED_USED = "credential_blocked_used"
    PASSBACK = "passback"  # of a soft zone: granted, and told
    CAPACITY = "capacity"
    FIRE = "fire"
    LOCKDOWN = "lockdown"
    ACCESS_LIST_BEHIND = "access_list_behind"  # a door decides from an older list than it should
    DOOR_DEVICE_LOST = "door_device_lost"
    QUOTA_OVERSHOOT = "quota_overshoot"
    TICKET_TWICE = "ticket_twice"  # two doors that decided alone let in one ticket twice
    LOG_UNAVAILABLE = "log_unavailable"
    SENDING_STOPPED = "sending_stopped"  # to the database of readings: it does not let us write
    SERIES_MISSED = "series_missed"  # three times in a row nobody came: the room could be somebody else's
    PAUSED_WITH_BOOKINGS = "paused_with_bookings"  # somebody paused has bookings to come that open nothing
    BANNED_WITH_BOOKINGS = "banned_with_bookings"  # the same of somebody banned: nobody else has the room either
    MESSAGES_LOST = "messages_lost"  # between devices and us, by a broker or by ourselves
    NAME_SHARED = "name_shared"  # two clients throw each other out
    CLOCK_SUSPECT = "clock_suspect"  # this machine's clock jumped, and the house does not follow it
    BOOKED_ROOM_GONE = "booked_room_gone"  # a room that is in the space file no more has bookings to come


SILENT = frozenset({AlarmKind.DURESS})
"""Never on a screen, a live topic or in the stream that others may see; staff find them by `natoma alarms`."""

MOMENTARY = frozenset(
    {
        AlarmKind.DURESS,
        AlarmKind.PIN_LOCKED_OUT,
        AlarmKind.CREDENTIAL_LOST_USED,
        AlarmKind.CREDENTIAL_BLOCKED_USED,
        AlarmKind.PASSBACK,
        AlarmKind.QUOTA_OVERSHOOT,
        AlarmKind.TICKET_TWICE,
        AlarmKind.SERIES_MISSED,
        AlarmKind.MESSAGES_LOST,
        AlarmKind.NAME_SHARED,
    }
)
"""Over as soon as they have happened: raised and cleared at once, and visible until somebody acknowledges them."""


class AlarmState(StrEnum):
    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"  # somebody sees to it; its cause lasts
    CLEARED = "cleared"  # its cause is over and nobody has acknowledged it: it stays visible
    CLOSED = "closed"  # both


class Change(StrEnum):
    RAISE = "raise"
    ACKNOWLEDGE = "acknowledge"
    CLEAR = "clear"


State, On = AlarmState, Change

TRANSITIONS: dict[tuple[AlarmState, Change], AlarmState] = {
    (State.RAISED, On.RAISE): State.RAISED,  # the same again is a count, not a second alarm
    (State.RAISED, On.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.RAISED, On.CLEAR): State.CLEARED,
    (State.ACKNOWLEDGED, On.RAISE): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, On.CLEAR): State.CLOSED,
    (State.CLEARED, On.RAISE): State.RAISED,
    (State.CLEARED, On.ACKNOWLEDGE): State.CLOSED,
}

IGNORED: dict[tuple[AlarmState, Change], str] = {
    (State.ACKNOWLEDGED, On.ACKNOWLEDGE): "somebody sees to it already; the first note stands",
    (State.CLEARED, On.CLEAR): "over already",
    (State.CLOSED, On.RAISE): "what happens after an alarm was dealt with is a new alarm",
    (State.CLOSED, On.ACKNOWLEDGE): "dealt with already",
    (State.CLOSED, On.CLEAR): "dealt with already",
}
"""Every other pair, and why nothing follows from it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an alarm is about; the same kind about the same subject is the same alarm."""

    door: DoorId | None = None
    device: DeviceId | None = None
    area: AreaId | None = None
    person: PersonId | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody sees to it."""

    by: str
    note: str
    at: datetime  # aware UTC


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm with its whole life; moments are aware UTC."""

    id: AlarmId
    kind: AlarmKind
    subject: Subject
    raised_at: datetime
    since: datetime  # when its cause last began; later than `raised_at` when it cleared and came again
    last_at: datetime  # the newest of `count` times
    count: int = 1
    late: bool = False  # learned of late: it may be over, and nobody was told when it was not
    cleared_at: datetime | None = None
    answer: Acknowledgement | None = None
    detail: Mapping[str, Plain] = field(default_factory=dict)

    @property
    def state(self) -> AlarmState:
        # What was acknowledged before the cause came again was another time.
        answered = self.answer is not None and self.answer.at >= self.since
        if self.cleared_at is not None:
            return AlarmState.CLOSED if answered else AlarmState.CLEARED
        return AlarmState.ACKNOWLEDGED if answered else AlarmState.RAISED

    @property
    def stands(self) -> bool:
        """Whether its cause lasts."""
        return self.cleared_at is None

    @property
    def is_open(self) -> bool:
        """Whether staff still have to look at it."""
        return self.state is not AlarmState.CLOSED

    @property
    def is_silent(self) -> bool:
        return self.kind in SILENT


def first(
    id: AlarmId, kind: AlarmKind, subject: Subject, at: datetime, detail: Mapping[str, Plain], *, late: bool = False
) -> Alarm:
    """A new alarm."""
    over = at if kind in MOMENTARY else None
    return Alarm(id, kind, subject, at, at, at, late=late, cleared_at=over, detail=detail)


def again(alarm: Alarm, at: datetime, detail: Mapping[str, Plain], *, late: bool = False) -> Alarm:
    """The same alarm, raised once more; what is told late never moves its times backwards."""
    at = max(at, alarm.last_at)
    more = replace(
        alarm, last_at=at, count=alarm.count + 1, late=alarm.late and late, detail={**alarm.detail, **detail}
    )
    if alarm.kind in MOMENTARY:
        return replace(more, since=at, cleared_at=at)
    return replace(more, since=at, cleared_at=None) if not alarm.stands else more


def cleared(alarm: Alarm, at: datetime) -> Alarm:
    """Its cause is over."""
    return replace(alarm, cleared_at=at) if alarm.stands else alarm


def acknowledged(alarm: Alarm, answer: Acknowledgement) -> Alarm:
    """Somebody sees to it; whoever came first stands."""
    if (alarm.state, Change.ACKNOWLEDGE) in IGNORED:
        return alarm
    # A clock that is behind must not make an answer to this time an answer to the last.
    return replace(alarm, answer=replace(answer, at=max(answer.at, alarm.since)))
