"""A door unit: it moves the bolt, feels the leaf, hears the exit button, and may read badges too.

It obeys `unlock` only while it is fresh and, when it asked itself, only as the answer to its own open
request; it limits the hold and locks again by itself, whatever becomes of the controller. Whether an
opening was forced or held too long is the controller's judgement.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from devices.channels import DOOR_LOCK, DOOR_MODE, Bolt
from devices.messages import (
    AccessList,
    AckPhase,
    AckReason,
    Command,
    Desired,
    Do,
    EventType,
    Status,
)
from devices.topics import Kind
from devices.units import bolt, mode
from devices.units.doorstate import DoorProfile, DoorState, reports
from devices.units.reading import ANSWER_TIMER, Reading, decides_alone
from devices.units.steps import (
    BadgeShown,
    BoltFelt,
    Connected,
    ContactFelt,
    Effects,
    ExitPressed,
    ExitReleased,
    Heard,
    Identify,
    Input,
    PinEntered,
    Publish,
    ReleaseWired,
    Show,
    StartTimer,
    StopTimer,
    Tampered,
    TimerFired,
)
from devices.units.voice import HEALTH_EVERY_S, HEALTH_TIMER

__all__ = ["DoorProfile", "DoorUnit"]

# Requests of the readers beside it that nothing answers any more; an unlock lives for seconds.
GIVEN_UP_KEPT = 16


@dataclass(frozen=True, slots=True)
class DoorUnit(DoorState):
    """State and behaviour of one door unit; `step` is the whole of it."""

    def status(self, *, gone: bool = False, lost: bool = False, now: datetime | None = None) -> Status:
        return self.voice.status(gone=gone, lost=lost, now=now)

    def step(self, given: Input, now: datetime) -> tuple["DoorUnit", Effects]:
        match given:
            case Connected():
                voice, told = self.voice.step(given, now)
                unit = replace(self, voice=voice)
                return unit, (*_presentation(unit, now), *told, *_health(unit))
            case _ if self.voice.concerns(given):
                voice, told = self.voice.step(given, now)
                return replace(self, voice=voice), told
            case Heard():
                return _heard(self, given, now)
            case TimerFired(name=timer):
                return _timer_fired(self, timer, now)
            case BadgeShown() if self.profile.reads_badges and not self.reading.is_open:
                return _badge_shown(self, given, now)
            case PinEntered(digits=digits) if self.profile.reads_badges and not self.reading.is_open:
                reading, voice, effects = self.reading.enters(self.voice, digits, now)
                return replace(self, reading=reading, voice=voice), effects
            case ReleaseWired() if self.profile.other_readers:
                return _hears_reader(self, given)
            case ExitPressed():
                return _exit_pressed(self, now)
            case ExitReleased() if self.is_exit_pressed:
                unit = replace(self, is_exit_pressed=False)
                return unit, reports(unit, now)
            case _:
                return _felt(self, given, now)


def _heard(was: DoorUnit, given: Heard, now: datetime) -> tuple[DoorUnit, Effects]:
    match given.message:
        case Command() as command:
            refused = was.log.admits(given, command, now)
            if refused is not None:
                return replace(was, log=refused[0]), refused[1]
            return _obeys(was, command, now)
        case AccessList() as page:
            return _takes_list(was, given, page)
        case Desired() as desired if DOOR_MODE in desired.v:
            return mode.wished(was, desired.v[DOOR_MODE], now)
        case _:
            return was, ()


def _felt(was: DoorUnit, given: Input, now: datetime) -> tuple[DoorUnit, Effects]:
    """What the switches of the door itself say."""
    match given:
        case ContactFelt(is_open=is_open) if was.profile.has_contact and is_open != was.is_open:
            return _leaf_moved(was, is_open, now)
        case BoltFelt(lock=lock) if lock in (Bolt.LOCKED, Bolt.UNLOCKED) and lock != was.lock:
            return bolt.arrived(was, lock, now)
        case BoltFelt(lock=Bolt.JAMMED) if was.lock is not Bolt.JAMMED:
            return bolt.jams(was, now)
        case Tampered():
            return _tells(was, EventType.TAMPER, now)
        case _:
            return was, ()


# --- commands ---------------------------------------------------------------------------------


def _obeys(was: DoorUnit, command: Command, now: datetime) -> tuple[DoorUnit, Effects]:
    match command.do:
        case Do.UNLOCK:
            return _unlocks(was, command)
        case Do.LOCK:
            return _locks(was, command)
        case Do.SIGNAL if was.profile.reads_badges and (was.reading.matches(command) or command.re is None):
            unit, shown = _shows(was, command)
            return _says_done(unit, command, shown)
        case Do.SIGNAL if was.profile.reads_badges:
            return _refuses(was, command, AckReason.EXPIRED)
        case Do.IDENTIFY:
            return _says_done(was, command, (Identify(),))
        case Do.REBIRTH:
            return _says_done(was, command, _presentation(was, now))
        case _:
            return _refuses(was, command, AckReason.UNKNOWN_CHANNEL)


def _unlocks(was: DoorUnit, command: Command) -> tuple[DoorUnit, Effects]:
    reason = _why_not(was, command)
    if reason is not None:
        return _refuses(was, command, reason)
    unit, shown = _shows(was, command) if was.reading.matches(command) else (was, ())
    wanted = command.hold_s if command.hold_s is not None else was.profile.default_hold_s
    log, accepted = unit.log.says(command.id, AckPhase.ACCEPTED)
    unit, moved = bolt.releases(replace(unit, log=log), wanted, command.id)
    if unit.lock is Bolt.UNLOCKED:
        unit, done = _says_done(unit, command)
        moved = (*moved, *done)
    return unit, (*accepted, *shown, *moved)


def _why_not(was: DoorUnit, command: Command) -> AckReason | None:
    if command.channel not in (None, DOOR_LOCK):
        return AckReason.UNKNOWN_CHANNEL
    if _answers_nobody(was, command.re):
        return AckReason.EXPIRED
    if was.lock is Bolt.JAMMED:
        return AckReason.JAMMED
    # On its way to locked a bolt turns round: whoever comes right behind another is not sent away for it.
    return AckReason.BUSY if was.lock is Bolt.MOVING and was.target is Bolt.UNLOCKED else None


def _answers_nobody(was: DoorUnit, re: str | None) -> bool:
    """Is this the answer to a read of ours that is no longer open, or that we never made?"""
    if re is not None and re in was.given_up:
        return True
    if re is None or not was.profile.reads_badges or re == was.reading.request:
        return False
    is_ours = re.startswith(f"{was.voice.boot}-")
    return is_ours or not was.profile.other_readers


def _locks(was: DoorUnit, command: Command) -> tuple[DoorUnit, Effects]:
    if command.channel not in (None, DOOR_LOCK):
        return _refuses(was, command, AckReason.UNKNOWN_CHANNEL)
    if was.lock is Bolt.JAMMED:
        return _refuses(was, command, AckReason.JAMMED)
    if was.lock is Bolt.MOVING or was.stands_unlocked:
        # What stands unlocked is locked by ending that, or the next wish would open it again.
        return _refuses(was, command, AckReason.BUSY)
    log, accepted = was.log.says(command.id, AckPhase.ACCEPTED)
    unit = replace(was, log=log)
    if unit.lock is Bolt.LOCKED:
        unit, done = _says_done(unit, command)
        return unit, (*accepted, *done)
    unit, moved = bolt.drives(unit, Bolt.LOCKED, command.id)
    return unit, (*accepted, StopTimer(bolt.RELOCK_TIMER), *moved)


def _shows(was: DoorUnit, command: Command) -> tuple[DoorUnit, Effects]:
    if not was.reading.matches(command):
        return was, (Show(command.shows, command.reason),)
    reading, shown = was.reading.answered(command)
    return replace(was, reading=reading), shown


# --- timers and lists -------------------------------------------------------------------------


def _timer_fired(was: DoorUnit, timer: str, now: datetime) -> tuple[DoorUnit, Effects]:
    if timer == bolt.BOLT_TIMER and was.lock is Bolt.MOVING:
        return bolt.jams(was, now)
    if timer == bolt.RELOCK_TIMER:
        # With the leaf open the bolt waits for it to close.
        return bolt.locks(was)
    if timer == mode.MODE_TIMER:
        return mode.over(was, now)
    if timer == HEALTH_TIMER:
        return was, _health(was)
    if timer == ANSWER_TIMER and was.reading.shown is not None:
        return _decides_alone(was, was.reading, now)
    reading, shown = was.reading.timed_out(timer)
    return replace(was, reading=reading), shown


def _takes_list(was: DoorUnit, heard: Heard, page: AccessList) -> tuple[DoorUnit, Effects]:
    own, said = was.own.takes(heard, page)
    unit = replace(was, own=own)
    return unit, (*said, *(_health(unit) if own.rev != was.own.rev else ()))


# --- people and the leaf ----------------------------------------------------------------------


def _badge_shown(was: DoorUnit, given: BadgeShown, now: datetime) -> tuple[DoorUnit, Effects]:
    if was.voice.online:
        reading, voice, effects = was.reading.asks(was.voice, given.data, now)
        return replace(was, reading=reading, voice=voice), effects
    return _decides_alone(was, Reading(shown=given.data), now)


def _decides_alone(was: DoorUnit, reading: Reading, now: datetime) -> tuple[DoorUnit, Effects]:
    assert reading.shown is not None  # it is decided about something
    alone = decides_alone(was.voice, was.own, reading.shown, reading.request, now)
    unit = replace(was, own=alone.own, voice=alone.voice, reading=Reading())
    if not alone.admitted:
        return unit, alone.effects
    unit, released = _admits(unit, alone.hold_s)
    return unit, (*alone.effects, *released)


def _hears_reader(was: DoorUnit, given: ReleaseWired) -> tuple[DoorUnit, Effects]:
    """The reader beside it has answered: an unlock for that request would open for nobody, whatever it answered."""
    unit = was if given.re is None else replace(was, given_up=(*was.given_up, given.re)[-GIVEN_UP_KEPT:])
    return _admits(unit, given.hold_s) if given.admitted else (unit, ())


def _admits(was: DoorUnit, hold_s: float | None) -> tuple[DoorUnit, Effects]:
    """Somebody was let in with nobody to ask; a bolt on its way to locked turns round for them."""
    if was.lock is Bolt.JAMMED or (was.lock is Bolt.MOVING and was.target is Bolt.UNLOCKED):
        return was, ()
    return bolt.releases(was, hold_s or was.profile.default_hold_s)


def _exit_pressed(was: DoorUnit, now: datetime) -> tuple[DoorUnit, Effects]:
    unit, told = _tells(replace(was, is_exit_pressed=True), EventType.REX, now)
    if not was.is_exit_pressed:
        told = (*told, *reports(unit, now))
    if was.profile.exit_release_s <= 0 or (was.lock is Bolt.MOVING and was.target is Bolt.UNLOCKED):
        return unit, told
    # Exit is never denied: a bolt on its way to locked turns round, a jammed one is tried again.
    unit, released = bolt.releases(unit, was.profile.exit_release_s)
    return unit, (*told, *released)


def _leaf_moved(was: DoorUnit, is_open: bool, now: datetime) -> tuple[DoorUnit, Effects]:
    unit, told = _tells(replace(was, is_open=is_open), EventType.DOOR_OPENED if is_open else EventType.DOOR_CLOSED, now)
    effects: Effects = (*told, *reports(unit, now))
    if is_open and unit.lock is Bolt.MOVING and unit.target is Bolt.LOCKED:
        # A bolt shot while the leaf is out of its frame keeps the door from closing.
        unit, turned = bolt.drives(unit, Bolt.UNLOCKED)
        return unit, (*effects, *turned)
    if is_open:
        return unit, effects
    unit, locking = bolt.locks(unit)
    return unit, (*effects, *locking)


# --- what it says -----------------------------------------------------------------------------


def _presentation(unit: DoorUnit, now: datetime) -> Effects:
    # State before status: whoever hears "ready" already knows where the bolt is.
    return Publish(Kind.BIRTH, unit.birth()), *reports(unit, now), Publish(Kind.STATUS, unit.status(now=now))


def _health(unit: DoorUnit) -> Effects:
    said = unit.voice.health(access_rev=unit.own.rev)
    return (*said, StartTimer(HEALTH_TIMER, HEALTH_EVERY_S)) if said else ()


def _tells(was: DoorUnit, event_type: EventType, now: datetime) -> tuple[DoorUnit, Effects]:
    voice, told = was.voice.tell(event_type, now)
    return replace(was, voice=voice), told


def _says_done(was: DoorUnit, command: Command, before: Effects = ()) -> tuple[DoorUnit, Effects]:
    log, said = was.log.says(command.id, AckPhase.DONE, state=was.lock.value)
    return replace(was, log=log), (*before, *said)


def _refuses(was: DoorUnit, command: Command, reason: AckReason) -> tuple[DoorUnit, Effects]:
    log, said = was.log.says(command.id, AckPhase.REFUSED, reason, was.lock.value)
    return replace(was, log=log), said
