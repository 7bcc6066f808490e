"""Says that this machine's clock cannot be trusted, for as long as the house does not follow it.

Which time is believed is `domain.trusted_time`'s; here it becomes a part on the board, a fact and an alarm.
"""

from collections.abc import Callable
from datetime import timedelta

from controller.domain.alarm import AlarmKind
from controller.domain.facts import Fact, FactKind
from controller.services.doors.alarms import Alarms
from controller.services.ports import Clock
from controller.services.screens.health import HealthBoard

COMPONENT = "clock"


class ClockWatch:
    """`look` once a second. `off` is by how much the machine's clock is off, None while it is believed."""

    def __init__(
        self,
        off: Callable[[], timedelta | None],
        board: HealthBoard,
        alarms: Alarms,
        note: Callable[[Fact], None],
        clock: Clock,
        *,
        left_in: str,
        shift: timedelta = timedelta(0),
    ) -> None:
        """`left_in` names the file that holds the last known time; `shift` is how far ahead of it somebody wants to be."""
        self._off = off
        self._board = board
        self._alarms = alarms
        self._note = note
        self._clock = clock
        self._left_in = left_in
        self._shift = shift
        self._was_suspect = False

    def look(self) -> None:
        now, off = self._clock.now(), self._off()
        # Another date is what somebody asked for, and yet nothing to overlook in a house that people use.
        is_right = off is None and not self._shift
        self._board.report(COMPONENT, ok=is_right, text=self._words(off), vital=False)
        if off is not None and not self._was_suspect:
            detail = {"by_s": round(off.total_seconds(), 1)}
            self._note(Fact(FactKind.CLOCK_SUSPECT, now, detail=detail))
            self._alarms.raise_(AlarmKind.CLOCK_SUSPECT, detail=detail)
        elif off is None:
            self._alarms.clear(AlarmKind.CLOCK_SUSPECT)  # one of before the last stop too
        self._was_suspect = off is not None

    def _words(self, off: timedelta | None) -> str:
        if off is None and self._shift:
            return (
                f"{shifted(self._shift)}, as NATOMA_CLOCK_SHIFT asks: for trying another date, never for a real house"
            )
        if off is None:
            return "on time"
        way = "ahead" if off > timedelta(0) else "behind"
        return (
            f"this machine's clock is {_long(abs(off))} {way} of what has passed and is not followed: look at its time "
            f"service; if it is the clock that is right, stop natoma, delete {self._left_in} and start again"
        )


def shifted(by: timedelta) -> str:
    """Which way, and about how far, a house lives from the machine's clock."""
    return f"{_long(abs(by))} {'ahead of' if by > timedelta(0) else 'behind'} this machine's clock"


def _long(time: timedelta) -> str:
    """About how long; nobody needs the seconds of a clock that says 1970."""
    for unit, one in (("days", timedelta(days=1)), ("hours", timedelta(hours=1)), ("minutes", timedelta(minutes=1))):
        if time >= 2 * one:
            return f"{time // one} {unit}"
    return f"{time.total_seconds():.0f} s"
