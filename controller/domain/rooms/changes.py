"""Which changes of a room are told: those that lasted, of what staff would act upon or ask about later.

A sensor that feels somebody come and go each minute would fill the log; a room that is loud for one shout is not loud.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from controller.domain.rooms.state import RoomState


class Of(StrEnum):
    """What of a room has changed."""

    STATUS = "status"
    AIR = "air"
    QUIET = "quiet"
    COMFORT = "comfort"
    WIFI = "wifi"
    SENSORS = "sensors"  # silent, or heard


LASTS = {
    Of.STATUS: timedelta(seconds=30),
    Of.AIR: timedelta(minutes=1),
    Of.QUIET: timedelta(minutes=1),
    Of.COMFORT: timedelta(minutes=5),
    Of.WIFI: timedelta(minutes=2),
    Of.SENSORS: timedelta(),  # a missed cadence has lasted long enough
}
"""How long each must have been so before it is told."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to tell. `was` is None where nothing was told before."""

    of: Of
    was: str | None
    is_now: str
    since: datetime


def words_of(state: RoomState) -> Mapping[Of, tuple[str, datetime]]:
    """The word for each, and since when."""
    since = state.since
    return {
        Of.STATUS: (str(state.status), since.status),
        Of.AIR: (str(state.air), since.air),
        Of.QUIET: (str(state.quiet), since.quiet),
        Of.COMFORT: (str(state.comfort), since.comfort),
        Of.WIFI: (str(state.wifi), since.wifi),
        Of.SENSORS: ("silent" if state.silent else "heard", since.silent),
    }


# A room nobody has spoken of is as an ordinary room is.
_UNTOLD = {
    Of.STATUS: "free",
    Of.AIR: "good",
    Of.QUIET: "quiet",
    Of.COMFORT: "good",
    Of.WIFI: "good",
    Of.SENSORS: "heard",
}
_NO_NEWS = "unknown"  # that a sensor has stopped is told by itself


def changes_to_tell(
    state: RoomState, told: Mapping[Of, tuple[str, datetime]], at: datetime, *, at_once: frozenset[Of] = frozenset()
) -> Iterator[Change]:
    """What is different from what was last told, and has lasted. `at_once`: what may not wait."""
    for of, (word, since) in words_of(state).items():
        was = told[of][0] if of in told else None
        if word == _NO_NEWS or word == (was or _UNTOLD[of]):
            continue
        if of in at_once or at - since >= LASTS[of]:
            yield Change(of, was, word, since)


def remembered(state: RoomState, told: Mapping[Of, tuple[str, datetime]]) -> RoomState:
    """The same with what the log remembers of before a restart: what was so then, and is so now, is so since then."""
    since = state.since
    for of, (word, _) in words_of(state).items():
        if of in told and told[of][0] == word:
            since = replace(since, **{_FIELDS[of]: told[of][1]})
    return replace(state, since=since)


_FIELDS = {of: "silent" if of is Of.SENSORS else str(of) for of in Of}
