"""What a screen shows of one door: the words for its states and alarms, and all of them together.

What the door is in, and why, is `door_worker`'s.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from controller.domain.alarm import AlarmKind
from controller.domain.building import Door
from controller.domain.door import DoorState
from controller.domain.ids import DoorId

SHOWN_AS: dict[DoorState, str] = {
    DoorState.UNKNOWN: "unknown",
    DoorState.LOCKED: "locked",
    DoorState.RELOCKED: "locked",
    DoorState.LOCKING: "released",  # closed, but nobody has felt the bolt yet
    DoorState.RELEASED: "released",
    DoorState.LEAVING: "released",
    DoorState.FREE: "released",
    DoorState.FIRE: "released",
    DoorState.LOOSE: "ajar",
    DoorState.AJAR: "ajar",
    DoorState.LOCK_FAULT: "lock_fault",
    DoorState.OPEN: "open",
    DoorState.PROPPED: "propped",
    DoorState.HELD: "held",
    DoorState.FORCED: "forced",
}
"""The words of the page and of `live/door` for each state."""

ALARM_WORDS: dict[AlarmKind, str] = {
    AlarmKind.DOOR_FORCED: "forced",
    AlarmKind.TAMPER: "tamper",
    AlarmKind.DOOR_HELD: "held",
    AlarmKind.LOCK_FAULT: "lock_fault",
    AlarmKind.DOOR_AJAR: "ajar",
    AlarmKind.EXIT_BUTTON_STUCK: "exit_button_stuck",
}
"""The alarms that are a door's own condition, the worst first: a door's tile shows one."""

# Until somebody says what is meant of a door, its mode is what it is in.
_UNSET_MODES = {DoorState.FREE: "unlocked", DoorState.FIRE: "fire"}

AccessOf: TypeAlias = Callable[[DoorId], Mapping[str, object] | None]
"""Which access list a door holds, as a screen says it; None while it was given none."""


@dataclass(frozen=True, slots=True)
class Mode:
    """What is meant of the door, until when and why."""

    word: str
    until: datetime | None = None
    why: str | None = None


def tile(
    door: Door,
    state: DoorState,
    *,
    lock: str | None,
    contact: str | None,
    mode: Mode | None,
    propped_until: datetime | None,
    device: str,
    since: datetime,
    reported_at: datetime | None,
    standing: Collection[AlarmKind],
    access: Mapping[str, object] | None,
) -> dict[str, object]:
    """The door as the page and `live/door` have it. `lock` and `contact` are what was sensed, `state` what we hold true."""
    meant = mode or Mode(_UNSET_MODES.get(state, "locked"))
    return {
        "id": door.id,
        "name": door.name,
        "floor": door.floor,
        "at": list(door.at),
        "state": SHOWN_AS[state],
        "lock": lock or "unknown",
        "contact": contact or "unknown",
        "mode": meant.word,
        "mode_until": _said(meant.until),
        "mode_why": meant.why,
        "propped_until": _said(propped_until),
        "device": device,
        "since": since.isoformat(),
        "reported_at": _said(reported_at),
        "alarm": next((word for kind, word in ALARM_WORDS.items() if kind in standing), None),
        "alarms": [str(kind) for kind in standing],
        "access": access,
    }


def _said(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
