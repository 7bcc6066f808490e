"""Bookings, series and waiting lists: rows to values and back. What may stand beside what is the database's affair."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select

from controller.adapters.sql import schema_registry as schema
from controller.adapters.sql import schema_rooms as rooms
from controller.adapters.sql.columns import (
    fetched,
    found_among,
    milliseconds,
    milliseconds_or_none,
    moment,
    moment_or_none,
    put,
    slices,
)
from controller.domain.booking.values import Frequency, Recurrence, Series, SkipReason, Waiting, WaitingState
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import AreaId, BookingId, PersonId, SeriesId, WaitingId
from controller.services.people import registry_checks as checks

_STATES = {state.value: state for state in BookingState}
_NOBODY: frozenset[PersonId] = frozenset()


def know_everybody(connection: Connection, people: Collection[PersonId]) -> None:
    """InputError where one of them is not in the registry."""
    missing = set(people) - found_among(connection, schema.person.c.id, people)
    if missing:
        known = connection.scalars(select(schema.person.c.id)).all()
        raise checks.unknown("person", min(missing), known, "whom is it for?")


def bookings(connection: Connection, over_ms: int, areas: Iterable[str] | None = None) -> dict[BookingId, Booking]:
    """Those that end after `over_ms`, of these rooms or of all; which one comes before which is the index's affair."""
    table = schema.booking
    live = table.c.end_ms > over_ms
    together = _participants(connection, live, areas)
    at = _remembered()
    return {
        row[0]: _booking(row, together.get(row[0], _NOBODY), at)
        for row in fetched(connection, select(table).where(live), table.c.area, areas)
    }


def bookings_where(
    connection: Connection, wanted: ColumnElement[bool], *order: ColumnElement[Any] | Any
) -> list[Booking]:
    """All of them that fit, whenever they are."""
    table = schema.booking
    together = _participants(connection, wanted)
    return [
        _booking(tuple(row), together.get(row.id, _NOBODY), moment)
        for row in connection.execute(select(table).where(wanted).order_by(*order, table.c.id))
    ]


def bookings_of_ids(connection: Connection, ids: Iterable[BookingId]) -> dict[BookingId, Booking]:
    """Those of them that are there."""
    found = [bookings_where(connection, schema.booking.c.id.in_(some)) for some in slices(ids)]
    return {one.id: one for some in found for one in some}


def _participants(
    connection: Connection, wanted: ColumnElement[bool], areas: Iterable[str] | None = None
) -> dict[str, frozenset[PersonId]]:
    table, others = schema.booking, schema.booking_participant
    joined = select(others).join(table, others.c.booking == table.c.id).where(wanted)
    found: dict[str, frozenset[PersonId]] = {}
    for booking, person in fetched(connection, joined, table.c.area, areas):
        found[booking] = found[booking] | {person} if booking in found else frozenset((person,))
    return found


def _remembered() -> Callable[[int], datetime]:
    """As `moment`, for many: most bookings begin or end when another one does."""
    moments: dict[int, datetime] = {}
    return lambda ms: moments.get(ms) or moments.setdefault(ms, moment(ms))


def _booking(row: Sequence[Any], participants: frozenset[PersonId], at: Callable[[int], datetime]) -> Booking:
    # By place: fifty thousand of them are loaded at every start.
    id_, area, start, end, owner, state, confirmed, held, title, made, came, series, day, live, booked, origin = row
    return Booking(
        id_,
        area,
        at(start),
        at(end),
        owner,
        participants,
        _STATES[state],
        confirmed,
        None,
        title,
        None if made is None else moment(made),
        None if came is None else moment(came),
        series,
        day,
        live,
        None if booked is None else at(booked),
        None if held == end else at(held),
        origin,
    )


def put_bookings(connection: Connection, everything: Sequence[Booking]) -> None:
    """Each as it is given, whether it was there or not. All old ones go before a new one comes: it may take their time."""
    remove_bookings(connection, everything)
    # In order of time: each is then held against those that are not over when it begins, and there are few.
    put(connection, schema.booking, [booking_row(one) for one in sorted(everything, key=lambda one: one.start)])
    put_participants(connection, everything)


def remove_bookings(connection: Connection, everything: Sequence[Booking]) -> None:
    for some in slices(one.id for one in everything):
        connection.execute(delete(schema.booking).where(schema.booking.c.id.in_(some)))


def put_participants(connection: Connection, everything: Sequence[Booking]) -> None:
    rows = [{"booking": one.id, "person": person} for one in everything for person in sorted(one.participants)]
    put(connection, schema.booking_participant, rows)


