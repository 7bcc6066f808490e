"""A door unit: it moves the bolt, feels the leaf, hears the exit button, and may read badges too.

It obeys `unlock` only while it is fresh and, when it asked itself, only as the answer to its own open
request; it limits the hold and locks again by itself, whatever becomes of the controller. Whether an
opening was forced or held too long is the controller's judgement.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from devices.channels import Bolt
from devices.messages import (
    AckPhase,
    AckReason,
    Birth,
    ChannelSpec,
    Command,
    Do,
    EventType,
    Scalar,
    Signal,
    State,
    Status,
)
from devices.topics import Kind
from devices.units.commands import CommandLog
from devices.units.reading import ANSWER_TIMER, OfflineDecider, Reading, decides_alone
from devices.units.steps import (
    BadgeShown,
    BoltFelt,
    Connected,
    ContactFelt,
    Disconnected,
    Effects,
    ExitPressed,
    Heard,
    Identify,
    Input,
    MoveBolt,
    Publish,
    Show,
    StartTimer,
    StopTimer,
    Tampered,
    TimerFired,
)
from devices.units.voice import Voice

LOCK_CHANNEL = "door.lock"
CONTACT_CHANNEL = "door.contact"
RELOCK_TIMER = "relock"
BOLT_TIMER = "bolt"


@dataclass(frozen=True, slots=True)
class DoorProfile:
    """What this unit is and what it was told at installation."""

    name: str = ""
    reads_badges: bool = False
    # Readers apart from the unit send their reads themselves, so an unlock may answer an id the unit never gave.
    other_readers: bool = False
    has_contact: bool = True
    default_hold_s: float = 5.0
    # A controller gone mad must not leave a door open all day: three times the longest accessible release.
    longest_hold_s: float = 30.0
    exit_release_s: float = 5.0
    # A motor lock needs under a second; one that has not arrived by now is stuck.
    bolt_time_s: float = 2.0


@dataclass(frozen=True, slots=True)
class DoorUnit:
    """State and behaviour of one door unit; `step` is the whole of it."""

    voice: Voice
    profile: DoorProfile = DoorProfile()
    offline_decider: OfflineDecider | None = None
    log: CommandLog = field(default=CommandLog())
    reading: Reading = field(default=Reading())
    lock: Bolt = Bolt.LOCKED
    is_open: bool = False
    target: Bolt = Bolt.LOCKED  # where the bolt is driven to while it moves
    moving_for: str | None = None  # the command to answer when it arrives
    hold_s: float = 0.0

    def birth(self) -> Birth:
        channels = {LOCK_CHANNEL: ChannelSpec(device_class="lock", momentary=True)}
        if self.profile.has_contact:
            channels[CONTACT_CHANNEL] = ChannelSpec(device_class="door")
        if self.profile.reads_badges:
            channels["badge"] = ChannelSpec(device_class="badge", momentary=True)
        return Birth(
            contract="1.0",
            rev=1,
            name=self.profile.name or None,
            model="door unit",
            vendor="Natoma",
            channels=channels,
        )

    def status(self, *, gone: bool = False, lost: bool = False, now: datetime | None = None) -> Status:
        return self.voice.status(gone=gone, lost=lost, now=now)

    def step(self, given: Input, now: datetime) -> tuple["DoorUnit", Effects]:
        match given:
            case Connected():
                voice, told = self.voice.connected(now)
                unit = replace(self, voice=voice)
                return unit, (*_presentation(unit, now), *told)
            case Disconnected():
                return replace(self, voice=self.voice.disconnected()), ()
            case Heard(message=Command() as command):
                refused = self.log.admits(given, command, now)
                if refused is not None:
                    return replace(self, log=refused[0]), refused[1]
                return _obeys(self, command, now)
            case TimerFired(name=timer):
                return _timer_fired(self, timer, now)
            case BadgeShown() if self.profile.reads_badges and not self.reading.is_open:
                return _badge_shown(self, given, now)
            case ExitPressed():
                return _exit_pressed(self, now)
            case ContactFelt(is_open=is_open) if self.profile.has_contact and is_open != self.is_open:
                return _leaf_moved(self, is_open, now)
            case BoltFelt(lock=lock) if lock in (Bolt.LOCKED, Bolt.UNLOCKED) and lock != self.lock:
                return _bolt_arrived(self, lock, now)
            case BoltFelt(lock=Bolt.JAMMED) if self.lock is not Bolt.JAMMED:
                return _jams(self, now)
            case Tampered():
                return _tells(self, EventType.TAMPER, now)
            case _:
                return self, ()


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
    unit, moved = _releases(replace(unit, log=log), wanted, command.id)
    if unit.lock is Bolt.UNLOCKED:
        unit, done = _says_done(unit, command)
        moved = (*moved, *done)
    return unit, (*accepted, *shown, *moved)


def _why_not(was: DoorUnit, command: Command) -> AckReason | None:
    if command.channel not in (None, LOCK_CHANNEL):
        return AckReason.UNKNOWN_CHANNEL
    if _answers_nobody(was, command.re):
        return AckReason.EXPIRED
    if was.lock is Bolt.JAMMED:
        return AckReason.JAMMED
    return AckReason.BUSY if was.lock is Bolt.MOVING else None


def _answers_nobody(was: DoorUnit, re: str | None) -> bool:
    """Is this the answer to a read of ours that is no longer open, or that we never made?"""
    if re is None or not was.profile.reads_badges or re == was.reading.request:
        return False
    is_ours = re.startswith(f"{was.voice.boot}-")
    return is_ours or not was.profile.other_readers


def _locks(was: DoorUnit, command: Command) -> tuple[DoorUnit, Effects]:
    if command.channel not in (None, LOCK_CHANNEL):
        return _refuses(was, command, AckReason.UNKNOWN_CHANNEL)
    if was.lock is Bolt.JAMMED:
        return _refuses(was, command, AckReason.JAMMED)
    if was.lock is Bolt.MOVING:
        return _refuses(was, command, AckReason.BUSY)
    log, accepted = was.log.says(command.id, AckPhase.ACCEPTED)
    unit = replace(was, log=log)
    if unit.lock is Bolt.LOCKED:
        unit, done = _says_done(unit, command)
        return unit, (*accepted, *done)
    unit, moved = _drives(unit, Bolt.LOCKED, command.id)
    return unit, (*accepted, StopTimer(RELOCK_TIMER), *moved)


def _shows(was: DoorUnit, command: Command) -> tuple[DoorUnit, Effects]:
    if not was.reading.matches(command):
        return was, (Show(command.shows, command.reason),)
    reading, shown = was.reading.answered(command)
    if command.do is Do.UNLOCK:
        shown = tuple(Show(Signal.GRANTED) if isinstance(effect, Show) else effect for effect in shown)
    return replace(was, reading=reading), shown


# --- the bolt ---------------------------------------------------------------------------------


def _releases(was: DoorUnit, wanted_s: float, command_id: str | None = None) -> tuple[DoorUnit, Effects]:
    """Unlock for a while; a release on top of another never shortens it."""
    hold_s = min(wanted_s, was.profile.longest_hold_s)
    if was.lock is Bolt.UNLOCKED:
        hold_s = max(hold_s, was.hold_s)
        return replace(was, hold_s=hold_s), (StartTimer(RELOCK_TIMER, hold_s),)
    unit = replace(was, hold_s=hold_s)
    return _drives(unit, Bolt.UNLOCKED, command_id)


def _drives(was: DoorUnit, to: Bolt, command_id: str | None = None) -> tuple[DoorUnit, Effects]:
    overtaken: Effects = ()
    log = was.log
    if was.moving_for is not None:
        # The bolt turns round on its way: whoever sent it there is told that it will not arrive.
        log, overtaken = log.says(was.moving_for, AckPhase.REFUSED, AckReason.BUSY, Bolt.MOVING.value)
    unit = replace(was, log=log, lock=Bolt.MOVING, target=to, moving_for=command_id)
    return unit, (*overtaken, MoveBolt(to), StartTimer(BOLT_TIMER, was.profile.bolt_time_s))


def _bolt_arrived(was: DoorUnit, lock: Bolt, now: datetime) -> tuple[DoorUnit, Effects]:
    if was.lock is Bolt.MOVING and lock is not was.target:
        # Passing its old end on the way back; the other end answers.
        return was, ()
    unit = replace(was, lock=lock, target=lock, moving_for=None)
    effects: Effects = (StopTimer(BOLT_TIMER), *_reports(unit, now))
    if was.moving_for is not None:
        log, done = unit.log.says(was.moving_for, AckPhase.DONE, state=lock.value)
        unit, effects = replace(unit, log=log), (*effects, *done)
    if lock is Bolt.UNLOCKED:
        effects = (*effects, StartTimer(RELOCK_TIMER, unit.hold_s or unit.profile.default_hold_s))
    return unit, effects


def _jams(was: DoorUnit, now: datetime) -> tuple[DoorUnit, Effects]:
    unit = replace(was, lock=Bolt.JAMMED, moving_for=None)
    effects: Effects = (StopTimer(BOLT_TIMER), StopTimer(RELOCK_TIMER), *_reports(unit, now))
    if was.moving_for is None:
        return unit, effects
    log, refused = unit.log.says(was.moving_for, AckPhase.REFUSED, AckReason.JAMMED, Bolt.JAMMED.value)
    return replace(unit, log=log), (*effects, *refused)


def _timer_fired(was: DoorUnit, timer: str, now: datetime) -> tuple[DoorUnit, Effects]:
    if timer == BOLT_TIMER and was.lock is Bolt.MOVING:
        return _jams(was, now)
    if timer == RELOCK_TIMER and was.lock is Bolt.UNLOCKED:
        # With the leaf open the bolt waits for it to close.
        return (was, ()) if was.is_open else _drives(was, Bolt.LOCKED)
    if timer == ANSWER_TIMER and was.reading.shown is not None:
        admitted, voice, effects = decides_alone(
            was.voice, was.reading.shown, was.reading.request, now, was.offline_decider
        )
        unit, released = _after_deciding(replace(was, voice=voice, reading=Reading()), admitted)
        return unit, (*effects, *released)
    return was, ()


# --- people and the leaf ----------------------------------------------------------------------


def _badge_shown(was: DoorUnit, given: BadgeShown, now: datetime) -> tuple[DoorUnit, Effects]:
    if was.voice.online:
        reading, voice, effects = was.reading.asks(was.voice, given.data, now)
        return replace(was, reading=reading, voice=voice), effects
    admitted, voice, effects = decides_alone(was.voice, given.data, None, now, was.offline_decider)
    unit, released = _after_deciding(replace(was, voice=voice), admitted)
    return unit, (*effects, *released)


def _after_deciding(was: DoorUnit, admitted: bool) -> tuple[DoorUnit, Effects]:
    if not admitted or was.lock in (Bolt.JAMMED, Bolt.MOVING):
        return was, ()
    return _releases(was, was.profile.default_hold_s)


def _exit_pressed(was: DoorUnit, now: datetime) -> tuple[DoorUnit, Effects]:
    unit, told = _tells(was, EventType.REX, now)
    if was.profile.exit_release_s <= 0 or (was.lock is Bolt.MOVING and was.target is Bolt.UNLOCKED):
        return unit, told
    # Exit is never denied: a bolt on its way to locked turns round, a jammed one is tried again.
    unit, released = _releases(unit, was.profile.exit_release_s)
    return unit, (*told, *released)


def _leaf_moved(was: DoorUnit, is_open: bool, now: datetime) -> tuple[DoorUnit, Effects]:
    unit, told = _tells(replace(was, is_open=is_open), EventType.DOOR_OPENED if is_open else EventType.DOOR_CLOSED, now)
    effects: Effects = (*told, *_reports(unit, now))
    if is_open and unit.lock is Bolt.MOVING and unit.target is Bolt.LOCKED:
        # A bolt shot while the leaf is out of its frame keeps the door from closing.
        unit, turned = _drives(unit, Bolt.UNLOCKED)
        return unit, (*effects, *turned)
    if not is_open and unit.lock is Bolt.UNLOCKED:
        unit, locking = _drives(unit, Bolt.LOCKED)
        return unit, (*effects, StopTimer(RELOCK_TIMER), *locking)
    return unit, effects


# --- what it says -----------------------------------------------------------------------------


def _presentation(unit: DoorUnit, now: datetime) -> Effects:
    # State before status: whoever hears "ready" already knows where the bolt is.
    return Publish(Kind.BIRTH, unit.birth()), *_reports(unit, now), Publish(Kind.STATUS, unit.status(now=now))


def _reports(was: DoorUnit, now: datetime) -> Effects:
    if not was.voice.online:
        return ()
    values: dict[str, Scalar] = {LOCK_CHANNEL: was.lock.value}
    if was.profile.has_contact:
        values[CONTACT_CHANNEL] = "open" if was.is_open else "closed"
    return (Publish(Kind.STATE, State(ts=now, v=values)),)


def _tells(was: DoorUnit, event_type: EventType, now: datetime) -> tuple[DoorUnit, Effects]:
    voice, told = was.voice.tell(event_type, now)
    return replace(was, voice=voice), told


def _says_done(was: DoorUnit, command: Command, before: Effects = ()) -> tuple[DoorUnit, Effects]:
    log, said = was.log.says(command.id, AckPhase.DONE, state=was.lock.value)
    return replace(was, log=log), (*before, *said)


def _refuses(was: DoorUnit, command: Command, reason: AckReason) -> tuple[DoorUnit, Effects]:
    log, said = was.log.says(command.id, AckPhase.REFUSED, reason, was.lock.value)
    return replace(was, log=log), said
