"""The door state machine: what a door does next, and what the world must be told.

Everything that changes a door's state is in TRANSITIONS. Timers belong to the caller: `step` only says which
one to start or stop. The lock moves by commands and by itself, never by an effect: an unlock is sent with its
grant, and the device locks again on its own. Who may pass is decided in `access`.
"""

from enum import StrEnum

from controller.domain.building import DoorTimings


class DoorState(StrEnum):
    """What we hold to be true of a door; the later alarms and modes add theirs."""

    UNKNOWN = "unknown"  # not sensed since we started, or since its device was lost
    LOCKED = "locked"  # closed, the bolt reported in; an opening now is a forced one
    RELEASED = "released"  # an unlock was sent for a grant; the next opening is that entry
    LEAVING = "leaving"  # exit pressed or badge shown on the way out; the next opening is that exit
    OPEN = "open"  # rightly
    HELD = "held"  # open for too long
    FORCED = "forced"  # opened without a grant, an exit or an unlock schedule
    LOCKING = "locking"  # closed, the bolt not yet reported in; an opening is nobody's fault
    RELOCKED = "relocked"  # the bolt went in a moment ago; an opening is still nobody's fault
    AJAR = "ajar"  # closed, the bolt went out by itself: nobody had asked
    FREE = "free"  # an unlock schedule is open: who comes and goes needs no badge


class Input(StrEnum):
    """What happened. Reports are levels, told again whenever the device says anything: see `report`."""

    GRANTED = "granted"  # an unlock was sent for somebody coming in
    REFUSED = "refused"  # the lock refused that unlock, or never took it
    EXIT = "exit"  # the exit button, or an unlock sent for somebody going out
    OPENED = "opened"
    CLOSED = "closed"
    BOLTED = "bolted"
    UNBOLTED = "unbolted"
    RELEASE_TIMEOUT = "release_timeout"
    WARNING_TIMEOUT = "warning_timeout"
    ALARM_TIMEOUT = "alarm_timeout"
    GRACE_TIMEOUT = "grace_timeout"
    UNLOCK_BEGAN = "unlock_began"
    UNLOCK_ENDED = "unlock_ended"
    LOST = "lost"


class Effect(StrEnum):
    """Please do. A door has one timer: starting one replaces the one that runs. Clearing what was not raised is nothing."""

    START_RELEASE_TIMER = "start_release_timer"
    START_WARNING_TIMER = "start_warning_timer"
    START_ALARM_TIMER = "start_alarm_timer"
    START_GRACE_TIMER = "start_grace_timer"
    STOP_TIMER = "stop_timer"
    NOTE_ENTRY_TAKEN = "note_entry_taken"  # by everyone whose grant still waits for an opening
    NOTE_ENTRY_NOT_TAKEN = "note_entry_not_taken"
    WARN_HELD = "warn_held"
    RAISE_HELD = "raise_held"
    CLEAR_HELD = "clear_held"
    RAISE_FORCED = "raise_forced"
    CLEAR_FORCED = "clear_forced"
    SENSE_AGAIN = "sense_again"  # feed the device's newest report once more, by `report`


State, On, Do = DoorState, Input, Effect