def booking_row(one: Booking) -> dict[str, Any]:
    return {
        "id": one.id,
        "area": one.area,
        "start_ms": milliseconds(one.start),
        "end_ms": milliseconds(one.end),
        "owner": one.owner,
        "state": one.state.value,
        "holiday_confirmed": one.holiday_confirmed,
        "held_ms": milliseconds(one.held_until or one.end),
        "title": one.title,
        "made_ms": milliseconds_or_none(one.made_at),
        "checked_in_ms": milliseconds_or_none(one.checked_in_at),
        "series": one.series,
        "series_day": one.series_day,
        "is_live": one.is_live,
        "booked_end_ms": milliseconds_or_none(one.booked_end),
        "origin": one.origin,
    }


def series_where(connection: Connection, wanted: ColumnElement[bool]) -> list[Series]:
    table, skip = rooms.booking_series, rooms.series_skip
    ordered = select(table).where(wanted).order_by(table.c.made_ms.nulls_first(), table.c.id)
    skipped: dict[str, dict[date, SkipReason]] = {}
    days = select(skip).join(table, skip.c.series == table.c.id).where(wanted).order_by(skip.c.day)
    for row in connection.execute(days):
        skipped.setdefault(row.series, {})[row.day] = SkipReason(row.reason)
    return [
        Series(
            SeriesId(row.id),
            AreaId(row.area),
            PersonId(row.owner),
            _rule(row.rule),
            row.zone,
            _people(row.participants),
            row.title,
            row.is_live,
            moment_or_none(row.made_ms),
            moment_or_none(row.ended_ms),
            skipped.get(row.id, {}),
            row.holiday_confirmed,
        )
        for row in connection.execute(ordered)
    ]


def series_row(one: Series) -> dict[str, Any]:
    return {
        "id": one.id,
        "area": one.area,
        "owner": one.owner,
        "participants": json.dumps(sorted(one.participants), ensure_ascii=False),
        "title": one.title,
        "rule": _rule_text(one.rule),
        "zone": one.zone,
        "is_live": one.is_live,
        "holiday_confirmed": one.holiday_confirmed,
        "made_ms": milliseconds_or_none(one.made_at),
        "ended_ms": milliseconds_or_none(one.ended_at),
    }


def skip_rows(series: SeriesId, days: dict[date, SkipReason]) -> list[dict[str, Any]]:
    return [{"series": series, "day": day, "reason": reason.value} for day, reason in sorted(days.items())]


def _rule_text(rule: Recurrence) -> str:
    return json.dumps(
        {
            "frequency": rule.frequency.value,
            "first": rule.first.isoformat(),
            "start_minutes": rule.start_minutes,
            "minutes": rule.minutes,
            "interval": rule.interval,
            "weekdays": sorted(rule.weekdays),
            "nth": rule.nth,
            "until": None if rule.until is None else rule.until.isoformat(),
            "count": rule.count,
        }
    )


def _rule(text: str) -> Recurrence:
    kept = json.loads(text)
    return Recurrence(
        Frequency(kept["frequency"]),
        date.fromisoformat(kept["first"]),
        kept["start_minutes"],
        kept["minutes"],
        kept["interval"],
        frozenset(kept["weekdays"]),
        kept["nth"],
        None if kept["until"] is None else date.fromisoformat(kept["until"]),
        kept["count"],
    )


def waiting_where(connection: Connection, wanted: ColumnElement[bool]) -> list[Waiting]:
    """The first to ask first."""
    table = rooms.waiting
    return [
        Waiting(
            WaitingId(row.id),
            AreaId(row.area),
            moment(row.start_ms),
            moment(row.end_ms),
            PersonId(row.person),
            moment(row.made_ms),
            _people(row.participants),
            row.title,
            WaitingState(row.state),
            moment_or_none(row.offered_until_ms),
            row.booking,
        )
        for row in connection.execute(select(table).where(wanted).order_by(table.c.made_ms, table.c.id))
    ]


def waiting_row(one: Waiting) -> dict[str, Any]:
    return {
        "id": one.id,
        "area": one.area,
        "start_ms": milliseconds(one.start),
        "end_ms": milliseconds(one.end),
        "person": one.person,
        "participants": json.dumps(sorted(one.participants), ensure_ascii=False),
        "title": one.title,
        "made_ms": milliseconds(one.made_at),
        "state": one.state.value,
        "offered_until_ms": milliseconds_or_none(one.offered_until),
        "booking": one.booking,
    }


def _people(text: str) -> frozenset[PersonId]:
    return frozenset(map(PersonId, json.loads(text)))
