"""Outside calendars in the life of a house: read in their time, booked, told, and what happens when they fail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from controller.adapters.ical_reading import read_calendar
from controller.domain.booking.outside import Outside
from controller.domain.facts import FactKind
from controller.domain.holdings import BookingState
from controller.domain.ids import CalendarId
from controller.errors import InputError, StoreError
from controller.services.calendars.outside_desk import OutsideDesk
from controller.services.calendars.polling import HEALTH, Polling
from controller.services.calendars.stores import Fetched, KeptCalendar, SourceError
from controller.services.calendars.taking import Taking
from tests.support.booking_house import ALICE, BEN, PINE, SARA, BookingHouse, at
from tests.support.services import SF

TOWN = KeptCalendar(Outside(CalendarId("cal-town"), "Town hall", PINE, ALICE.id), "https://town.example/hush.ics", 900)
URL = TOWN.url


class Elsewhere:
    """The Source and Reader ports: calendars by address, as a server with ETags has them."""

    def __init__(self) -> None:
        self.there: dict[str, bytes] = {}
        self.failure: Exception | None = None
        self.asked: list[str | None] = []
        self.read_files = 0

    def puts(self, *events: tuple[str, str, str], url: str = URL, day: int = 23) -> None:
        """Events by uid, start and end on one day, in local time."""
        body = "".join(
            f"BEGIN:VEVENT\r\nUID:{uid}\r\nSUMMARY:Choir\r\nDTSTART:{at(start, day):%Y%m%dT%H%M%SZ}\r\n"
            f"DTEND:{at(end, day):%Y%m%dT%H%M%SZ}\r\nEND:VEVENT\r\n"
            for uid, start, end in events
        )
        self.there[url] = f"BEGIN:VCALENDAR\r\n{body}END:VCALENDAR\r\n".encode()

    async def fetch(self, url: str, etag: str | None = None, modified: str | None = None) -> Fetched | None:
        self.asked.append(etag)
        if self.failure is not None:
            raise self.failure
        data = self.there[url]
        tag = f'"{hash(data)}"'
        return None if tag == etag else Fetched(data, tag)

    async def read(self, data: bytes, start: datetime, end: datetime, zone: object):  # type: ignore[no-untyped-def]
        self.read_files += 1
        return read_calendar(data, start, end, SF)


class Town(BookingHouse):
    """The house, and a calendar elsewhere that books Pine."""

    def __init__(self) -> None:
        super().__init__()
        self.elsewhere = Elsewhere()
        self.polling = Polling(
            self.calendars,
            self.elsewhere,
            self.elsewhere,
            Taking(self.desk),
            self.clock,
            lambda: SF,
            lambda name, ok, text: self.services.board.report(name, ok=ok, text=text, vital=False),
            spread=lambda: 0.5,
        )

    @asynccontextmanager
    async def reading(self, *kept: KeptCalendar) -> AsyncIterator["Town"]:
        for one in kept or (TOWN,):
            await self.calendars.put_calendar(one)
        async with self.living(poll=5.0, looks=30.0):
            task = asyncio.ensure_future(self.polling.run())
            try:
                yield self
            finally:
                task.cancel()

    async def passes(self, minutes: float) -> None:
        await self.until(self.clock.now() + timedelta(minutes=minutes))

    async def ours(self) -> list[str]:
        """What stands, in local time."""
        found = await self.bookings.bookings_from("cal-")
        return [
            f"{one.origin.partition('/')[2]} {one.start.astimezone(SF):%H:%M}"
            for one in found
            if one.state is BookingState.BOOKED
        ]

    def health(self) -> tuple[bool, str]:
        found = next(one for one in self.services.board.components() if one.name == HEALTH)
        return found.ok, found.text

    def outside_desk(self) -> OutsideDesk:
        space, people = self.index.space, self.index.people.people
        return OutsideDesk(self.calendars, self.desk, self.elsewhere, self.elsewhere, space, people, self.clock.now())


async def test_a_calendar_is_booked_within_a_minute_of_the_start_and_followed_as_it_changes():
    town = Town()
    town.elsewhere.puts(("a", "14:00", "15:00"), ("b", "16:00", "17:00"))
    async with town.reading():
        await town.passes(1)
        assert await town.ours() == ["a 14:00", "b 16:00"]

        town.elsewhere.puts(("a", "14:30", "15:00"))
        await town.passes(17)

        assert await town.ours() == ["a 14:30"]
    counts = [(f.detail["made"], f.detail["changed"], f.detail["gone"]) for f in town.heard_of(FactKind.CALENDAR_READ)]
    assert counts == [(2, 0, 0), (0, 1, 1)]
    assert [f.detail["how"] for f in town.heard_of(FactKind.BOOKING_CANCELLED)] == ["calendar"]


async def test_what_an_outside_calendar_books_opens_the_room():
    town = Town()
    town.elsewhere.puts(("a", "14:00", "15:00"))
    async with town.reading():
        await town.until(at("13:55"))
        assert (town.answer(ALICE), town.answer(BEN)) == ("granted", "no_right")


async def test_a_calendar_that_is_as_it_was_costs_nothing_and_is_told_by_nobody():
    town = Town()
    town.elsewhere.puts(("a", "20:00", "21:00"))
    async with town.reading():
        await town.passes(65)
    assert len(town.elsewhere.asked) == 5
    assert town.elsewhere.asked[0] is None
    assert None not in town.elsewhere.asked[1:]
    assert (town.elsewhere.read_files, len(town.heard_of(FactKind.CALENDAR_READ))) == (1, 1)


async def test_on_a_new_day_it_is_read_whole_as_the_days_ahead_are_others():
    town = Town()
    town.elsewhere.puts(("a", "14:00", "15:00"))
    async with town.reading(replace(TOWN, every_s=2 * 3600)):
        await town.passes(5 * 60)
    assert town.elsewhere.read_files == 2


async def test_a_conflict_is_told_and_booked_as_soon_as_the_room_is_free():
    town = Town()
    bens = await town.book("14:00", "15:00", BEN)
    town.elsewhere.puts(("a", "14:30", "15:30"))
    async with town.reading():
        await town.passes(1)
        (kept,) = await town.calendars.calendars()
        assert kept.last is not None
        assert kept.last.report.conflicts == ("14:30 to 15:30 Choir: Pine is booked until 15:00; free from 15:00",)

        await town.desk.cancel(bens.id, BEN.id)
        await town.passes(17)

        assert await town.ours() == ["a 14:30"]


async def test_a_calendar_that_fails_is_asked_more_rarely_its_bookings_stand_and_staff_see_it_after_an_hour():
    town = Town()
    town.elsewhere.puts(("a", "20:00", "21:00"))
    async with town.reading():
        await town.passes(1)
        town.elsewhere.failure = SourceError("town.example answers 503")
        await town.passes(60)
        assert town.health()[0]
        asked = len(town.elsewhere.asked)
        await town.passes(60)
        assert len(town.elsewhere.asked) - asked <= 2
        assert town.health() == (False, "Town hall cannot be read: town.example answers 503")
        assert await town.ours() == ["a 20:00"]

        town.elsewhere.failure = None
        await town.passes(180)

        assert town.health() == (True, "1 read")
        (kept,) = await town.calendars.calendars()
        assert kept.last is not None
        assert kept.last.error is None


async def test_a_file_that_is_suddenly_none_or_empty_wipes_nothing():
    town = Town()
    town.elsewhere.puts(*((f"e{n}", f"{n}:00", f"{n}:30") for n in range(14, 22)), day=30)
    async with town.reading():
        await town.passes(1)
        town.elsewhere.there[URL] = b"<html>Sign in</html>"
        await town.passes(20)
        assert len(await town.ours()) == 8
        town.elsewhere.puts()
        await town.passes(120)

        assert len(await town.ours()) == 8
        assert not town.health()[0]
        assert "8 bookings are gone from Town hall all at once and stand all the same" in town.health()[1]

        await town.passes(7 * 60)

        assert await town.ours() == []
        assert town.health()[0]


async def test_one_slow_calendar_keeps_no_other_waiting_and_a_store_that_fails_is_tried_again():
    town = Town()
    other = replace(TOWN, outside=replace(TOWN.outside, id=CalendarId("cal-b"), name="B"), url="https://b.example/x")
    town.elsewhere.puts(("a", "14:00", "15:00"))
    town.elsewhere.puts(("b", "16:00", "17:00"), url=other.url)
    async with town.reading(TOWN, other):
        await town.passes(1)
        assert await town.ours() == ["a 14:00", "b 16:00"]
        town.calendars.failure = StoreError("disk full")
        await town.passes(20)
        town.calendars.failure = None
        town.elsewhere.puts(("a", "14:15", "15:00"))
        await town.passes(40)
        assert await town.ours() == ["a 14:15", "b 16:00"]


async def test_no_plan_and_no_maximum_stops_what_staff_have_connected():
    town = Town()
    town.elsewhere.puts(("a", "14:00", "18:00"), ("b", "18:00", "23:00"))
    async with town.reading(replace(TOWN, outside=replace(TOWN.outside, owner=SARA.id))):
        await town.passes(1)
        assert await town.ours() == ["a 14:00", "b 18:00"]


# --- by command -------------------------------------------------------------------------------------------------------


async def test_a_calendar_is_added_read_shown_and_removed_and_no_secret_is_told():
    town = Town()
    town.elsewhere.puts(("a", "14:00", "15:00"), ("b", "14:30", "16:00"))
    added = await town.outside_desk().add(URL, "Pine", "Alice", "Town hall", timedelta(minutes=15))
    assert added[1:] == [
        "Booked 1, changed 0, taken back 0.",
        "Not booked: 14:30 to 16:00 Choir: Pine is booked until 15:00; free from 15:00",
    ]
    (line,) = await town.outside_desk().listed()
    assert line.partition("  ")[2] == (
        "Town hall: Pine for Alice, from https://town.example/…, every 15m, read today 12:00, 1 booking ahead, 1 in conflict"
    )
    shown = await town.outside_desk().shown("town hall")
    assert shown[1] == "Not booked, as the room is not free or not open:"
    town.elsewhere.puts(("b", "14:30", "16:00"))
    assert (await town.outside_desk().read("Town hall"))[1] == "Booked 1, changed 0, taken back 1."
    assert "hush" not in "\n".join([*added, line, *shown])

    said = await town.outside_desk().remove("Town hall")

    assert said.endswith("is not read any more; 1 booking taken back.")
    assert (await town.ours(), await town.outside_desk().listed()) == ([], [])


async def test_a_calendar_that_cannot_be_read_is_not_added():
    town = Town()
    town.elsewhere.there[URL] = b"<html>"

    with pytest.raises(InputError, match="this is no calendar"):
        await town.outside_desk().add(URL, "pine", "alice", "Town hall", timedelta(minutes=15))

    assert await town.calendars.calendars() == []


@pytest.mark.parametrize(
    ("room", "owner", "name", "minutes", "why"),
    [
        ("pine", "alice", "", 15, "--name: ''"),
        ("pine", "alice", "x", 0.5, "--every: 30s — from one minute"),
        ("pin", "alice", "x", 15, "'pin' is no room that is booked"),
        ("pine", "alicia", "x", 15, "--owner: nobody here is 'alicia' — did you mean"),
        ("pine", "alice", "town HALL", 15, "a calendar is called 'town HALL' already"),
        ("pine", "alice", "x", 15, "this calendar is read for that room already"),
    ],
)
async def test_what_is_wrong_with_a_new_calendar_is_told(room: str, owner: str, name: str, minutes: float, why: str):
    town = Town()
    town.elsewhere.puts(("a", "14:00", "15:00"))
    await town.calendars.put_calendar(TOWN)

    with pytest.raises(InputError, match=why):
        await town.outside_desk().add(URL, room, owner, name, timedelta(minutes=minutes))


async def test_a_reading_by_command_that_fails_is_remembered_and_many_that_are_gone_want_a_word():
    town = Town()
    town.elsewhere.puts(*((f"e{n}", f"{n}:00", f"{n}:30") for n in range(14, 22)))
    await town.outside_desk().add(URL, "pine", "alice", "Town hall", timedelta(minutes=15))
    town.elsewhere.failure = SourceError("town.example answers 503")
    with pytest.raises(SourceError):
        await town.outside_desk().read("Town hall")
    assert "The last reading failed: town.example answers 503" in await town.outside_desk().shown("Town hall")
    town.elsewhere.failure = None
    town.elsewhere.puts()

    held = await town.outside_desk().read("Town hall")
    shown = await town.outside_desk().shown("Town hall")
    gone = await town.outside_desk().read("Town hall", gone=True)

    assert "8 bookings are gone from the calendar all at once" in held[-1]
    assert shown[1].startswith("Gone from the calendar all at once")
    assert gone[1] == "Booked 0, changed 0, taken back 8."


async def test_a_calendar_nobody_knows_is_told_with_the_one_that_is_meant():
    town = Town()
    await town.calendars.put_calendar(TOWN)

    with pytest.raises(InputError, match="no calendar 'Town hal' — did you mean Town hall"):
        await town.outside_desk().shown("Town hal")
