"""The calendars of the house for others: what is in whose, under which link, and what our own reader makes of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.adapters.ical_reading import read_calendar
from controller.adapters.ical_writing import written
from controller.domain.booking.rules import Edit
from controller.domain.calendars import CalendarLink, Feed, FeedEvent, LinkKind, Stamped, Status
from controller.domain.holdings import EventEntry, PublicEvent
from controller.domain.ids import EventId, LinkId
from controller.errors import InputError, StoreError
from controller.services.calendars.feeds import Feeds
from controller.services.calendars.links import LinkDesk, Links, digest_of
from tests.support.booking_house import ALICE, BEN, CLEO, ELM, OAK, PINE, BookingHouse, at
from tests.support.services import LOBBY, NOON, SF, STREET

HOUR = timedelta(hours=1)


class Publishing(BookingHouse):
    """The house, its links and its feeds."""

    def __init__(self) -> None:
        super().__init__()
        self.links = Links(self.calendars)
        services = self.services
        self.feeds = Feeds(
            self.links,
            self.bookings,
            services.listing.coming,
            lambda: self.index.space,
            lambda: self.index.people,
            self.clock,
        )

    def link_desk(self) -> LinkDesk:
        return LinkDesk(self.calendars, self.index.space, self.index.people.people, self.clock.now())

    async def link(self, kind: LinkKind, subject: str = "") -> str:
        made = await self.link_desk().link(kind, subject)
        await self.links.refresh()
        return made.path.removeprefix("/calendar/").removesuffix(".ics")

    async def calendar(self, secret: str) -> Feed:
        await self.rights_changed()
        found = await self.feeds.of(secret)
        assert found is not None
        return found


def told(feed: Feed) -> list[tuple[str, str, str, str]]:
    return [
        (one.event.title, one.event.place, f"{one.event.start.astimezone(SF):%H:%M}", str(one.event.status))
        for one in feed.events
    ]


async def test_a_rooms_calendar_says_when_it_is_taken_and_nothing_else():
    house = Publishing()
    await house.book("14:00", "15:00", ALICE, PINE, title="Redundancies", participants=frozenset({BEN.id}))
    await house.book("14:00", "15:00", BEN, ELM)
    gone = await house.book("16:00", "17:00", BEN, PINE)
    await house.desk.cancel(gone.id, BEN.id)

    feed = await house.calendar(await house.link(LinkKind.ROOM, "Pine"))

    assert (feed.name, told(feed)) == ("Pine", [("Booked", "Pine", "14:00", "CONFIRMED")])
    text = written(feed).decode()
    assert not any(word in text for word in ("Redundancies", "Alice", "alice", "Ben", "ben@"))


async def test_a_persons_calendar_has_theirs_and_those_they_take_part_in_and_what_became_of_them():
    house = Publishing()
    await house.book("14:00", "15:00", ALICE, PINE, title="Choir", participants=frozenset({BEN.id}))
    await house.book("14:00", "15:00", ALICE, OAK)
    gone = await house.book("16:00", "17:00", ALICE, PINE, title="Gone")
    await house.desk.cancel(gone.id, ALICE.id)
    await house.book("18:00", "19:00", BEN, PINE, title="Not hers")

    alices = await house.calendar(await house.link(LinkKind.PERSON, "alice"))
    bens = await house.calendar(await house.link(LinkKind.PERSON, "ben"))
    cleos = await house.calendar(await house.link(LinkKind.PERSON, "cleo"))

    assert sorted(told(alices)) == [
        ("Choir", "Pine", "14:00", "CONFIRMED"),
        ("Gone", "Pine", "16:00", "CANCELLED"),
        ("Oak", "Oak", "14:00", "TENTATIVE"),
    ]
    assert told(bens) == [("Choir", "Pine", "14:00", "CONFIRMED"), ("Not hers", "Pine", "18:00", "CONFIRMED")]
    assert told(cleos) == []
    assert CLEO.id not in written(alices).decode()


async def test_the_public_events_are_those_that_somebody_made_public():
    house = Publishing()
    plain = PublicEvent(
        EventId("talks"), "Talks", ALICE.id, LOBBY, (STREET.id,), at("19:00"), at("22:00"), 40, EventEntry.OPEN
    )
    await house.public_events.put_event(replace(plain, is_public=True))
    await house.public_events.put_event(replace(plain, id=EventId("secret"), name="Board"))
    await house.rights_changed()

    feed = house.feeds.events()

    assert told(feed) == [("Talks", "Lobby", "19:00", "CONFIRMED")]
    assert told(await house.calendar(await house.link(LinkKind.EVENTS))) == told(feed)


async def test_a_change_raises_the_sequence_and_the_uid_stays_and_nothing_else_moves():
    house = Publishing()
    booking = await house.book("14:00", "15:00", ALICE, PINE)
    await house.book("18:00", "19:00", ALICE, ELM)
    secret = await house.link(LinkKind.PERSON, "alice")
    first = await house.calendar(secret)
    again = await house.calendar(secret)
    await house.until(house.clock.now() + timedelta(minutes=10))
    await house.desk.change(booking.id, Edit(end=at("15:30")), ALICE.id)
    after = await house.calendar(secret)

    assert again == first
    assert [one.event.uid for one in after.events] == [one.event.uid for one in first.events]
    assert after.events[0].sequence > first.events[0].sequence
    assert after.events[1] == first.events[1]
    assert after.since == after.events[0].since > first.since


async def test_one_look_at_the_database_answers_many():
    house = Publishing()
    secret = await house.link(LinkKind.ROOM, "pine")
    looks = 0
    ended = house.bookings.bookings_ended

    async def counted(start: datetime, end: datetime):  # type: ignore[no-untyped-def]
        nonlocal looks
        looks += 1
        return await ended(start, end)

    house.bookings.bookings_ended = counted  # type: ignore[method-assign]
    for _ in range(5):
        await house.calendar(secret)
    assert looks == 1
    await house.book("14:00", "15:00")
    await house.until(house.clock.now() + timedelta(seconds=6))
    assert len((await house.calendar(secret)).events) == 1


# --- links ------------------------------------------------------------------------------------------------------------


async def test_a_link_is_told_once_listed_without_its_secret_and_dead_once_revoked():
    house = Publishing()
    made = await house.link_desk().link(LinkKind.ROOM, "pine")
    (line,) = await house.link_desk().listed()

    assert line == f"{made.link.id}  the calendar of Pine, made today 12:00"
    secret = made.path[10:53]
    assert (len(secret), secret in line, secret in repr(made)) == (43, False, False)
    await house.links.refresh()
    assert await house.feeds.of(secret) is not None
    assert "is revoked" in await house.link_desk().unlink(made.link.id)
    await house.links.refresh()
    assert await house.feeds.of(secret) is None
    assert await house.link_desk().listed() == []
    assert (await house.link_desk().listed(all_=True))[0].endswith("revoked")


@pytest.mark.parametrize(
    ("kind", "subject", "why"),
    [
        (LinkKind.ROOM, "pin", "has no room 'pin' — did you mean pine"),
        (LinkKind.PERSON, "alicia", "nobody here is 'alicia' — did you mean"),
    ],
)
async def test_a_link_to_what_is_not_there_is_refused(kind: LinkKind, subject: str, why: str):
    with pytest.raises(InputError, match=why):
        await Publishing().link_desk().link(kind, subject)


async def test_revoking_what_is_not_there_or_twice_is_refused():
    house = Publishing()
    link = (await house.link_desk().link(LinkKind.PERSON, "ben")).link
    await house.link_desk().unlink(link.id)

    with pytest.raises(InputError, match="revoked already"):
        await house.link_desk().unlink(link.id)
    with pytest.raises(InputError, match="no link 'x' — `natoma calendars links` shows them"):
        await house.link_desk().unlink("x")


async def test_links_are_followed_and_stay_as_they_are_while_the_store_fails():
    house = Publishing()
    made = await house.link_desk().link(LinkKind.EVENTS)
    task = asyncio.ensure_future(house.links.run())
    await asyncio.sleep(1)
    house.calendars.failure = StoreError("locked")
    await asyncio.sleep(2)
    assert house.links.of(made.path[10:53]) is not None
    house.calendars.failure = None
    await house.link_desk().unlink(made.link.id)
    await asyncio.sleep(1)
    task.cancel()

    assert house.links.of(made.path[10:53]) is None
    assert house.links.of("é" * 43) is None


@pytest.mark.parametrize("kind", [LinkKind.ROOM, LinkKind.PERSON])
async def test_a_link_of_a_room_or_person_that_is_gone_answers_as_none(kind: LinkKind):
    house = Publishing()
    await house.calendars.put_link(CalendarLink(LinkId("link-1"), kind, "gone", NOON), digest_of("s" * 43))
    await house.links.refresh()

    assert await house.feeds.of("s" * 43) is None


# --- what is written --------------------------------------------------------------------------------------------------

minutes = st.integers(0, 60 * 24 * 300)
texts = st.text(max_size=60) | st.sampled_from(
    [
        "a;b,c\\n",
        "x\r\nEND:VEVENT\r\nBEGIN:VEVENT",
        "BEGIN:VEVENT",
        "🎉" * 40,
        "\x00\x07",
        "ÄÖ" * 60,
        "a\nATTENDEE:mailto:x",
        "C:\\New;folder, \\n",
    ]
)


@st.composite
def stamped(draw: st.DrawFn) -> Sequence[Stamped]:
    found = []
    for number in range(draw(st.integers(0, 6))):
        start = NOON + timedelta(minutes=draw(minutes))
        status = draw(st.sampled_from([Status.CONFIRMED, Status.TENTATIVE]))
        event = FeedEvent(
            f"b-{number}@house",
            start,
            start + timedelta(minutes=draw(st.integers(1, 900))),
            draw(texts),
            draw(texts),
            status,
            NOON,
        )
        found.append(Stamped(event, NOON, draw(st.integers(0, 9))))
    return found


def test_a_backslash_before_an_n_is_no_new_line():
    event = FeedEvent("b-1@house", NOON, NOON + HOUR, "C:\\New; or, \\n", "D:\\N", Status.CONFIRMED, NOON)

    text = written(Feed("\\N", (Stamped(event, NOON, 0),), NOON))

    assert b"SUMMARY:C:\\\\New\\; or\\, \\\\n\r\n" in text
    assert b"LOCATION:D:\\\\N\r\n" in text
    assert read_calendar(text, NOON - HOUR, NOON + HOUR, SF).entries[0].title == "C:\\New; or, \\n"


@given(stamped(), texts)
def test_whatever_is_written_our_own_reader_reads_the_same(events: Sequence[Stamped], name: str):
    text = written(Feed(name, tuple(events), NOON))

    found = read_calendar(text, NOON - HOUR, NOON + timedelta(days=400), SF)

    assert found.problems == ()
    assert [(one.key, one.start, one.end) for one in found.entries] == sorted(
        ((one.event.uid, one.event.start, one.event.end) for one in events), key=lambda one: (one[1], one[0])
    )
    plain = {one.event.uid: one.event.title for one in events}
    for one in found.entries:
        kept = "".join(letter if letter.isprintable() else " " for letter in plain[one.key])
        assert one.title.replace(" ", "") == kept.replace(" ", "")[: len(one.title.replace(" ", ""))]


@given(stamped(), texts)
def test_every_line_is_folded_and_ends_as_the_standard_says(events: Sequence[Stamped], name: str):
    text = written(Feed(name, tuple(events), NOON))

    lines = text.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert b"\n" not in b"".join(lines)
    assert lines.count(b"BEGIN:VEVENT") == len(events)
