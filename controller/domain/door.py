"""Running the door state machine: one step, a report as inputs, how long each timer runs, the picture of the table.

What follows from what is in `door_table`. Timers belong to the caller: `step` only says which one to start or stop.
The lock moves by commands and by itself, never by an effect: an unlock is sent with its grant, and the device locks
again on its own. Who may pass is decided in `access`, which mode a door is in by `door_mode`.
"""

from controller.domain.building import DoorTimings
from controller.domain.door_table import (
    CLOSED_STATES,
    EXCUSED_STATES,
    GUARDED_STATES,
    IGNORED,
    OPENED_STATES,
    TRANSITIONS,
    UNLOCKED_STATES,
    DoorState,
    Effect,
    Input,
)

__all__ = [
    "CLOSED_STATES",
    "EXCUSED_STATES",
    "GUARDED_STATES",
    "IGNORED",
    "OPENED_STATES",
    "TIMEOUT_OF",
    "TRANSITIONS",
    "UNLOCKED_STATES",
    "DoorState",
    "Effect",
    "Input",
    "diagram",
    "release_seconds",
    "report",
    "step",
    "timer_seconds",
]


def step(
    state: DoorState, event: Input, *, has_contact: bool = True, feels_bolt: bool = True
) -> tuple[DoorState, tuple[Effect, ...]]:
    """Return what comes next and what the shell must do; an ignored pair changes nothing.

    At a door without a contact the grant itself is the entry, since no opening will ever tell. A lock that never
    says where its bolt is cannot be found ajar.
    """
    after, effects = TRANSITIONS.get((state, event), (state, ()))
    if not has_contact:
        effects = tuple(effect for effect in effects if effect not in _ENTRY_NOTES)
        if event is Input.GRANTED:
            effects += (Effect.NOTE_ENTRY_TAKEN,)
    if not feels_bolt:
        effects = tuple(Effect.STOP_TIMER if effect is Effect.START_AJAR_TIMER else effect for effect in effects)
    return after, effects


_ENTRY_NOTES = frozenset({Effect.NOTE_ENTRY_TAKEN, Effect.NOTE_ENTRY_NOT_TAKEN})


def report(
    contact: str | None, lock: str | None, *, is_free: bool, is_fire: bool = False, has_contact: bool = True
) -> tuple[Input, ...]:
    """One report of a door's device as inputs, in the order in which `step` needs them.

    `contact` is open or closed, `lock` locked, unlocked, jammed or moving, None what the report leaves out. Only
    "locked" is a bolt that is in. `is_free`: an unlock mode is in force now; `is_fire`: the door is released for fire.
    A door without contact counts as closed.
    """
    inputs: list[Input] = []
    if contact is not None or not has_contact:
        inputs.append(Input.OPENED if contact == "open" else Input.CLOSED)
    if lock is not None:
        inputs.append({"locked": Input.BOLTED, "jammed": Input.JAMMED}.get(lock, Input.UNBOLTED))
    if is_fire:
        return (*inputs, Input.FIRE_BEGAN)
    return (*inputs, Input.FIRE_ENDED, Input.UNLOCK_BEGAN if is_free else Input.UNLOCK_ENDED)


MIN_RELEASE = 3.0
"""Seconds. A shorter release shuts in the face of whoever was just let in."""

REPORT_SLACK = 1.0
"""Seconds. An opening in the last moment of the release time still has to travel to us."""


def release_seconds(timings: DoorTimings, *, slow: bool = False) -> float:
    """How long a door stays released; longer for who needs the time."""
    release = max(timings.release, MIN_RELEASE)
    return release * timings.accessible_factor if slow else release


def timer_seconds(effect: Effect, timings: DoorTimings, hold_s: float | None = None) -> float | None:
    """How long the timer that this effect starts runs, or None if it starts none; `hold_s` is the grant's own."""
    if effect is Effect.START_RELEASE_TIMER:
        return (release_seconds(timings) if hold_s is None else hold_s) + REPORT_SLACK
    if effect is Effect.START_ALARM_TIMER:
        # It follows the warning; the alarm's time counts from the opening.
        return max(timings.held_alarm - timings.held_warning, 0.0)
    return {
        Effect.START_WARNING_TIMER: timings.held_warning,
        Effect.START_GRACE_TIMER: timings.forced_grace,
        Effect.START_AJAR_TIMER: timings.ajar,
    }.get(effect)


TIMEOUT_OF: dict[Effect, Input] = {
    Effect.START_RELEASE_TIMER: Input.RELEASE_TIMEOUT,
    Effect.START_WARNING_TIMER: Input.WARNING_TIMEOUT,
    Effect.START_ALARM_TIMER: Input.ALARM_TIMEOUT,
    Effect.START_GRACE_TIMER: Input.GRACE_TIMEOUT,
    Effect.START_AJAR_TIMER: Input.AJAR_TIMEOUT,
}
"""What the caller feeds when the timer an effect started has run out."""


def diagram() -> str:
    """The table as a Mermaid state diagram; docs/doors.md holds it, and a test holds it to the table."""
    lines = ["stateDiagram-v2", f"    [*] --> {DoorState.UNKNOWN}"]
    notes = []
    arrows: dict[tuple[DoorState, DoorState], list[Input]] = {}
    for (state, event), (after, _) in TRANSITIONS.items():
        if event not in _FROM_ANYWHERE and after is not state:
            arrows.setdefault((state, after), []).append(event)
    for (state, after), events in arrows.items():
        lines.append(f"    {state} --> {after}: {' / '.join(map(_label, events))}")
    for event, after in _FROM_ANYWHERE.items():
        but = [state for state in DoorState if state not in (after, DoorState.UNKNOWN) and (state, event) in IGNORED]
        besides = f" but {' and '.join(but)}" if but else ""
        notes.append(f"    note right of {after}: from any other state{besides}, when {_label(event)}")
    return "\n".join(lines + notes)


def _label(event: Input) -> str:
    return event.replace("_", " ")


_FROM_ANYWHERE = {
    Input.LOST: DoorState.UNKNOWN,
    Input.FIRE_BEGAN: DoorState.FIRE,
    Input.UNLOCK_BEGAN: DoorState.FREE,
}
"""Drawn as notes: a dozen arrows to one state hide all the others."""
