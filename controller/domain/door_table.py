"""The table of the door state machine: every state, every input, what follows, and why nothing follows.

How the table is run (reports, timers, the picture in docs/doors.md) is in `door`.

Unlock modes and fire are levels that somebody else decides (`door_mode`). The door is told when one begins and when
it ends (`UNLOCK_BEGAN`, `UNLOCK_ENDED`, `FIRE_BEGAN`, `FIRE_ENDED`), and again with every report, so that none is lost.
Fire outranks the unlock mode: a door in FIRE leaves it only when the fire is over. A lockdown is no input: it ends the
unlock mode, and it concerns who may enter, never who may leave.
"""

from enum import StrEnum


class DoorState(StrEnum):
    """What we hold to be true of a door."""

    UNKNOWN = "unknown"  # not sensed since we started, or since its device was lost
    LOCKED = "locked"  # closed, the bolt reported in; an opening now is a forced one
    RELEASED = "released"  # an unlock was sent for a grant; the next opening is that entry
    LEAVING = "leaving"  # exit pressed or badge shown on the way out; the next opening is that exit
    OPEN = "open"  # rightly
    HELD = "held"  # open for too long
    PROPPED = "propped"  # open with leave of staff, until a time they named or until it closes
    FORCED = "forced"  # opened without a grant, an exit or an unlock mode
    LOCKING = "locking"  # closed, the bolt not yet reported in; an opening is nobody's fault
    RELOCKED = "relocked"  # the bolt went in a moment ago; an opening is still nobody's fault
    LOOSE = "loose"  # closed, the bolt went out and nobody had asked; its reason may be on its way
    AJAR = "ajar"  # closed, and the bolt is not in where it should be
    LOCK_FAULT = "lock_fault"  # closed, and the lock says that its bolt is stuck
    FREE = "free"  # an unlock mode is in force: who comes and goes needs no badge
    FIRE = "fire"  # released for fire; nothing of ours locks it before the fire is over


class Input(StrEnum):
    """What happened. Reports are levels, told again whenever the device says anything: see `door.report`."""

    GRANTED = "granted"  # an unlock was sent for somebody coming in
    REFUSED = "refused"  # the lock refused that unlock, or never took it
    EXIT = "exit"  # the exit button, or an unlock sent for somebody going out
    OPENED = "opened"
    CLOSED = "closed"
    BOLTED = "bolted"
    UNBOLTED = "unbolted"
    JAMMED = "jammed"  # the bolt is stuck, or did not reach its place
    RELEASE_TIMEOUT = "release_timeout"
    WARNING_TIMEOUT = "warning_timeout"
    ALARM_TIMEOUT = "alarm_timeout"
    GRACE_TIMEOUT = "grace_timeout"
    AJAR_TIMEOUT = "ajar_timeout"
    PROP_BEGAN = "prop_began"
    PROP_ENDED = "prop_ended"
    UNLOCK_BEGAN = "unlock_began"
    UNLOCK_ENDED = "unlock_ended"
    FIRE_BEGAN = "fire_began"
    FIRE_ENDED = "fire_ended"
    LOST = "lost"


class Effect(StrEnum):
    """Please do. A door has one timer: starting one replaces the one that runs.

    Clearing what was not raised is nothing, and so is raising what stands.
    """

    START_RELEASE_TIMER = "start_release_timer"
    START_WARNING_TIMER = "start_warning_timer"
    START_ALARM_TIMER = "start_alarm_timer"
    START_GRACE_TIMER = "start_grace_timer"
    START_AJAR_TIMER = "start_ajar_timer"
    STOP_TIMER = "stop_timer"
    NOTE_ENTRY_TAKEN = "note_entry_taken"  # by everyone whose grant still waits for an opening
    NOTE_ENTRY_NOT_TAKEN = "note_entry_not_taken"
    WARN_HELD = "warn_held"
    RAISE_HELD = "raise_held"
    CLEAR_HELD = "clear_held"
    RAISE_FORCED = "raise_forced"
    CLEAR_FORCED = "clear_forced"
    RAISE_AJAR = "raise_ajar"
    CLEAR_AJAR = "clear_ajar"
    RAISE_LOCK_FAULT = "raise_lock_fault"
    CLEAR_LOCK_FAULT = "clear_lock_fault"
    SENSE_AGAIN = "sense_again"  # feed the device's newest report once more, by `door.report`


State, On, Do = DoorState, Input, Effect

