"""The bolt of a door unit: released for a while, driven, arrived, stuck; it locks again by itself.

Who may have it moved is in `door`; how long a door stands unlocked for everybody, in `mode`.
"""

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from devices.channels import Bolt
from devices.messages import AckPhase, AckReason
from devices.units.doorstate import DoorState, reports
from devices.units.steps import Effects, MoveBolt, StartTimer, StopTimer

RELOCK_TIMER = "relock"
BOLT_TIMER = "bolt"

Unit = TypeVar("Unit", bound=DoorState)


def releases(was: Unit, wanted_s: float, command_id: str | None = None) -> tuple[Unit, Effects]:
    """Unlock for a while; a release on top of another never shortens it."""
    hold_s = min(wanted_s, was.profile.longest_hold_s)
    if was.lock is Bolt.UNLOCKED:
        hold_s = max(hold_s, was.hold_s)
        return replace(was, hold_s=hold_s), (StartTimer(RELOCK_TIMER, hold_s),)
    unit = replace(was, hold_s=hold_s)
    return drives(unit, Bolt.UNLOCKED, command_id)


def drives(was: Unit, to: Bolt, command_id: str | None = None) -> tuple[Unit, Effects]:
    overtaken: Effects = ()
    log = was.log
    if was.moving_for is not None:
        # The bolt turns round on its way: whoever sent it there is told that it will not arrive.
        log, overtaken = log.says(was.moving_for, AckPhase.REFUSED, AckReason.BUSY, Bolt.MOVING.value)
    unit = replace(was, log=log, lock=Bolt.MOVING, target=to, moving_for=command_id)
    return unit, (*overtaken, MoveBolt(to), StartTimer(BOLT_TIMER, was.profile.bolt_time_s))


def locks(was: Unit) -> tuple[Unit, Effects]:
    """Shoot the bolt now, where nothing speaks against it: the leaf is in its frame and the door is to be locked."""
    if was.lock is not Bolt.UNLOCKED or was.is_open or was.stands_unlocked:
        return was, ()
    unit, locking = drives(was, Bolt.LOCKED)
    return unit, (StopTimer(RELOCK_TIMER), *locking)


def arrived(was: Unit, lock: Bolt, now: datetime) -> tuple[Unit, Effects]:
    if was.lock is Bolt.MOVING and lock is not was.target:
        # Passing its old end on the way back; the other end answers.
        return was, ()
    unit = replace(was, lock=lock, target=lock, moving_for=None)
    effects: Effects = (StopTimer(BOLT_TIMER), *reports(unit, now))
    if was.moving_for is not None:
        log, done = unit.log.says(was.moving_for, AckPhase.DONE, state=lock.value)
        unit, effects = replace(unit, log=log), (*effects, *done)
    if lock is Bolt.LOCKED and unit.stands_unlocked:
        # Somebody turned a key, or the wish came while the bolt was arriving: the door is to stand unlocked.
        unit, drawn = drives(unit, Bolt.UNLOCKED)
        return unit, (*effects, *drawn)
    if lock is Bolt.UNLOCKED:
        effects = (*effects, StartTimer(RELOCK_TIMER, unit.hold_s or unit.profile.default_hold_s))
    return unit, effects


def jams(was: Unit, now: datetime) -> tuple[Unit, Effects]:
    unit = replace(was, lock=Bolt.JAMMED, moving_for=None)
    effects: Effects = (StopTimer(BOLT_TIMER), StopTimer(RELOCK_TIMER), *reports(unit, now))
    if was.moving_for is None:
        return unit, effects
    log, refused = unit.log.says(was.moving_for, AckPhase.REFUSED, AckReason.JAMMED, Bolt.JAMMED.value)
    return replace(unit, log=log), (*effects, *refused)
