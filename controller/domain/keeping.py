"""How long what is kept; what of a fact may stay when who it was of may not; by which clock anything may be deleted.

Deleting, and when it is looked at, is `services.keeping`'s. Whoever adds a kind of fact says here whether it can name
somebody: a test asks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from controller.domain.facts import Fact, FactKind

# Read again at every start, and an id names a message for a day: nobody's entry is forgotten while it may still matter.
LEAST_ACCESS = timedelta(days=2)
# A reading stays in the log until a repeat of it can no longer come (24 h), and an hour for clocks that disagree.
READINGS_LAG = timedelta(hours=25)
LEAST = timedelta(hours=1)
# Doors tell what they did alone when they are back, and no list lets them decide alone for longer (30 days).
TOLD_LATE = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how long each kind is kept; the settings are these names behind `keep_`."""

    access: timedelta = timedelta(days=90)  # whom a fact of the event log is about; then it stays without them
    events: timedelta = timedelta(days=730)  # facts at all
    gaps: timedelta = timedelta(days=730)  # what was lost of readings, and that it was
    telemetry: timedelta = timedelta(days=90)  # readings as they were measured
    hourly: timedelta = timedelta(days=730)  # their mean, least, most and count by the hour
    refused: timedelta = timedelta(days=90)  # messages that broke the contract


DEFAULTS = Keeping()


@dataclass(frozen=True, slots=True)
class Wrong:
    """A time that makes no sense: which one, why, and what would be right."""

    name: str
    why: str
    right: str


def wrong_in(keeping: Keeping, readings_lag: timedelta = READINGS_LAG) -> Wrong | None:
    """The first that cannot be kept to. `readings_lag`: for how long a reading is needed by whoever sends it on."""
    return next(_wrong_in(keeping, readings_lag), None)


def _wrong_in(keeping: Keeping, readings_lag: timedelta) -> Iterator[Wrong]:
    lag = max(readings_lag, READINGS_LAG)
    for one in fields(keeping):
        if getattr(keeping, one.name) < LEAST and one.name != "telemetry":
            yield Wrong(one.name, "is too short to be of use", f"write {told(LEAST)} or more")
    if keeping.access < LEAST_ACCESS:
        why = f"is shorter than the log is read again after a start ({told(LEAST_ACCESS)})"
        yield Wrong("access", why, f"write {told(LEAST_ACCESS)} or more")
    if keeping.events < keeping.access:
        why = f"is shorter than keep_access ({told(keeping.access)}): a fact cannot go before its person does"
        yield Wrong("events", why, f"write {told(keeping.access)} or more, or a shorter keep_access")
    if keeping.telemetry < lag:
        why = (
            f"is shorter than the safety lag of readings ({told(lag)}), for which repeats are told and none is deleted"
        )
        yield Wrong("telemetry", why, f"write {told(lag)} or more")
    if keeping.hourly < keeping.telemetry:
        why = f"is shorter than keep_telemetry ({told(keeping.telemetry)}), from which it is made"
        yield Wrong("hourly", why, f"write {told(keeping.telemetry)} or more, or a shorter keep_telemetry")


_UNITS = (("y", timedelta(days=365)), ("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("m", timedelta(minutes=1)))


def told(period: timedelta) -> str:
    """As it is written in the settings: 90d, 25h."""
    for unit, length in _UNITS:
        if period >= length and not period % length:
            return f"{period // length}{unit}"
    return f"{period.total_seconds():g}s"


GAPS = frozenset(
    {
        FactKind.GAP_FOUND,
        FactKind.GAP_FILLED,
        FactKind.MESSAGES_LOST,
        FactKind.SERIES_CHANGED,
        FactKind.SERIES_REFUSED,
        FactKind.SENDING_STOPPED,
        FactKind.SENDING_RESUMED,
        FactKind.POINTS_PARKED,
        FactKind.READINGS_SHED,
    }
)
"""What was lost of readings: kept for `Keeping.gaps`."""

OF_NOBODY = GAPS | {
    FactKind.DOOR_OPENED,
    FactKind.DOOR_CLOSED,
    FactKind.DOOR_HELD_WARNING,
    FactKind.TAMPERED,
    FactKind.DEVICE_REPORTED,
    FactKind.DEVICE_BORN,
    FactKind.DEVICE_READY,
    FactKind.DEVICE_LOST,
    FactKind.DEVICE_UNSTEADY,
    FactKind.NAME_SHARED,
    FactKind.BUTTON_PRESSED,
    FactKind.MESSAGE_REFUSED,
    FactKind.HISTORY_CLEANED,
    FactKind.BACKUP_MADE,
    FactKind.HOUSE_RESTORED,
    FactKind.CLOCK_SUSPECT,
    FactKind.LINK_LOST,
    FactKind.LINK_RESTORED,
    FactKind.LOG_FAILED,
    FactKind.LOG_RESTORED,
    FactKind.SERVICE_STARTED,
    FactKind.SERVICE_STOPPED,
    FactKind.PEOPLE_CHANGED,
    FactKind.FIRE_BEGAN,
    FactKind.FIRE_CLEARED,
    FactKind.ROOM_CHANGED,
}
"""Kinds that never name a person, not in their detail either: they stay whole as long as facts are kept."""

ANONYMOUS = "anonymous"
"""In the detail of a fact that once named somebody."""

# What says nothing of who it was: everything else of a detail goes.
_STAYS = ("direction", "grant", "policy", "from", "state", "mode", "wanted", "how", "count", "capacity", "late_s")
# Of these the reason is one of a closed list; elsewhere it is what somebody wrote, and may name anybody.
_WITH_REASON = frozenset({FactKind.ENTRY_DENIED, FactKind.READ_IGNORED, FactKind.LOCAL_GRANTED, FactKind.LOCAL_DENIED})


def is_named(fact: Fact) -> bool:
    """Whether this fact may still name somebody."""
    return not fact.detail.get(ANONYMOUS) and (fact.person is not None or fact.kind not in OF_NOBODY)


def anonymous(fact: Fact) -> Fact:
    """The same fact without whom it was about: that somebody came in by this door at this moment, and no more.

    The message's id and what ties a tap together go too: with the reader's own records they would lead back.
    """
    stays = (*_STAYS, "reason") if fact.kind in _WITH_REASON else _STAYS
    kept = {name: value for name in stays if isinstance(value := fact.detail.get(name), str | int | float)}
    return replace(fact, person=None, message_id=None, correlation=None, detail={ANONYMOUS: True, **kept})


# --- by which clock ---------------------------------------------------------------------------------

AHEAD = timedelta(days=30)
"""A clock further ahead than this of what the house has seen may be wrong: nothing is deleted by it."""
PROVEN = timedelta(days=14)
"""Until the house has run by it for so long, or a person has said that it is right."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Up to when the house knows the time. `doubted`: what a clock says that is too far ahead of it, `ran` for how long."""

    sure: datetime
    doubted: datetime | None = None
    ran: timedelta = timedelta(0)


def trusted(known: Trust, at: datetime, ran: timedelta) -> Trust:
    """After a look at the clock, or at the next fact of the log; the house ran for `ran` since the one before."""
    if at <= known.sure + AHEAD:
        # A clock that was put back has been wrong until now; a fact may only have been told late.
        return Trust(max(known.sure, at) if known.sure - at <= TOLD_LATE else at)
    if known.doubted is None or not known.doubted - TOLD_LATE <= at <= known.doubted + AHEAD:
        return Trust(known.sure, at)
    if known.ran + ran >= PROVEN:
        return Trust(at)
    return Trust(known.sure, max(known.doubted, at), known.ran + ran)