# fmt: off
TRANSITIONS: dict[tuple[DoorState, Input], tuple[DoorState, tuple[Effect, ...]]] = {
    # Nothing is known: left only by a report. What is found open is not called forced, it may have been us.
    (State.UNKNOWN, On.OPENED): (State.OPEN, (Do.START_WARNING_TIMER,)),
    (State.UNKNOWN, On.CLOSED): (State.LOCKING, (Do.CLEAR_HELD, Do.CLEAR_FORCED)),
    # Nobody can say whether it opens, and an entry that was not seen is not counted.
    (State.UNKNOWN, On.GRANTED): (State.UNKNOWN, (Do.NOTE_ENTRY_NOT_TAKEN,)),

    (State.LOCKED, On.GRANTED): (State.RELEASED, (Do.START_RELEASE_TIMER,)),
    (State.LOCKED, On.EXIT): (State.LEAVING, (Do.START_RELEASE_TIMER,)),
    (State.LOCKED, On.OPENED): (State.FORCED, (Do.RAISE_FORCED, Do.START_WARNING_TIMER)),
    (State.LOCKED, On.UNBOLTED): (State.AJAR, ()),

    (State.RELEASED, On.OPENED): (State.OPEN, (Do.NOTE_ENTRY_TAKEN, Do.START_WARNING_TIMER)),
    (State.RELEASED, On.GRANTED): (State.RELEASED, (Do.START_RELEASE_TIMER,)),
    (State.RELEASED, On.RELEASE_TIMEOUT): (State.LOCKING, (Do.NOTE_ENTRY_NOT_TAKEN, Do.SENSE_AGAIN)),
    (State.RELEASED, On.REFUSED): (State.LOCKING, (Do.STOP_TIMER, Do.NOTE_ENTRY_NOT_TAKEN, Do.SENSE_AGAIN)),

    (State.LEAVING, On.OPENED): (State.OPEN, (Do.START_WARNING_TIMER,)),
    (State.LEAVING, On.EXIT): (State.LEAVING, (Do.START_RELEASE_TIMER,)),
    (State.LEAVING, On.GRANTED): (State.RELEASED, (Do.START_RELEASE_TIMER,)),
    (State.LEAVING, On.RELEASE_TIMEOUT): (State.LOCKING, (Do.SENSE_AGAIN,)),

    # A second badge at an open door: no edge will confirm it. The door is no less held for that.
    (State.OPEN, On.GRANTED): (State.OPEN, (Do.NOTE_ENTRY_TAKEN,)),
    (State.OPEN, On.CLOSED): (State.LOCKING, (Do.STOP_TIMER,)),
    (State.OPEN, On.WARNING_TIMEOUT): (State.OPEN, (Do.WARN_HELD, Do.START_ALARM_TIMER)),
    (State.OPEN, On.ALARM_TIMEOUT): (State.HELD, (Do.RAISE_HELD,)),

    (State.HELD, On.GRANTED): (State.HELD, (Do.NOTE_ENTRY_TAKEN,)),
    (State.HELD, On.CLOSED): (State.LOCKING, (Do.CLEAR_HELD, Do.CLEAR_FORCED)),

    # Forced and held are different, and one may follow the other.
    (State.FORCED, On.GRANTED): (State.FORCED, (Do.NOTE_ENTRY_TAKEN,)),
    (State.FORCED, On.CLOSED): (State.LOCKING, (Do.STOP_TIMER, Do.CLEAR_FORCED)),
    (State.FORCED, On.WARNING_TIMEOUT): (State.FORCED, (Do.WARN_HELD, Do.START_ALARM_TIMER)),
    (State.FORCED, On.ALARM_TIMEOUT): (State.HELD, (Do.RAISE_HELD,)),

    (State.LOCKING, On.GRANTED): (State.RELEASED, (Do.START_RELEASE_TIMER,)),
    (State.LOCKING, On.EXIT): (State.LEAVING, (Do.START_RELEASE_TIMER,)),
    (State.LOCKING, On.OPENED): (State.OPEN, (Do.START_WARNING_TIMER,)),
    (State.LOCKING, On.BOLTED): (State.RELOCKED, (Do.START_GRACE_TIMER,)),

    (State.RELOCKED, On.GRANTED): (State.RELEASED, (Do.START_RELEASE_TIMER,)),
    (State.RELOCKED, On.EXIT): (State.LEAVING, (Do.START_RELEASE_TIMER,)),
    (State.RELOCKED, On.OPENED): (State.OPEN, (Do.START_WARNING_TIMER,)),
    (State.RELOCKED, On.UNBOLTED): (State.LOCKING, (Do.STOP_TIMER,)),
    (State.RELOCKED, On.GRACE_TIMEOUT): (State.LOCKED, ()),

    (State.AJAR, On.GRANTED): (State.RELEASED, (Do.START_RELEASE_TIMER,)),
    (State.AJAR, On.EXIT): (State.LEAVING, (Do.START_RELEASE_TIMER,)),
    (State.AJAR, On.OPENED): (State.FORCED, (Do.RAISE_FORCED, Do.START_WARNING_TIMER)),
    (State.AJAR, On.BOLTED): (State.RELOCKED, (Do.START_GRACE_TIMER,)),

    # While a door is free to all, an opening says nothing of who came; whoever shows a badge is taken to come in.
    (State.FREE, On.GRANTED): (State.FREE, (Do.NOTE_ENTRY_TAKEN,)),
    (State.FREE, On.UNLOCK_ENDED): (State.LOCKING, (Do.SENSE_AGAIN,)),
    (State.RELEASED, On.UNLOCK_BEGAN): (State.FREE, (Do.STOP_TIMER, Do.NOTE_ENTRY_TAKEN)),
    (State.HELD, On.UNLOCK_BEGAN): (State.FREE, (Do.CLEAR_HELD, Do.CLEAR_FORCED)),
    (State.FORCED, On.UNLOCK_BEGAN): (State.FREE, (Do.STOP_TIMER, Do.CLEAR_FORCED)),
    **{
        (state, On.UNLOCK_BEGAN): (State.FREE, (Do.STOP_TIMER,))
        for state in (State.LOCKED, State.LEAVING, State.OPEN, State.LOCKING, State.RELOCKED, State.AJAR)
    },

    # No opening was felt. Alarms outlive the device that raised them: silence is not "all is well again".
    (State.RELEASED, On.LOST): (State.UNKNOWN, (Do.STOP_TIMER, Do.NOTE_ENTRY_NOT_TAKEN)),
    **{(state, On.LOST): (State.UNKNOWN, (Do.STOP_TIMER,)) for state in State if state not in (State.UNKNOWN, State.RELEASED)},
}
# fmt: on

OPENED_STATES = frozenset({State.OPEN, State.HELD, State.FORCED})
CLOSED_STATES = frozenset({State.LOCKED, State.RELEASED, State.LEAVING, State.LOCKING, State.RELOCKED, State.AJAR})

