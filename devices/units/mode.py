"""How a door unit stands unlocked: for everybody until an hour, or for fire until somebody says otherwise.

The wish is retained and carries its own end, so a dead controller cannot leave a door open. What becomes of the bolt
is `bolt`'s; whether a door should stand unlocked, the controller's.
"""

from dataclasses import replace
from datetime import datetime

from devices.channels import Bolt, Mode
from devices.messages import DesiredValue
from devices.times import clock_is_set
from devices.units.bolt import Unit, drives, locks
from devices.units.doorstate import reports
from devices.units.steps import Effects, StartTimer, StopTimer

MODE_TIMER = "mode"


def wished(was: Unit, wish: DesiredValue, now: datetime) -> tuple[Unit, Effects]:
    """Reported even when nothing changes: the report is the answer to the wish."""
    meant = _meant(wish, now)
    if meant is None:
        return was, reports(was, now)
    mode, left_s = meant
    timer: Effects = (StartTimer(MODE_TIMER, left_s),) if left_s is not None else (StopTimer(MODE_TIMER),)
    unit, moved = _turns(was, mode)
    return unit, (*timer, *moved, *reports(unit, now))


def over(was: Unit, now: datetime) -> tuple[Unit, Effects]:
    """The hour has come, by the device's own clock."""
    if was.mode is not Mode.UNLOCKED:
        # A late timer never acts on a newer state.
        return was, ()
    unit, moved = _turns(was, Mode.LOCKED)
    return unit, (*moved, *reports(unit, now))


def _meant(wish: DesiredValue, now: datetime) -> tuple[Mode, float | None] | None:
    """The mode, and for how long where that has an end; None for a word of some later contract."""
    match wish.value:
        case Mode.RELEASED:
            return Mode.RELEASED, None
        case Mode.UNLOCKED if wish.until is not None and wish.until > now and clock_is_set(now):
            return Mode.UNLOCKED, (wish.until - now).total_seconds()
        case Mode.UNLOCKED | Mode.LOCKED:
            # Read after its end, or without one, or by a clock that cannot tell: nobody would ever lock again.
            return Mode.LOCKED, None
        case _:
            return None


def _turns(was: Unit, mode: Mode) -> tuple[Unit, Effects]:
    unit = replace(was, mode=mode)
    if mode is Mode.LOCKED:
        # With the leaf open the bolt waits for it to close; on its way it arrives first, and the relock timer runs.
        return locks(unit)
    if unit.lock is Bolt.UNLOCKED or (unit.lock is Bolt.MOVING and unit.target is Bolt.UNLOCKED):
        return unit, ()
    if unit.lock is Bolt.JAMMED and mode is not Mode.RELEASED:
        return unit, ()
    # For fire even a jammed bolt is tried again.
    return drives(unit, Bolt.UNLOCKED)
