"""What a database's answer means for the readings sent to it, and what is done next.

Everything that changes how sending goes is in TRANSITIONS. Which lines there are, who posts them and who waits is
`services.history`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

MOST_LINES = 5_000
"""Lines of one request, as InfluxDB recommends: some 400 kB, a few milliseconds of the server's time."""

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
# "Come back in a day" is more likely a mistake than a plan; an hour of waiting has lost nothing.
LONGEST_ASKED = 3_600.0
# What only somebody can mend is looked at again this often, so that a token put right needs no restart of ours.
STOPPED_PAUSE = 180.0
# After this many requests taken whole a server that once found one too large is offered twice as much.
CALM = 20
# What a server confirmed this long before it went away it may have had in memory only (VictoriaMetrics: up to 10 s).
RECENT = 30.0
# A server that comes and goes must not be sent the same again and again, and never what is new.
RESEND_EVERY = 120.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one request."""

    status: int | None  # None: no answer came, or not all of it
    words: str = ""
    retry_after_s: float | None = None
    is_databases: bool = False  # these are a database's own words, and not those of something that stands before it
    dropped: int = 0  # lines that it says it has not taken
    # Over another connection than the request before: the server may have been killed and begun anew between the two.
    anew: bool = False


class Heard(StrEnum):
    """What a reply comes to."""

    TAKEN = "taken"
    BAD_AMONG = "bad_among"  # some line of several is bad
    BAD_ALL = "bad_all"  # nothing of this is any good: one line, or as many dropped as were sent
    TOO_LARGE = "too_large"
    TOO_LARGE_ALONE = "too_large_alone"  # one line by itself
    UNWELCOME = "unwelcome"  # no right, no bucket, no organisation
    STRANGE = "strange"  # no database answers like this; who knows what takes our readings
    LATER = "later"  # asked to slow down
    AWAY = "away"  # refused, cut off, silent, or failing by itself


def heard(reply: Reply, lines: int) -> Heard:
    """What this reply comes to for so many lines."""
    status = reply.status
    if status is None or status >= 500 or status == 408:
        return Heard.AWAY
    if status in (201, 204):
        return Heard.TAKEN
    if status in (400, 422) and reply.is_databases:
        return Heard.BAD_ALL if lines == 1 or reply.dropped >= lines else Heard.BAD_AMONG
    if status == 413:
        return Heard.TOO_LARGE_ALONE if lines == 1 else Heard.TOO_LARGE
    if status == 429:
        return Heard.LATER
    # A 200, a redirect or a 400 in HTML is a proxy's, or a web server's that takes any request and keeps nothing.
    return Heard.UNWELCOME if status in (401, 403, 404) else Heard.STRANGE


class Phase(StrEnum):
    """How sending goes."""

    FLOWING = "flowing"
    SLOWED = "slowed"  # asked to wait
    AWAY = "away"  # nobody answers
    STOPPED = "stopped"  # somebody must act


class Effect(StrEnum):
    MOVE_ON = "move_on"  # these lines are done
    HALVE = "halve"  # send the two halves by themselves
    SEND_LESS = "send_less"  # and less at once from now on
    PARK = "park"  # keep them aside with the server's words
    PAUSE = "pause"  # then send the same again
    STOP = "stop"  # tell staff
    RESUME = "resume"  # tell them that it is over
    RESEND_RECENT = "resend_recent"  # what was confirmed just before the server went


_F, _S, _A, _X = Phase.FLOWING, Phase.SLOWED, Phase.AWAY, Phase.STOPPED
_MOVE, _HALVE, _LESS, _PARK = Effect.MOVE_ON, Effect.HALVE, Effect.SEND_LESS, Effect.PARK
_PAUSE, _STOP, _RESUME, _AGAIN = Effect.PAUSE, Effect.STOP, Effect.RESUME, Effect.RESEND_RECENT

TRANSITIONS: dict[tuple[Phase, Heard], tuple[Phase, tuple[Effect, ...]]] = {
    (_F, Heard.TAKEN): (_F, (_MOVE,)),
    (_F, Heard.BAD_AMONG): (_F, (_HALVE,)),
    (_F, Heard.BAD_ALL): (_F, (_PARK,)),
    (_F, Heard.TOO_LARGE): (_F, (_LESS, _HALVE)),
    (_F, Heard.TOO_LARGE_ALONE): (_F, (_PARK,)),
    (_F, Heard.UNWELCOME): (_X, (_STOP, _PAUSE)),
    (_F, Heard.STRANGE): (_X, (_STOP, _PAUSE)),
    (_F, Heard.LATER): (_S, (_PAUSE,)),
    (_F, Heard.AWAY): (_A, (_PAUSE,)),
    # It only was busy: all that it confirmed it has.
    (_S, Heard.TAKEN): (_F, (_MOVE,)),
    (_S, Heard.BAD_AMONG): (_F, (_HALVE,)),
    (_S, Heard.BAD_ALL): (_F, (_PARK,)),
    (_S, Heard.TOO_LARGE): (_F, (_LESS, _HALVE)),
    (_S, Heard.TOO_LARGE_ALONE): (_F, (_PARK,)),
    (_S, Heard.UNWELCOME): (_X, (_STOP, _PAUSE)),
    (_S, Heard.STRANGE): (_X, (_STOP, _PAUSE)),
    (_S, Heard.LATER): (_S, (_PAUSE,)),
    (_S, Heard.AWAY): (_A, (_PAUSE,)),
    # It may have been killed, and have lost what it had not yet written down.
    (_A, Heard.TAKEN): (_F, (_MOVE, _AGAIN)),
    (_A, Heard.BAD_AMONG): (_F, (_HALVE, _AGAIN)),
    (_A, Heard.BAD_ALL): (_F, (_PARK, _AGAIN)),
    (_A, Heard.TOO_LARGE): (_F, (_LESS, _HALVE, _AGAIN)),
    (_A, Heard.TOO_LARGE_ALONE): (_F, (_PARK, _AGAIN)),
    (_A, Heard.UNWELCOME): (_X, (_STOP, _PAUSE)),
    (_A, Heard.STRANGE): (_X, (_STOP, _PAUSE)),
    (_A, Heard.LATER): (_A, (_PAUSE,)),  # it answers, but that it had gone still counts once it takes something
    (_A, Heard.AWAY): (_A, (_PAUSE,)),
    # A server set up anew, or a token put right: whatever it says of the lines, it lets us in.
    (_X, Heard.TAKEN): (_F, (_RESUME, _MOVE, _AGAIN)),
    (_X, Heard.BAD_AMONG): (_F, (_RESUME, _HALVE, _AGAIN)),
    (_X, Heard.BAD_ALL): (_F, (_RESUME, _PARK, _AGAIN)),
    (_X, Heard.TOO_LARGE): (_F, (_RESUME, _LESS, _HALVE, _AGAIN)),
    (_X, Heard.TOO_LARGE_ALONE): (_F, (_RESUME, _PARK, _AGAIN)),
    (_X, Heard.UNWELCOME): (_X, (_PAUSE,)),
    (_X, Heard.STRANGE): (_X, (_PAUSE,)),
    (_X, Heard.LATER): (_X, (_PAUSE,)),  # says nothing of whether it would let us in
    (_X, Heard.AWAY): (_X, (_PAUSE,)),
}
"""Every pair: a reply cannot be ignored, since either something was taken or it must be sent again."""


def step(phase: Phase, said: Heard) -> tuple[Phase, tuple[Effect, ...]]:
    """What comes next, and what is to be done, in this order."""
    return TRANSITIONS[phase, said]


def pause_s(phase: Phase, failures: int, chance: float, retry_after_s: float | None = None) -> float:
    """How long to wait after so many failures in a row (from 1); `chance` from 0 to 1 spreads many who come back at once.

    Never less than the server asked for.
    """
    doubled = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 16))
    own = STOPPED_PAUSE if phase is Phase.STOPPED else doubled
    own *= 0.5 + 0.5 * chance
    asked = min(retry_after_s, LONGEST_ASKED) if retry_after_s is not None and retry_after_s > 0 else 0.0
    return max(own, asked + min(asked, 1.0) * chance)


@dataclass(frozen=True, slots=True)
class Size:
    """How many lines go at once."""

    lines: int
    most: int
    calm: int = 0  # requests taken whole since it last changed


def after_taken(size: Size) -> Size:
    """One more was taken whole."""
    if size.lines >= size.most:
        return size
    if size.calm + 1 < CALM:
        return replace(size, calm=size.calm + 1)
    return replace(size, lines=min(size.most, size.lines * 2), calm=0)


def after_too_large(size: Size, sent: int) -> Size:
    """So many at once were too many."""
    return replace(size, lines=max(1, min(size.lines, sent) // 2), calm=0)


@dataclass(frozen=True, slots=True)
class Part:
    """Lines `start` to before `end` of a batch."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def halves(self) -> tuple["Part", "Part"]:
        """Both hold something, if it holds two."""
        middle = (self.start + self.end) // 2
        return Part(self.start, middle), Part(middle, self.end)