_TIMED = {
    On.RELEASE_TIMEOUT: frozenset({State.RELEASED, State.LEAVING}),
    On.WARNING_TIMEOUT: frozenset({State.OPEN, State.FORCED}),
    On.ALARM_TIMEOUT: frozenset({State.OPEN, State.FORCED}),
    On.GRACE_TIMEOUT: frozenset({State.RELOCKED}),
}

IGNORED: dict[tuple[DoorState, Input], str] = {
    **{
        (state, timeout): "a late timer: the door has moved on"
        for timeout, timed in _TIMED.items()
        for state in State
        if state not in timed
    },
    **{(state, On.OPENED): "open already" for state in OPENED_STATES},
    **{(state, On.CLOSED): "closed already" for state in CLOSED_STATES},
    **{
        (state, bolt): "a bolt moving in an open door locks nothing"
        for state in OPENED_STATES
        for bolt in (On.BOLTED, On.UNBOLTED)
    },
    **{(state, On.EXIT): "the door is open: whoever leaves is leaving" for state in OPENED_STATES},
    **{(state, On.REFUSED): "no entry waits for that unlock" for state in State if state is not State.RELEASED},
    **{(state, On.UNLOCK_ENDED): "no unlock schedule was in force" for state in State if state is not State.FREE},
    **{(State.FREE, come): "free to come and go" for come in (On.EXIT, On.OPENED, On.CLOSED, On.BOLTED, On.UNBOLTED)},
    (State.FREE, On.UNLOCK_BEGAN): "free already",
    **{(State.UNKNOWN, bolt): "a bolt says nothing of a door that may be open" for bolt in (On.BOLTED, On.UNBOLTED)},
    (State.UNKNOWN, On.EXIT): "any opening is excused while nothing is known",
    (State.UNKNOWN, On.UNLOCK_BEGAN): "left only by a report; the schedule is told again with it",
    (State.UNKNOWN, On.LOST): "unknown already",
    (State.LOCKED, On.BOLTED): "locked already",
    **{
        (state, On.BOLTED): "may be older than the unlock; the end of the release time senses again"
        for state in (State.RELEASED, State.LEAVING)
    },
    **{(state, On.UNBOLTED): "as was asked" for state in (State.RELEASED, State.LEAVING)},
    (State.RELOCKED, On.BOLTED): "its grace runs already",
    (State.LOCKING, On.UNBOLTED): "still on its way",
    (State.AJAR, On.UNBOLTED): "ajar already",
    (State.RELEASED, On.EXIT): "released already; the opening still counts as the entry",
}
"""Every other pair, and why nothing follows from it."""


def step(state: DoorState, event: Input, *, has_contact: bool = True) -> tuple[DoorState, tuple[Effect, ...]]:
    """Return what comes next and what the shell must do; an ignored pair changes nothing.

    At a door without a contact the grant itself is the entry, since no opening will ever tell.
    """
    after, effects = TRANSITIONS.get((state, event), (state, ()))
    if not has_contact:
        effects = tuple(effect for effect in effects if effect not in _ENTRY_NOTES)
        if event is Input.GRANTED:
            effects += (Effect.NOTE_ENTRY_TAKEN,)
    return after, effects


_ENTRY_NOTES = frozenset({Do.NOTE_ENTRY_TAKEN, Do.NOTE_ENTRY_NOT_TAKEN})


def report(contact: str | None, lock: str | None, *, is_free: bool, has_contact: bool = True) -> tuple[Input, ...]:
    """One report of a door's device as inputs, in the order in which `step` needs them.

    `contact` is open or closed, `lock` locked, unlocked, jammed or moving, None what the report leaves out. Only
    "locked" is a bolt that is in. `is_free`: an unlock schedule is open now. A door without contact counts as closed.
    """
    inputs: list[Input] = []
    if contact is not None or not has_contact:
        inputs.append(Input.OPENED if contact == "open" else Input.CLOSED)
    if lock is not None:
        inputs.append(Input.BOLTED if lock == "locked" else Input.UNBOLTED)
    inputs.append(Input.UNLOCK_BEGAN if is_free else Input.UNLOCK_ENDED)
    return tuple(inputs)


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
    }.get(effect)


TIMEOUT_OF: dict[Effect, Input] = {
    Effect.START_RELEASE_TIMER: Input.RELEASE_TIMEOUT,
    Effect.START_WARNING_TIMER: Input.WARNING_TIMEOUT,
    Effect.START_ALARM_TIMER: Input.ALARM_TIMEOUT,
    Effect.START_GRACE_TIMER: Input.GRACE_TIMEOUT,
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
        notes.append(f"    note right of {after}: from any other state, when {_label(event)}")
    return "\n".join(lines + notes)


def _label(event: Input) -> str:
    return event.replace("_", " ")


_FROM_ANYWHERE = {Input.LOST: DoorState.UNKNOWN, Input.UNLOCK_BEGAN: DoorState.FREE}
"""Drawn as notes: ten arrows to one state hide all the others."""
