"""What every CalendarStore and LinkStore promises: on the in-memory twin, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from controller.adapters.sql.calendars import SqlCalendars, SqlLinks
from controller.adapters.sql.registry import SqlRegistry
from controller.domain.booking.outside import Outside
from controller.domain.calendars import CalendarLink, LinkKind
from controller.domain.ids import AreaId, CalendarId, LinkId, PersonId
from controller.domain.membership import Person
from controller.errors import InputError
from controller.services.calendars.stores import CalendarStore, Came, KeptCalendar, KeptLink, LinkStore, Report
from controller.services.people.people import Held, ImportPlan
from tests.support.memory_calendars import MemoryCalendars
from tests.support.registries import ADA, NOON, empty_place

TOWN = KeptCalendar(
    Outside(CalendarId("cal-town"), "Town hall", AreaId("pine"), ADA), "https://town.example/secret.ics", 900
)
LINK = CalendarLink(LinkId("link-1"), LinkKind.ROOM, "pine", NOON)


@dataclass
class Both:
    calendars: CalendarStore
    links: LinkStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Both]:
    if request.param == "memory":
        memory = MemoryCalendars({ADA})
        yield Both(memory, memory)
        return
    async with SqlRegistry(empty_place(request.param, tmp_path), key_id="k1") as registry:
        await registry.apply_import(ImportPlan(await registry.version(), (Held(Person(ADA, "Ada")),), {}))
        yield Both(SqlCalendars(registry.database), SqlLinks(registry.database))


async def test_a_calendar_comes_back_with_what_was_read_of_it(kept: Both) -> None:
    came = Came(NOON, '"e1"', "Mon, 02 Mar 2026 12:00:00 GMT", "abc", "gone", Report(3, ("one é",), ("two", "x"), ()))

    await kept.calendars.put_calendar(TOWN)
    await kept.calendars.came(TOWN.outside.id, came)

    assert await kept.calendars.calendars() == [replace(TOWN, last=came)]


async def test_one_that_was_never_read_says_so(kept: Both) -> None:
    await kept.calendars.put_calendar(TOWN)

    assert await kept.calendars.calendars() == [TOWN]


async def test_adding_and_removing_are_versions_and_readings_are_none(kept: Both) -> None:
    before = await kept.calendars.version()

    added = await kept.calendars.put_calendar(TOWN)
    await kept.calendars.came(TOWN.outside.id, Came(NOON))
    read = await kept.calendars.version()
    removed = await kept.calendars.remove_calendar(TOWN.outside.id)
    again = await kept.calendars.remove_calendar(TOWN.outside.id)

    assert before < added == read < removed == again


async def test_a_removed_calendar_is_known_and_its_address_is_not(kept: Both) -> None:
    await kept.calendars.put_calendar(TOWN)
    await kept.calendars.remove_calendar(TOWN.outside.id)

    assert await kept.calendars.calendars() == [replace(TOWN, is_removed=True, url="")]


async def test_a_calendar_of_nobody_or_twice_is_refused(kept: Both) -> None:
    await kept.calendars.put_calendar(TOWN)

    with pytest.raises(InputError, match="there already"):
        await kept.calendars.put_calendar(TOWN)
    nobody = replace(TOWN.outside, id=CalendarId("other"), owner=PersonId("zoe"))
    with pytest.raises(InputError, match="zoe"):
        await kept.calendars.put_calendar(replace(TOWN, outside=nobody))
    with pytest.raises(InputError, match="cal-tow"):
        await kept.calendars.remove_calendar(CalendarId("cal-tow"))


async def test_links_come_back_the_first_made_first_and_revoked_ones_too(kept: Both) -> None:
    events = CalendarLink(LinkId("link-0"), LinkKind.EVENTS, "", NOON + timedelta(hours=1))

    await kept.links.put_link(events, b"e" * 32)
    await kept.links.put_link(LINK, b"d" * 32)
    revoked = await kept.links.revoke_link(LINK.id, NOON)

    assert revoked == await kept.links.revoke_link(LINK.id, NOON + timedelta(hours=2)) == await kept.links.version()
    assert await kept.links.links() == [
        KeptLink(replace(LINK, revoked_at=NOON), b"d" * 32),
        KeptLink(events, b"e" * 32),
    ]


async def test_a_link_twice_or_unknown_is_refused(kept: Both) -> None:
    await kept.links.put_link(LINK, b"d" * 32)

    with pytest.raises(InputError, match="there already"):
        await kept.links.put_link(LINK, b"f" * 32)
    with pytest.raises(InputError, match="link-9"):
        await kept.links.revoke_link(LinkId("link-9"), NOON)


async def test_neither_an_address_nor_a_digest_is_shown(kept: Both) -> None:
    await kept.calendars.put_calendar(TOWN)
    await kept.links.put_link(LINK, b"secretsecret")

    shown = repr(await kept.calendars.calendars()) + repr(await kept.links.links())

    assert "secret" not in shown