OPENED_STATES = frozenset({State.OPEN, State.HELD, State.PROPPED, State.FORCED})
# Closed with no excuse for an opening: what opens from here is forced.
GUARDED_STATES = frozenset({State.LOCKED, State.LOOSE, State.AJAR, State.LOCK_FAULT})
# Somebody may come or go: an opening is theirs.
EXCUSED_STATES = frozenset({State.RELEASED, State.LEAVING, State.LOCKING, State.RELOCKED})
CLOSED_STATES = GUARDED_STATES | EXCUSED_STATES
UNLOCKED_STATES = frozenset({State.FREE, State.FIRE})

_CLEAR_OPEN = (Do.CLEAR_HELD, Do.CLEAR_FORCED)
# What each closed state leaves behind when it is left for any other.
_ENDS: dict[DoorState, tuple[Effect, ...]] = {State.AJAR: (Do.CLEAR_AJAR,)}


def _leaving(state: DoorState, *effects: Effect) -> tuple[Effect, ...]:
    return (*_ENDS.get(state, ()), *effects)


# fmt: off
TRANSITIONS: dict[tuple[DoorState, Input], tuple[DoorState, tuple[Effect, ...]]] = {
    # Nothing is known: left only by a report. What is found open is not called forced, it may have been us. An alarm
    # from before waits for the leaf to be seen closed; whether the door is ajar is judged anew.
    (State.UNKNOWN, On.OPENED): (State.OPEN, (Do.CLEAR_AJAR, Do.START_WARNING_TIMER)),
    (State.UNKNOWN, On.CLOSED): (State.LOCKING, (*_CLEAR_OPEN, Do.CLEAR_AJAR, Do.START_AJAR_TIMER)),
    # Nobody can say whether it opens, and an entry that was not seen is not counted.
    (State.UNKNOWN, On.GRANTED): (State.UNKNOWN, (Do.NOTE_ENTRY_NOT_TAKEN,)),

    # Whoever is let in or goes out, from a closed door in any condition.
    **{
        (state, On.GRANTED): (State.RELEASED, _leaving(state, Do.START_RELEASE_TIMER))
        for state in (State.LOCKED, State.LOCKING, State.RELOCKED, State.LOOSE, State.AJAR, State.LOCK_FAULT)
    },
    **{
        (state, On.EXIT): (State.LEAVING, _leaving(state, Do.START_RELEASE_TIMER))
        for state in (State.LOCKED, State.LOCKING, State.RELOCKED, State.LOOSE, State.AJAR, State.LOCK_FAULT)
    },
    **{
        (state, On.OPENED): (State.FORCED, _leaving(state, Do.RAISE_FORCED, Do.START_WARNING_TIMER))
        for state in (State.LOCKED, State.LOOSE, State.AJAR, State.LOCK_FAULT)
    },

    (State.RELEASED, On.OPENED): (State.OPEN, (Do.NOTE_ENTRY_TAKEN, Do.START_WARNING_TIMER)),
    (State.RELEASED, On.GRANTED): (State.RELEASED, (Do.START_RELEASE_TIMER,)),
    (State.RELEASED, On.RELEASE_TIMEOUT):
        (State.LOCKING, (Do.NOTE_ENTRY_NOT_TAKEN, Do.START_AJAR_TIMER, Do.SENSE_AGAIN)),
    (State.RELEASED, On.REFUSED): (State.LOCKING, (Do.NOTE_ENTRY_NOT_TAKEN, Do.START_AJAR_TIMER, Do.SENSE_AGAIN)),

    (State.LEAVING, On.OPENED): (State.OPEN, (Do.START_WARNING_TIMER,)),
    (State.LEAVING, On.EXIT): (State.LEAVING, (Do.START_RELEASE_TIMER,)),
    (State.LEAVING, On.GRANTED): (State.RELEASED, (Do.START_RELEASE_TIMER,)),
    (State.LEAVING, On.RELEASE_TIMEOUT): (State.LOCKING, (Do.START_AJAR_TIMER, Do.SENSE_AGAIN)),

    (State.LOCKING, On.OPENED): (State.OPEN, (Do.START_WARNING_TIMER,)),
    (State.LOCKING, On.BOLTED): (State.RELOCKED, (Do.CLEAR_LOCK_FAULT, Do.START_GRACE_TIMER)),
    (State.LOCKING, On.AJAR_TIMEOUT): (State.AJAR, (Do.RAISE_AJAR,)),

    (State.RELOCKED, On.OPENED): (State.OPEN, (Do.START_WARNING_TIMER,)),
    (State.RELOCKED, On.UNBOLTED): (State.LOCKING, (Do.START_AJAR_TIMER,)),
    (State.RELOCKED, On.GRACE_TIMEOUT): (State.LOCKED, ()),

    (State.LOCKED, On.UNBOLTED): (State.LOOSE, (Do.START_AJAR_TIMER,)),
    (State.LOOSE, On.BOLTED): (State.RELOCKED, (Do.START_GRACE_TIMER,)),
    (State.LOOSE, On.AJAR_TIMEOUT): (State.AJAR, (Do.RAISE_AJAR,)),
    (State.AJAR, On.BOLTED): (State.RELOCKED, (Do.CLEAR_AJAR, Do.CLEAR_LOCK_FAULT, Do.START_GRACE_TIMER)),

    # A stuck bolt is a fault in any state; where the door is closed and nobody passes, it is the state.
    **{
        (state, On.JAMMED): (State.LOCK_FAULT, _leaving(state, Do.STOP_TIMER, Do.RAISE_LOCK_FAULT))
        for state in (State.LOCKED, State.LOCKING, State.RELOCKED, State.LOOSE, State.AJAR)
    },
    **{
        (state, On.JAMMED): (state, (Do.RAISE_LOCK_FAULT,))
        for state in (
            State.UNKNOWN, State.RELEASED, State.LEAVING, State.OPEN, State.HELD, State.PROPPED, State.FORCED,
            State.FREE, State.FIRE,
        )
    },
    **{
        (state, moved): (state, (Do.CLEAR_LOCK_FAULT,))
        for state in (
            State.UNKNOWN, State.RELEASED, State.LEAVING, State.OPEN, State.HELD, State.PROPPED, State.FORCED,
            State.FREE, State.FIRE,
        )
        for moved in (On.BOLTED, On.UNBOLTED)
    },
    (State.LOCKING, On.UNBOLTED): (State.LOCKING, (Do.CLEAR_LOCK_FAULT,)),
    (State.AJAR, On.UNBOLTED): (State.AJAR, (Do.CLEAR_LOCK_FAULT,)),
    (State.LOCK_FAULT, On.BOLTED): (State.RELOCKED, (Do.CLEAR_LOCK_FAULT, Do.START_GRACE_TIMER)),
    (State.LOCK_FAULT, On.UNBOLTED): (State.LOCKING, (Do.CLEAR_LOCK_FAULT, Do.START_AJAR_TIMER)),

    # A second badge at an open door: no edge will confirm it. The door is no less held for that.
    **{
        (state, On.GRANTED): (state, (Do.NOTE_ENTRY_TAKEN,))
        for state in (State.OPEN, State.HELD, State.PROPPED, State.FORCED)
    },
    **{
        (state, On.CLOSED): (State.LOCKING, (*_CLEAR_OPEN, Do.START_AJAR_TIMER))
        for state in (State.OPEN, State.HELD, State.PROPPED, State.FORCED)
    },
    # Forced and held are different, and one may follow the other.
    **{
        (state, On.WARNING_TIMEOUT): (state, (Do.WARN_HELD, Do.START_ALARM_TIMER))
        for state in (State.OPEN, State.FORCED)
    },
    **{(state, On.ALARM_TIMEOUT): (State.HELD, (Do.RAISE_HELD,)) for state in (State.OPEN, State.FORCED)},
    # Staff say that it may stay open. That somebody broke in before is not forgotten by it.
    **{
        (state, On.PROP_BEGAN): (State.PROPPED, (Do.STOP_TIMER, Do.CLEAR_HELD))
        for state in (State.OPEN, State.HELD, State.FORCED)
    },
    (State.PROPPED, On.PROP_ENDED): (State.OPEN, (Do.START_WARNING_TIMER,)),

    # While a door is free to all, an opening says nothing of who came: only one whose grant waits has entered by it.
    **{
        (state, On.GRANTED): (state, (Do.START_RELEASE_TIMER, Do.SENSE_AGAIN))  # it may stand open already
        for state in (State.FREE, State.FIRE)
    },
    **{(state, On.OPENED): (state, (Do.NOTE_ENTRY_TAKEN,)) for state in (State.FREE, State.FIRE)},
    **{(state, On.RELEASE_TIMEOUT): (state, (Do.NOTE_ENTRY_NOT_TAKEN,)) for state in (State.FREE, State.FIRE)},
    (State.FREE, On.UNLOCK_ENDED): (State.LOCKING, (Do.NOTE_ENTRY_NOT_TAKEN, Do.START_AJAR_TIMER, Do.SENSE_AGAIN)),
    (State.FIRE, On.FIRE_ENDED): (State.LOCKING, (Do.NOTE_ENTRY_NOT_TAKEN, Do.START_AJAR_TIMER, Do.SENSE_AGAIN)),
    # The grant of a door that became free still waits for its opening, and so keeps its timer.
    (State.RELEASED, On.UNLOCK_BEGAN): (State.FREE, ()),
    (State.RELEASED, On.FIRE_BEGAN): (State.FIRE, ()),
    (State.FREE, On.FIRE_BEGAN): (State.FIRE, ()),
    **{
        (state, began): (freed, (Do.STOP_TIMER, Do.CLEAR_HELD, Do.CLEAR_FORCED, Do.CLEAR_AJAR))
        for began, freed in ((On.UNLOCK_BEGAN, State.FREE), (On.FIRE_BEGAN, State.FIRE))
        for state in (
            State.LOCKED, State.LEAVING, State.OPEN, State.HELD, State.PROPPED, State.FORCED, State.LOCKING,
            State.RELOCKED, State.LOOSE, State.AJAR, State.LOCK_FAULT,
        )
    },

    # No opening was felt. Alarms outlive the device that raised them: silence is not "all is well again".
    **{
        (state, On.LOST): (State.UNKNOWN, (Do.STOP_TIMER, Do.NOTE_ENTRY_NOT_TAKEN))
        for state in (State.RELEASED, State.FREE, State.FIRE)
    },
    **{
        (state, On.LOST): (State.UNKNOWN, (Do.STOP_TIMER,))
        for state in (
            State.LOCKED, State.LEAVING, State.OPEN, State.HELD, State.PROPPED, State.FORCED, State.LOCKING,
            State.RELOCKED, State.LOOSE, State.AJAR, State.LOCK_FAULT,
        )
    },
}
# fmt: on