def parts_of(lines: int, most: int) -> list[Part]:
    """All of them, at most `most` in each part, in order."""
    return [Part(start, min(start + most, lines)) for start in range(0, lines, most)]


def rows_within(lines_of_rows: Sequence[int], most: int) -> int:
    """How many of these rows go into one request: at least one, however many lines it has."""
    total = 0
    for place, lines in enumerate(lines_of_rows):
        total += lines
        if place and total > most:
            return place
    return len(lines_of_rows)


# --- where sending goes on --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    """How far the log has been sent, as it is kept."""

    position: int = 0  # all up to here was taken or parked
    mark: int = 0  # `at_ns` of the row there: by it a log is known again
    settled: int = 0  # taken long enough ago that the server has written it down


NOTHING_SENT = Sent()


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin: after `position`."""

    position: int
    is_other_log: bool = False  # the log is not the one that was sent


def start_from(sent: Sent, mark_there: int | None, last: int) -> Start:
    """Where to go on in a log that ends at `last`; `mark_there` is of its row at `sent.position`, None: it has none.

    A log put back from a backup, or begun anew, is sent from its beginning: points that the database has already are
    written over by the same ones, and none is left out.
    """
    if sent.position > last or (mark_there is not None and mark_there != sent.mark):
        return Start(0, is_other_log=True)
    return Start(min(sent.settled, sent.position))


def missed(first: int, position: int, furthest: int) -> int:
    """How many rows are gone from the log and were never sent: it begins at `first`, `furthest` was sent once."""
    return max(0, first - 1 - max(position, furthest))


@dataclass(frozen=True, slots=True)
class Trail:
    """Which position was reached when, for as long as it may be asked for: (monotonic seconds, position).

    Its first step is where sending began.
    """

    steps: tuple[tuple[float, int], ...] = ()

    def reached(self, position: int, at: float) -> "Trail":
        """One step more. Of the steps that are settled only the newest is kept."""
        steps = (*self.steps, (at, position))
        settled = sum(1 for then, _ in steps if then <= at - RECENT)
        return Trail(steps[max(0, settled - 1) :])

    def settled(self) -> int:
        """Where sending was `RECENT` seconds before the last step, or where it began."""
        return self.steps[0][1] if self.steps else 0


# --- lines that no database takes -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that is no good to the database, and why, in its words."""

    line: str
    words: str


@dataclass(frozen=True, slots=True)
class Parked:
    """The same, as it is kept until somebody has it tried again or drops it."""

    number: int
    at: datetime  # when it was refused, aware UTC
    line: str
    words: str
    is_due: bool = False  # to be tried again
