"""The booth's state machine: requested, confirmed by the light, on air, ended.

Everything that changes it is in TRANSITIONS; what changes nothing is in IGNORED, with its reason. On air is requested
and confirmed by the light itself, so it is shown as unknown, and never as on, when the light's link is dead. Who may ask
is in `on_air`; timers and the line to the light are the caller's.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class BoothState(StrEnum):
    """What is wanted of the light, beside what it says of itself."""

    OFF = "off"
    REQUESTED = "requested"  # wanted on; the light has not confirmed
    ON = "on"  # wanted, and confirmed
    ENDING = "ending"  # not wanted any more; the light has not confirmed
    UNKNOWN = "unknown"  # not wanted; nobody knows what the light shows
    UNKNOWN_ASKED = "unknown_asked"  # wanted; nobody knows what the light shows


class Input(StrEnum):
    ASKED = "asked"  # by somebody who may, or by the schedule
    MOVED = "moved"  # the end of the booking is another now
    STOPPED = "stopped"  # by somebody, by the end of the booking, by an empty booth
    LIT = "lit"  # the light says that it is on, in answer to what was asked
    UNLIT = "unlit"  # the light says that it is off
    LOST = "lost"  # the light's link is dead, or it says nothing that can be believed
    RETRY = "retry"  # the light has not confirmed, or has not been asked, for a while


class Effect(StrEnum):
    TELL = "tell"  # the light, what is wanted of it and until when
    RETRY_LATER = "retry_later"
    CHECK_LATER = "check_later"  # told again after a while: its answer says whether it is still so
    STOP_RETRYING = "stop_retrying"
    BEGIN = "begin"  # the recording's timeline, unless it has begun
    END = "end"  # the recording


class OnAir(StrEnum):
    """What everybody is shown."""

    OFF = "off"
    REQUESTED = "requested"
    ON = "on"
    ENDING = "ending"
    UNKNOWN = "unknown"


_S, _I, _E = BoothState, Input, Effect
_ASKS = (_E.TELL, _E.RETRY_LATER)

TRANSITIONS: dict[tuple[BoothState, Input], tuple[BoothState, tuple[Effect, ...]]] = {
    (_S.OFF, _I.ASKED): (_S.REQUESTED, _ASKS),
    (_S.OFF, _I.LIT): (_S.ENDING, _ASKS),  # nobody asked for it: it is told so
    (_S.OFF, _I.LOST): (_S.UNKNOWN, ()),
    (_S.REQUESTED, _I.MOVED): (_S.REQUESTED, (_E.TELL,)),
    (_S.REQUESTED, _I.STOPPED): (_S.ENDING, (*_ASKS, _E.END)),
    (_S.REQUESTED, _I.LIT): (_S.ON, (_E.CHECK_LATER, _E.BEGIN)),
    (_S.REQUESTED, _I.LOST): (_S.UNKNOWN_ASKED, ()),
    (_S.REQUESTED, _I.RETRY): (_S.REQUESTED, _ASKS),
    (_S.ON, _I.MOVED): (_S.ON, (_E.TELL,)),
    (_S.ON, _I.STOPPED): (_S.ENDING, (*_ASKS, _E.END)),
    (_S.ON, _I.UNLIT): (_S.REQUESTED, _ASKS),  # the light disagrees: asked again
    (_S.ON, _I.LOST): (_S.UNKNOWN_ASKED, (_E.RETRY_LATER,)),
    (_S.ON, _I.RETRY): (_S.ON, (_E.TELL, _E.CHECK_LATER)),
    (_S.ENDING, _I.ASKED): (_S.REQUESTED, _ASKS),
    (_S.ENDING, _I.UNLIT): (_S.OFF, (_E.STOP_RETRYING,)),
    (_S.ENDING, _I.LOST): (_S.UNKNOWN, ()),
    (_S.ENDING, _I.RETRY): (_S.ENDING, _ASKS),
    (_S.UNKNOWN, _I.ASKED): (_S.UNKNOWN_ASKED, _ASKS),
    (_S.UNKNOWN, _I.LIT): (_S.ENDING, _ASKS),
    (_S.UNKNOWN, _I.UNLIT): (_S.OFF, (_E.STOP_RETRYING,)),
    (_S.UNKNOWN, _I.RETRY): (_S.UNKNOWN, _ASKS),
    (_S.UNKNOWN_ASKED, _I.MOVED): (_S.UNKNOWN_ASKED, (_E.TELL,)),
    (_S.UNKNOWN_ASKED, _I.STOPPED): (_S.UNKNOWN, (*_ASKS, _E.END)),
    (_S.UNKNOWN_ASKED, _I.LIT): (_S.ON, (_E.CHECK_LATER, _E.BEGIN)),
    (_S.UNKNOWN_ASKED, _I.UNLIT): (_S.REQUESTED, _ASKS),
    (_S.UNKNOWN_ASKED, _I.RETRY): (_S.UNKNOWN_ASKED, _ASKS),
}

WANTED = frozenset({BoothState.REQUESTED, BoothState.ON, BoothState.UNKNOWN_ASKED})
"""The states in which the light is wanted on."""

IGNORED: dict[tuple[BoothState, Input], str] = {
    **{(state, _I.ASKED): "asked already" for state in WANTED},
    **{(state, _I.MOVED): "nothing is wanted that could end at another time" for state in _S if state not in WANTED},
    **{(state, _I.STOPPED): "nothing to stop" for state in _S if state not in WANTED},
    (_S.OFF, _I.UNLIT): "off already",
    (_S.OFF, _I.RETRY): "a late timer: the light has confirmed",
    (_S.REQUESTED, _I.UNLIT): "it may have said so before it was asked; if not, it is asked again",
    (_S.ON, _I.LIT): "on already",
    (_S.ENDING, _I.LIT): "it may have said so before it was told; if not, it is told again",
    (_S.UNKNOWN, _I.LOST): "lost already",
    (_S.UNKNOWN_ASKED, _I.LOST): "lost already",
}

SHOWN: dict[BoothState, OnAir] = {
    _S.OFF: OnAir.OFF,
    _S.REQUESTED: OnAir.REQUESTED,
    _S.ON: OnAir.ON,
    _S.ENDING: OnAir.ENDING,
    _S.UNKNOWN: OnAir.UNKNOWN,
    _S.UNKNOWN_ASKED: OnAir.UNKNOWN,
}
"""What each state is to everybody else."""


def step(state: BoothState, event: Input) -> tuple[BoothState, tuple[Effect, ...]]:
    """Return what comes next and what the shell must do; an ignored pair changes nothing."""
    return TRANSITIONS.get((state, event), (state, ()))


def diagram() -> str:
    """The table as a Mermaid state diagram; docs/booth.md holds it, and a test holds it to the table."""
    lines = ["stateDiagram-v2", f"    [*] --> {BoothState.UNKNOWN}"]
    arrows: dict[tuple[BoothState, BoothState], list[Input]] = {}
    for (state, event), (after, _) in TRANSITIONS.items():
        if after is not state:
            arrows.setdefault((state, after), []).append(event)
    lines += [f"    {state} --> {after}: {' / '.join(events)}" for (state, after), events in arrows.items()]
    return "\n".join(lines)


RETRY_FIRST = 2.0
RETRY_AT_MOST = 60.0
# A report that it went off may have been lost: it is not shown as on for much longer than this.
CHECK_EVERY = 60.0


def pause_after(tries: int) -> float:
    """Seconds before the light is asked again: each time twice as long, for a light that is broken stays broken."""
    return min(RETRY_FIRST * 2.0 ** min(tries, 10), RETRY_AT_MOST)


# --- what the light says -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Report:
    """What the light said of itself: `rev` of the wish it answers, where it tells; `at` by its own clock."""

    value: object
    at: datetime
    rev: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What the light was asked: the first message that said so, and the newest report from before it."""

    on: bool = False
    rev: int = 0
    after: datetime | None = None


def heard(report: Report | None, wish: Wish, *, is_present: bool, tells_rev: bool = False) -> Input | None:
    """What a report comes to; None: it answers an earlier wish, and confirms nothing of this one.

    A light that does not tell which wish it answers must have said so later than whatever it said before. One that
    otherwise does (`tells_rev`) and here does not has heard no wish yet.
    """
    if not is_present or report is None or not isinstance(report.value, bool):
        return Input.LOST
    if report.value is wish.on and not _answers(report, wish, tells_rev=tells_rev):
        return None
    return Input.LIT if report.value else Input.UNLIT


def _answers(report: Report, wish: Wish, *, tells_rev: bool) -> bool:
    if report.rev is not None:
        return report.rev >= wish.rev
    return not tells_rev and (wish.after is None or report.at > wish.after)
