"""What anybody may know of coming events: only what was made public, and how many seats are left."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.holdings import EventEntry, PublicEvent, Ticket
from controller.domain.ids import EventId, PersonId, TicketId
from controller.domain.membership import Person
from controller.services.ports import RegistrySnapshot
from controller.services.visitors.public_list import Stage
from tests.support.services import LAB_DOOR, NOON, SF, STREET, HandClock, House

HOST = Person(PersonId("hera"), "Hera")
TALK = PublicEvent(
    EventId("talk"),
    "A talk",
    HOST.id,
    LAB_DOOR.inner,
    (STREET.id, LAB_DOOR.id),
    NOON + timedelta(hours=7),
    NOON + timedelta(hours=9),
    3,
    is_public=True,
)


def coming(*events: PublicEvent, tickets: tuple[Ticket, ...] = ()):
    house = House(
        people=RegistrySnapshot(
            1,
            people={HOST.id: HOST},
            events={event.id: event for event in events},
            tickets={ticket.id: ticket for ticket in tickets},
        )
    )
    return house.services.listing.coming()


async def test_a_public_event_is_told_in_the_zone_of_the_space_without_its_host():
    [listed] = coming(TALK)

    assert (listed.name, listed.place, listed.stage) == ("A talk", "Lab", Stage.COMING)
    assert (listed.start.isoformat(), listed.start.tzinfo) == ("2026-11-23T19:00:00-08:00", SF)
    assert "hera" not in repr(listed).casefold()


@pytest.mark.parametrize(
    "event",
    [
        replace(TALK, is_public=False),
        replace(TALK, end=NOON),
        replace(TALK, ended_at=NOON),
        replace(TALK, start=NOON + timedelta(days=200), end=NOON + timedelta(days=200, hours=2)),
    ],
    ids=["not public", "over", "ended early", "far ahead"],
)
async def test_what_was_not_made_public_or_is_over_is_not_told(event):
    assert coming(event) == []


async def test_seats_left_are_those_without_a_ticket_void_ones_aside():
    tickets = (
        Ticket(TicketId("t1"), TALK.id, "Ada"),
        Ticket(TicketId("t2"), TALK.id, "Bea", is_void=True),
        Ticket(TicketId("t3"), EventId("walk"), "Cy"),
    )
    [listed] = coming(TALK, tickets=tickets)

    assert (listed.seats, listed.seats_left) == (3, 2)


async def test_more_tickets_than_seats_leave_none():
    tickets = tuple(Ticket(TicketId(f"t{number}"), TALK.id) for number in range(5))

    assert coming(TALK, tickets=tickets)[0].seats_left == 0


async def test_one_open_to_all_has_as_many_seats_left_as_nobody_sits_on():
    event = replace(TALK, entry=EventEntry.OPEN, start=NOON, host_entered_at=NOON)
    [listed] = coming(event)

    assert (listed.seats_left, listed.stage) == (3, Stage.RUNNING)


async def test_however_many_ask_it_is_counted_once_in_two_seconds():
    clock = HandClock()
    house = House(people=RegistrySnapshot(1, people={HOST.id: HOST}, events={TALK.id: TALK}), clock=clock)
    listing = house.services.listing
    first = listing.coming()
    house.index.load(replace(house.index.people, events={}))
    clock.advance(1.9)
    soon = listing.coming()
    clock.advance(0.1)

    assert (len(first), len(soon), listing.coming()) == (1, 1, [])


async def test_the_next_one_comes_first():
    later = replace(TALK, id=EventId("later"), start=TALK.start + timedelta(days=1), end=TALK.end + timedelta(days=1))

    assert [listed.id for listed in coming(later, TALK)] == ["talk", "later"]
