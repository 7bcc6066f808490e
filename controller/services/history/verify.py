"""Whether the database has what this house has: points counted by series and hour on both sides, and told in words.

Counting is the two histories'; what was refused and what has not gone yet are told beside it, since both are differences
that are none of the database's doing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from controller.domain.history.values import Selection, Series, Span
from controller.errors import InputError
from controller.services.history.beyond import Archive
from controller.services.history.ports import History

HOUR_S = 3_600
SHOWN = 20
# A reading is there seconds after it was measured, if all is well.
ON_ITS_WAY = timedelta(minutes=1)
# Whole hours go, and not to the minute.
FORGETTING = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Difference:
    """One hour of one series that is not the same on both sides."""

    series: Series
    hour: int  # epoch hour, UTC
    here: int
    there: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it."""

    span: Span
    series: int  # compared
    here: int  # points, of all of them
    there: int
    differences: tuple[Difference, ...]  # by series, by hour
    left_out: tuple[Series, ...]  # the database keeps nothing of their kind
    unread: tuple[tuple[Series, str], ...] = ()  # it cannot say, and why

    @property
    def is_equal(self) -> bool:
        return not self.differences and not self.unread


@dataclass(frozen=True, slots=True)
class Underway:
    """What the database cannot have yet, or will not have."""

    waiting: int = 0  # messages not yet sent
    parked: int = 0  # readings it has refused


def compared_span(asked: Span, now: datetime, kept: timedelta) -> Span:
    """As much of it as both sides can have: nothing that is on its way now, nothing that is not kept here any more."""
    start = max(asked.start, now - kept + FORGETTING)
    end = min(asked.end, now - ON_ITS_WAY)
    if start >= end:
        raise InputError(
            f"there is nothing to compare from {asked.start:%Y-%m-%d %H:%M} to {asked.end:%Y-%m-%d %H:%M} UTC: readings "
            f"of the last minute are on their way, and those from before {now - kept:%Y-%m-%d} are not kept here"
        )
    return Span(start, end)


async def compare(here: History, archive: Archive, selection: Selection, span: Span) -> Comparison:
    """Count on both sides, the house first: what comes in meanwhile is not missed there for having been counted here."""
    counted = await here.counts_by_hour(selection, span)
    wanted = here.series(selection)
    found = await archive.counts_by_hour(wanted, span)
    # Asked after: some databases show what they cannot keep only when they answer.
    unread = tuple((series, why) for series in wanted if (why := archive.unread(series)))
    odd = {series for series, _ in unread}
    held = [series for series in wanted if archive.holds(series) and series not in odd]
    return Comparison(
        span,
        len(held),
        sum(sum(counted.get(series, {}).values()) for series in held),
        sum(sum(found.get(series, {}).values()) for series in held),
        tuple(_differences(held, counted, found)),
        tuple(series for series in wanted if not archive.holds(series) and counted.get(series)),
        unread,
    )


def in_words(done: Comparison, underway: Underway, address: str, zone: ZoneInfo) -> list[str]:
    """For a person: the difference first, then what explains it."""
    said = f"{_day(done.span.start, zone)} to {_day(done.span.end, zone)}, {_count(done.series, 'series')}"
    if done.is_equal:
        lines = [f"The same on both sides: {_count(done.here, 'points')} from {said}; {address}."]
    elif not done.differences:
        lines = [
            f"The same on both sides as far as it can be read: {_count(done.here, 'points')} from {said}; {address}."
        ]
    else:
        lines = [
            f"Not the same: {_count(done.here, 'points')} here, {done.there:,} in {address}, from {said}.",
            "The hours that differ:",
            *(_told(one, zone) for one in done.differences[:SHOWN]),
        ]
        more = len(done.differences) - SHOWN
        if more > 0:
            lines.append(f"  … and {more:,} more; --json has them all.")
    lines += [f"Could not be read there: {one.device} {one.channel}: {why}." for one, why in done.unread]
    if done.left_out:
        names = ", ".join(sorted({f"{one.device} {one.channel}" for one in done.left_out}))
        lines.append(f"Left out, since this database keeps no texts: {names}.")
    if underway.parked:
        lines.append(
            f"It has refused {_count(underway.parked, 'readings')}: natoma telemetry parked shows which and why."
        )
    if underway.waiting:
        lines.append(f"Not sent yet: {_count(underway.waiting, 'messages')}. Their hours differ until they are.")
    return lines


def as_data(done: Comparison, underway: Underway, address: str) -> dict[str, object]:
    """For a script."""
    return {
        "equal": done.is_equal,
        "database": address,
        "from": done.span.start.isoformat(),
        "to": done.span.end.isoformat(),
        "series": done.series,
        "points": {"here": done.here, "there": done.there},
        "differences": [
            {**_named(one.series), "hour": _hour(one.hour).isoformat(), "here": one.here, "there": one.there}
            for one in done.differences
        ],
        "left_out": [_named(one) for one in done.left_out],
        "unread": [{**_named(one), "why": why} for one, why in done.unread],
        "waiting": underway.waiting,
        "parked": underway.parked,
    }


def _differences(
    series: Sequence[Series], here: Mapping[Series, Mapping[int, int]], there: Mapping[Series, Mapping[int, int]]
) -> list[Difference]:
    found = []
    for one in series:
        ours, theirs = here.get(one, {}), there.get(one, {})
        for hour in sorted(ours.keys() | theirs.keys()):
            counts = ours.get(hour, 0), theirs.get(hour, 0)
            if counts[0] != counts[1]:
                found.append(Difference(one, hour, *counts))
    return found


def _told(one: Difference, zone: ZoneInfo) -> str:
    at = _hour(one.hour).astimezone(zone)
    missing = one.here - one.there
    what = f"{missing:,} missing there" if missing > 0 else f"{-missing:,} more there than here"
    series = " ".join(filter(None, (one.series.device, one.series.channel, one.series.unit)))
    return f"  {at:%Y-%m-%d %H:%M}  {series}: {one.here:,} here, {one.there:,} there ({what})"


def _named(series: Series) -> dict[str, object]:
    return {
        "device": series.device,
        "channel": series.channel,
        "kind": series.kind,
        "class": series.device_class,
        "unit": series.unit,
        "room": series.room,
    }


def _hour(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * HOUR_S, UTC)


def _day(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _count(number: int, what: str) -> str:
    if number == 1 and what != "series":
        what = what.removesuffix("s")
    return f"{number:,} {what}"