_TIMED = {
    On.RELEASE_TIMEOUT: frozenset({State.RELEASED, State.LEAVING}) | UNLOCKED_STATES,
    On.WARNING_TIMEOUT: frozenset({State.OPEN, State.FORCED}),
    On.ALARM_TIMEOUT: frozenset({State.OPEN, State.FORCED}),
    On.GRACE_TIMEOUT: frozenset({State.RELOCKED}),
    On.AJAR_TIMEOUT: frozenset({State.LOCKING, State.LOOSE}),
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
    **{(state, On.CLOSED): "free to come and go" for state in UNLOCKED_STATES},
    **{(state, On.EXIT): "the door is open: whoever leaves is leaving" for state in OPENED_STATES},
    **{(state, On.EXIT): "free to come and go" for state in UNLOCKED_STATES},
    **{(state, On.REFUSED): "no entry waits for that unlock" for state in State if state is not State.RELEASED},
    **{(state, On.PROP_BEGAN): "closed: there is nothing to prop" for state in CLOSED_STATES},
    **{(state, On.PROP_BEGAN): "free to stand open as it is" for state in UNLOCKED_STATES},
    **{(state, On.PROP_ENDED): "it was not propped" for state in State if state is not State.PROPPED},
    **{(state, On.UNLOCK_ENDED): "no unlock mode was in force" for state in State if state not in UNLOCKED_STATES},
    **{(state, On.FIRE_ENDED): "it was not released for fire" for state in State if state is not State.FIRE},
    **{
        (State.FIRE, mode): "fire outranks it; told again when the fire is over"
        for mode in (On.UNLOCK_BEGAN, On.UNLOCK_ENDED)
    },
    (State.FREE, On.UNLOCK_BEGAN): "free already",
    (State.FIRE, On.FIRE_BEGAN): "released already",
    (State.UNKNOWN, On.EXIT): "any opening is excused while nothing is known",
    (State.UNKNOWN, On.UNLOCK_BEGAN): "left only by a report; the mode is told again with it",
    (State.UNKNOWN, On.FIRE_BEGAN): "left only by a report; the fire is told again with it",
    (State.UNKNOWN, On.PROP_BEGAN): "nobody knows whether it is open",
    (State.PROPPED, On.PROP_BEGAN): "propped already; only its end may be another",
    (State.UNKNOWN, On.LOST): "unknown already",
    (State.LOCKED, On.BOLTED): "locked already",
    (State.RELOCKED, On.BOLTED): "its grace runs already",
    (State.LOOSE, On.UNBOLTED): "known already",
    (State.LOCK_FAULT, On.JAMMED): "known already",
    (State.RELEASED, On.EXIT): "released already; the opening still counts as the entry",
}
"""Every other pair, and why nothing follows from it."""
