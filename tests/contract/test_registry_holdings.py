"""Bookings, public events, guests and visits as they are kept: on the in-memory twin, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from controller.adapters.sql.registry import SqlRegistry
from controller.domain.holdings import (
    Booking,
    BookingState,
    EventEntry,
    GuestPass,
    PublicEvent,
    Ticket,
    VisitingPass,
)
from controller.domain.ids import AreaId, BookingId, DoorId, EventId, PartnerId, PersonId, PlanId, TicketId
from controller.domain.membership import Person, PersonKind, Right
from controller.errors import InputError
from controller.services.stores import NewTicket
from tests.support.registries import ADA, BEN, NOON, Kept, kept_in, opened

HOUR = timedelta(hours=1)
PINE, OAK = AreaId("pine"), AreaId("oak")
GUEST = PersonId("guest-1")
VISITOR = PersonId("trudaine/claire")
TALK = PublicEvent(
    EventId("talk"),
    "A talk on doors",
    ADA,
    AreaId("classroom"),
    (DoorId("street"), DoorId("stairs"), DoorId("class")),
    NOON,
    NOON + 3 * HOUR,
    60,
)
TICKET = NewTicket(Ticket(TicketId("t-1"), TALK.id, "Grace"), b"t" * 32, b"T" * 32)
PASS = GuestPass("g-1", GUEST, ADA, NOON, NOON + HOUR)
VISIT = VisitingPass("v-1", PartnerId("trudaine"), VISITOR, PlanId("visiting"), NOON, NOON + 24 * HOUR, days=3)


def booking(id: str = "one", area: AreaId = PINE, hours: float = 0, **changes: object) -> Booking:
    start = NOON + timedelta(hours=hours)
    one = Booking(BookingId(id), area, start, start + HOUR, ADA, frozenset({BEN}))
    return replace(one, **changes)  # type: ignore[arg-type]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    async with opened(request.param, tmp_path) as kept:
        yield kept


# --- bookings ---------------------------------------------------------------------------------------------------------


async def test_bookings_come_back_with_everybody_in_them(kept: Kept) -> None:
    alone = booking("two", OAK, participants=frozenset(), owner=BEN, holiday_confirmed=True)

    await kept.bookings.put_bookings([booking(), alone])

    assert (await kept.people.load()).bookings == {"one": booking(), "two": alone}


async def test_a_change_of_one_room_tells_that_room_whole_and_no_other(kept: Kept) -> None:
    await kept.bookings.put_bookings([booking("one"), booking("two", OAK), booking("three", hours=2)])
    before = await kept.people.version()

    await kept.bookings.cancel_booking(BookingId("one"))

    change = await kept.people.changed_since(before)
    assert change is not None
    assert change.booked_areas == {PINE}
    assert change.bookings == {
        "one": booking("one", state=BookingState.CANCELLED),
        "three": booking("three", hours=2),
    }
    assert change.touched == frozenset()


async def test_a_booking_that_moves_touches_the_room_it_leaves_and_the_one_it_takes(kept: Kept) -> None:
    await kept.bookings.put_booking(booking())
    before = await kept.people.version()

    await kept.bookings.put_booking(booking(area=OAK))

    change = await kept.people.changed_since(before)
    assert change is not None
    assert (change.booked_areas, change.bookings) == ({PINE, OAK}, {"one": booking(area=OAK)})


async def test_a_released_booking_is_truncated_and_kept_in_history(kept: Kept) -> None:
    await kept.bookings.put_bookings([booking("late"), booking("early", OAK)])

    await kept.bookings.release_booking(BookingId("late"), NOON + timedelta(minutes=10))
    await kept.bookings.release_booking(BookingId("early"), NOON - HOUR)

    now = (await kept.people.load()).bookings
    assert (now[BookingId("late")].state, now[BookingId("late")].end) == (
        BookingState.RELEASED,
        NOON + timedelta(minutes=10),
    )
    assert now[BookingId("early")].end == NOON  # before its start nothing of it is left


async def test_what_ended_is_not_ended_in_another_way(kept: Kept) -> None:
    await kept.bookings.put_booking(booking())
    over = await kept.bookings.cancel_booking(BookingId("one"))

    assert await kept.bookings.cancel_booking(BookingId("one")) == over
    with pytest.raises(InputError, match="booking 'one' is cancelled already"):
        await kept.bookings.release_booking(BookingId("one"), NOON)


async def test_of_many_bookings_one_wrong_one_changes_nothing(kept: Kept) -> None:
    before = await kept.people.version()

    for wrong, told in (
        (booking("x", end=NOON), r"booking 'x' ends .*, before it starts"),
        (booking("x", owner=PersonId("bens")), "no person 'bens': did you mean 'ben'"),
        (booking("x", participants=frozenset({PersonId("qq")})), "no person 'qq'"),
        (booking("one"), "booking 'one' is given twice"),
    ):
        with pytest.raises(InputError, match=told):
            await kept.bookings.put_bookings([booking("one"), wrong])
    with pytest.raises(InputError, match="no booking 'one'"):
        await kept.bookings.cancel_booking(BookingId("one"))
    assert await kept.people.version() == before


async def test_bookings_over_for_more_than_a_day_are_not_loaded(tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path) as kept:
        await kept.bookings.put_bookings([booking("old", hours=-26), booking("recent", hours=-24), booking("next")])
        before = await kept.people.version()
        assert set((await kept.people.load()).bookings) == {"recent", "next"}

        await kept.bookings.cancel_booking(BookingId("next"))
        change = await kept.people.changed_since(before)
        assert change is not None
        assert set(change.bookings) == {"recent", "next"}


# --- public events ----------------------------------------------------------------------------------------------------


async def test_an_event_keeps_its_path_in_order(kept: Kept) -> None:
    before = await kept.people.version()

    await kept.events.put_event(TALK)

    change = await kept.people.changed_since(before)
    assert change is not None
    assert change.events == {TALK.id: TALK}
    assert (change.tickets, change.ticket_digests) == ({}, {})


async def test_an_event_changed_in_place_keeps_its_tickets(kept: Kept) -> None:
    await kept.events.put_event(TALK)
    await kept.events.add_tickets([TICKET])

    shorter = replace(TALK, path=TALK.path[:2], capacity=20, entry=EventEntry.OPEN, is_public=True)
    await kept.events.put_event(shorter)

    now = await kept.people.load()
    assert (now.events, now.tickets) == ({TALK.id: shorter}, {TICKET.ticket.id: TICKET.ticket})
    assert now.ticket_digests == {b"t" * 32: TICKET.ticket.id}
    # As a credential is named that a ticket is at a door.
    assert now.list_digests["ticket:t-1"] == b"T" * 32  # type: ignore[index]


async def test_an_event_starts_once_its_host_has_entered_and_ends_once(kept: Kept) -> None:
    await kept.events.put_event(TALK)

    started = await kept.events.start_event(TALK.id, NOON)
    assert await kept.events.start_event(TALK.id, NOON + HOUR) == started
    ended = await kept.events.end_event(TALK.id, NOON + HOUR)
    assert await kept.events.end_event(TALK.id, NOON + 2 * HOUR) == ended

    now = (await kept.people.load()).events[TALK.id]
    assert (now.host_entered_at, now.ended_at) == (NOON, NOON + HOUR)
    with pytest.raises(InputError, match=r"event 'talk' ended at .*: it does not start again"):
        await kept.events.start_event(TALK.id, NOON)


async def test_a_void_ticket_stays_and_is_void(kept: Kept) -> None:
    await kept.events.put_event(TALK)
    await kept.events.add_tickets([TICKET])

    await kept.events.void_ticket(TICKET.ticket.id)

    now = await kept.people.load()
    assert now.tickets == {TICKET.ticket.id: replace(TICKET.ticket, is_void=True)}
    assert now.ticket_digests == {b"t" * 32: TICKET.ticket.id}


async def test_tickets_come_all_or_none(kept: Kept) -> None:
    await kept.events.put_event(TALK)
    await kept.events.add_tickets([TICKET])
    before = await kept.people.version()
    fresh = NewTicket(Ticket(TicketId("t-2"), TALK.id, person=BEN), b"u" * 32)

    for wrong, told in (
        (TICKET, "ticket 't-1' is there already"),
        (NewTicket(Ticket(TicketId("t-3"), TALK.id), b"t" * 32), "ticket 't-3': another ticket has the same token"),
        (NewTicket(Ticket(TicketId("t-3"), EventId("tolk")), b"v" * 32), "no event 'tolk': did you mean 'talk'"),
        (NewTicket(Ticket(TicketId("t-3"), TALK.id, person=PersonId("bens")), b"v" * 32), "no person 'bens'"),
    ):
        with pytest.raises(InputError, match=told):
            await kept.events.add_tickets([fresh, wrong])
    assert await kept.people.version() == before
    assert b"u" * 32 not in repr(fresh).encode()


async def test_an_event_that_makes_no_sense_is_refused(kept: Kept) -> None:
    before = await kept.people.version()

    for wrong, told in (
        (replace(TALK, end=NOON), r"event 'talk' ends .*, before it starts"),
        (replace(TALK, path=()), "event 'talk' has no doors: name its path, the street door first"),
        (replace(TALK, path=TALK.path[:1] * 2), "event 'talk' names a door twice on its path street, street"),
        (replace(TALK, capacity=0), "event 'talk' has room for 0"),
        (replace(TALK, host=PersonId("adda")), "no person 'adda': did you mean 'ada'"),
    ):
        with pytest.raises(InputError, match=told):
            await kept.events.put_event(wrong)
    for asked in (kept.events.start_event(TALK.id, NOON), kept.events.end_event(TALK.id, NOON)):
        with pytest.raises(InputError, match="no event 'talk'"):
            await asked
    with pytest.raises(InputError, match="no ticket 't-1'"):
        await kept.events.void_ticket(TICKET.ticket.id)
    assert await kept.people.version() == before


# --- guests and visits ------------------------------------------------------------------------------------------------


async def test_a_guest_is_invited_by_a_member_for_a_window(kept: Kept) -> None:
    before = await kept.people.version()

    await kept.guests.put_guest_pass(PASS, "Grace Hopper")

    change = await kept.people.changed_since(before)
    assert change is not None
    assert change.people == {GUEST: Person(GUEST, "Grace Hopper", PersonKind.GUEST)}
    assert change.guest_passes == (PASS,)


async def test_an_invitation_is_changed_and_revoked(kept: Kept) -> None:
    await kept.guests.put_guest_pass(PASS)
    longer = replace(PASS, end=NOON + 2 * HOUR)
    version = await kept.guests.put_guest_pass(longer)
    assert await kept.guests.put_guest_pass(longer) == version

    revoked = await kept.guests.revoke_guest_pass(PASS.id)

    assert (await kept.people.load()).guest_passes == (replace(longer, is_revoked=True),)
    assert await kept.guests.revoke_guest_pass(PASS.id) == revoked


async def test_an_invitation_that_makes_no_sense_is_refused(kept: Kept) -> None:
    before = await kept.people.version()

    for wrong, told in (
        (replace(PASS, guest=ADA), "'ada' cannot be their own guest"),
        (replace(PASS, end=NOON - HOUR), r"guest pass 'g-1' ends .*, before it starts"),
        (replace(PASS, host=PersonId("adda")), "no person 'adda': did you mean 'ada'"),
    ):
        with pytest.raises(InputError, match=told):
            await kept.guests.put_guest_pass(wrong)
    with pytest.raises(InputError, match="no guest pass 'g-1'"):
        await kept.guests.revoke_guest_pass(PASS.id)
    with pytest.raises(InputError, match="visiting pass 'v-1' gives -1 days"):
        await kept.guests.record_visit(replace(VISIT, days=-1))
    assert await kept.people.version() == before


async def test_a_visitor_of_a_partner_space_is_known_from_the_first_visit_on(kept: Kept) -> None:
    version = await kept.guests.record_visit(VISIT, "Claire")

    now = await kept.people.load()
    assert now.visits == (VISIT,)
    assert now.people[VISITOR] == Person(VISITOR, "Claire", PersonKind.VISITOR)
    assert await kept.guests.record_visit(VISIT, "Claire") == version


async def test_a_visiting_pass_is_revocable_seen_here_or_not(kept: Kept) -> None:
    await kept.guests.record_visit(VISIT)
    before = await kept.people.version()

    await kept.guests.revoke_pass(VISIT.id, "lost phone", NOON)
    await kept.guests.revoke_pass("v-2", "stolen", NOON)

    change = await kept.people.changed_since(before)
    assert change is not None
    assert change.visits == (replace(VISIT, is_revoked=True),)
    assert change.revoked_passes == {"v-1", "v-2"}
    await kept.guests.record_visit(replace(VISIT, id="v-2"))
    assert [one.is_revoked for one in (await kept.people.load()).visits] == [True, True]


async def test_two_writers_keep_the_versions_straight(tmp_path: Path) -> None:
    """Two processes have a connection each; so do two registries over one file."""
    path = tmp_path / "natoma.db"
    async with opened("sqlite", tmp_path) as one, SqlRegistry(path, key_id="k1", now=lambda: NOON) as second:
        both = (one, kept_in(second))
        before = await one.people.version()

        versions = await asyncio.gather(
            *(both[n % 2].bookings.put_booking(booking(f"b{n}", hours=n)) for n in range(20)),
            *(both[n % 2].people.set_rights(BEN, list(Right)[: n + 1]) for n in range(5)),
        )

        assert sorted(versions) == list(range(before + 1, before + 26))
        change = await one.people.changed_since(before)
        assert change is not None
        assert (change.version, change.touched, change.booked_areas) == (before + 25, {BEN}, {PINE})
        assert await one.people.load() == await second.load()
