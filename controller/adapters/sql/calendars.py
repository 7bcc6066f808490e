"""Outside calendars and links in SQL: the `CalendarStore` and `LinkStore` ports."""

import json
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from controller.adapters.sql import schema_rooms as schema
from controller.adapters.sql.columns import milliseconds, milliseconds_or_none, moment, moment_or_none
from controller.adapters.sql.database import Database
from controller.adapters.sql.people_changes import person_of
from controller.adapters.sql.versions import next_of, version_of
from controller.domain.booking.outside import Outside
from controller.domain.calendars import CalendarLink, LinkKind
from controller.domain.ids import AreaId, CalendarId, LinkId, PersonId
from controller.errors import InputError
from controller.services.calendars.stores import Came, KeptCalendar, KeptLink, Report
from controller.services.people import registry_checks as checks

_calendar = schema.outside_calendar
_link = schema.calendar_link


class SqlCalendars:
    """Over the registry's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def version(self) -> int:
        return await self._database.read(lambda connection: version_of(connection, schema.CALENDARS_KEY))

    async def calendars(self) -> list[KeptCalendar]:
        every = select(_calendar).order_by(_calendar.c.name, _calendar.c.id)
        return await self._database.read(lambda connection: [_kept(row) for row in connection.execute(every)])

    async def put_calendar(self, calendar: KeptCalendar) -> int:
        return await self._database.write(lambda connection: _put(connection, calendar))

    async def remove_calendar(self, id: CalendarId) -> int:
        return await self._database.write(lambda connection: _remove(connection, id))

    async def came(self, id: CalendarId, came: Came) -> None:
        await self._database.write(lambda connection: _came(connection, id, came))


class SqlLinks:
    """Over the registry's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def version(self) -> int:
        return await self._database.read(lambda connection: version_of(connection, schema.CALENDARS_KEY))

    async def links(self) -> list[KeptLink]:
        every = select(_link).order_by(_link.c.made_ms, _link.c.id)
        return await self._database.read(
            lambda connection: [one for row in connection.execute(every) if (one := _linked(row)) is not None]
        )

    async def put_link(self, link: CalendarLink, digest: bytes) -> int:
        return await self._database.write(lambda connection: _put_link(connection, link, digest))

    async def revoke_link(self, id: LinkId, at: datetime) -> int:
        return await self._database.write(lambda connection: _revoke(connection, id, at))


def _put(connection: Connection, calendar: KeptCalendar) -> int:
    outside = calendar.outside
    person_of(connection, outside.owner)
    if connection.execute(select(_calendar.c.id).where(_calendar.c.id == outside.id)).first() is not None:
        raise InputError(f"calendar {outside.id!r} is there already: a new calendar has an id of its own")
    connection.execute(
        insert(_calendar).values(
            id=outside.id,
            name=outside.name,
            area=outside.area,
            owner=outside.owner,
            url=calendar.url,
            every_s=calendar.every_s,
        )
    )
    return next_of(connection, schema.CALENDARS_KEY)


def _remove(connection: Connection, id: CalendarId) -> int:
    row = connection.execute(select(_calendar.c.removed).where(_calendar.c.id == id)).one_or_none()
    if row is None:
        raise checks.unknown("calendar", id, connection.scalars(select(_calendar.c.id).limit(10_000)))
    if row.removed:
        return version_of(connection, schema.CALENDARS_KEY)
    # Its bookings stay in the books, and say where they came from; its address is nobody's business any more.
    connection.execute(update(_calendar).where(_calendar.c.id == id).values(removed=True, url=""))
    return next_of(connection, schema.CALENDARS_KEY)


def _came(connection: Connection, id: CalendarId, came: Came) -> None:
    connection.execute(
        update(_calendar)
        .where(_calendar.c.id == id)
        .values(
            read_ms=milliseconds(came.at),
            etag=came.etag,
            modified=came.modified,
            content=came.content,
            error=came.error,
            report=json.dumps(asdict(came.report), ensure_ascii=False),
        )
    )


def _kept(row: Row[tuple[object, ...]]) -> KeptCalendar:
    outside = Outside(CalendarId(row.id), row.name, AreaId(row.area), PersonId(row.owner))
    last = None
    if row.read_ms is not None:
        last = Came(moment(row.read_ms), row.etag, row.modified, row.content, row.error, _report(row.report))
    return KeptCalendar(outside, row.url, row.every_s, last, row.removed)


def _report(written: str | None) -> Report:
    found = json.loads(written) if written else {}
    lines = {name: tuple(found.get(name, ())) for name in ("conflicts", "problems", "held_back")}
    return Report(int(found.get("booked", 0)), **lines)


def _put_link(connection: Connection, link: CalendarLink, digest: bytes) -> int:
    if connection.execute(select(_link.c.id).where(_link.c.id == link.id)).first() is not None:
        raise InputError(f"link {link.id!r} is there already: a new link has an id of its own")
    connection.execute(
        insert(_link).values(
            id=link.id,
            kind=link.kind.value,
            subject=link.subject,
            digest=digest,
            made_ms=milliseconds(link.made_at),
            revoked_ms=milliseconds_or_none(link.revoked_at),
        )
    )
    return next_of(connection, schema.CALENDARS_KEY)


def _revoke(connection: Connection, id: LinkId, at: datetime) -> int:
    row = connection.execute(select(_link.c.revoked_ms).where(_link.c.id == id)).one_or_none()
    if row is None:
        raise checks.unknown("link", id, connection.scalars(select(_link.c.id).limit(10_000)))
    if row.revoked_ms is not None:
        return version_of(connection, schema.CALENDARS_KEY)
    connection.execute(update(_link).where(_link.c.id == id).values(revoked_ms=milliseconds(at)))
    return next_of(connection, schema.CALENDARS_KEY)


def _linked(row: Row[tuple[object, ...]]) -> KeptLink | None:
    if row.kind not in set(LinkKind):
        return None  # a newer version's; it is not ours to answer
    link = CalendarLink(
        LinkId(row.id), LinkKind(row.kind), row.subject, moment(row.made_ms), moment_or_none(row.revoked_ms)
    )
    return KeptLink(link, bytes(row.digest))
