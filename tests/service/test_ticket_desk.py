"""Tickets at the desk: who gets one, told once and kept as a digest, all or none."""

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.holdings import EventEntry, PublicEvent, Ticket
from controller.domain.ids import EventId, PersonId, TicketId
from controller.domain.membership import Person
from controller.errors import InputError
from controller.services.ports import RegistrySnapshot
from controller.services.visitors.ticket_desk import TicketDesk, as_csv, new_token
from controller.services.visitors.ticket_file import Guest
from tests.support.memory_registry import MemoryRegistry
from tests.support.memory_stores import MemoryPublicEvents
from tests.support.services import LAB_DOOR, NOON, SPACE, STREET

HERA, ADA_HERE = Person(PersonId("hera"), "Hera"), Person(PersonId("ada"), "Ada L.")
START, END = NOON + timedelta(hours=7), NOON + timedelta(hours=9)
TALK = PublicEvent(EventId("talk"), "A talk", HERA.id, LAB_DOOR.inner, (STREET.id, LAB_DOOR.id), START, END, 2)
ADA, BEA = Guest(1, "Ada", "ada@example.org"), Guest(2, "Bea")


class Desk:
    def __init__(self, event: PublicEvent = TALK, tickets: tuple[Ticket, ...] = ()) -> None:
        self.registry = MemoryRegistry(
            RegistrySnapshot(
                1,
                people={one.id: one for one in (HERA, ADA_HERE)},
                events={event.id: event},
                tickets={ticket.id: ticket for ticket in tickets},
            )
        )
        self.now = NOON

    @property
    def desk(self) -> TicketDesk:
        return TicketDesk(MemoryPublicEvents(self.registry), SPACE, self.registry.now, self.now)

    def makes(self, *guests: Guest, **how: bool):
        return self.desk.make(self.desk.event("talk"), guests, "x.csv", **how)

    def refuses(self, *guests: Guest, **how: bool) -> str:
        with pytest.raises(InputError) as refused:
            self.makes(*guests, **how)
        return str(refused.value)


def digest(token: str) -> bytes:
    return b"digest of " + token.encode()


async def test_tokens_are_told_once_and_kept_as_digests():
    house = Desk()
    made = house.makes(ADA, BEA)
    nothing_yet = dict(house.registry.now.tickets)
    await house.desk.keep(made, digest)
    now = house.registry.now

    assert nothing_yet == {}
    assert {ticket.name for ticket in now.tickets.values()} == {"Ada", "Bea"}
    assert [now.ticket_digests[digest(one.token)] for one in made] == [one.ticket.id for one in made]
    assert all(one.token not in repr(made) for one in made)


def test_a_count_makes_as_many_tickets_each_with_its_own_token():
    made = Desk().makes(replace(ADA, count=3))

    assert [one.ticket.name for one in made] == ["Ada"] * 3
    assert len({one.token for one in made} | {one.ticket.id for one in made}) == 6


def test_a_token_is_capitals_and_digits_alone_so_that_no_sheet_runs_it_and_people_can_type_it():
    tokens = {new_token() for _ in range(200)}

    assert len(tokens) == 200
    assert all(len(token) == 24 and set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for token in tokens)


def test_somebody_of_the_house_is_found_by_id_or_name():
    made = Desk().makes(Guest(1, "Ada", person="ada"), Guest(2, "Hera", person="Hera"))

    assert [one.ticket.person for one in made] == [ADA_HERE.id, HERA.id]


HAS_ONE = (Ticket(TicketId("talk-1"), TALK.id, "Ada"), Ticket(TicketId("talk-2"), TALK.id, "Hera", HERA.id))


@pytest.mark.parametrize(
    ("guest", "words"),
    [
        (Guest(4, "X", person="hero"), "x.csv:4: person: 'hero' — nobody here is 'hero' — did you mean"),
        (Guest(4, "X", person="ada", count=2), "x.csv:4: count: 2 — somebody of this house needs one ticket"),
        (Guest(4, "Hera", person="hera"), "x.csv:4: person: 'hera' — has a ticket for talk already"),
        (Guest(4, "ADA"), "x.csv:4: name: 'ADA' — has a ticket for talk already; take the row away, or say --again"),
    ],
    ids=["nobody", "several for one", "has one", "the same list again"],
)
def test_a_row_that_cannot_be_is_named_and_no_ticket_is_made(guest, words):
    said = Desk(tickets=HAS_ONE).refuses(BEA, guest)

    assert words in said
    assert said.endswith("No ticket was made.")


def test_one_person_in_two_rows_under_id_and_name_is_one():
    said = Desk().refuses(Guest(2, "Hera", person="hera"), Guest(5, "Hera", person="HERA"))

    assert "x.csv:5: person: 'HERA' — is in line 2 already" in said


def test_again_takes_a_name_that_has_a_ticket_and_a_void_one_stands_in_nobodys_way():
    again = Desk(tickets=HAS_ONE).makes(ADA, again=True)
    after_void = Desk(tickets=(replace(HAS_ONE[0], is_void=True),)).makes(ADA)

    assert (len(again), len(after_void)) == (1, 1)


@pytest.mark.parametrize("event", [replace(TALK, end=NOON), replace(TALK, ended_at=NOON)], ids=["over", "ended early"])
def test_an_event_that_is_over_takes_no_more_tickets(event):
    with pytest.raises(InputError, match="event 'talk' is over: it takes no more tickets"):
        Desk(event).desk.event("talk")


def test_an_event_nobody_announced_is_named_with_those_there_are():
    with pytest.raises(InputError, match="no event 'walk' — there is talk"):
        Desk().desk.event("walk")


def test_more_tickets_than_places_are_said_and_so_is_an_event_that_asks_for_none():
    few = Desk().desk.told(TALK, Desk().makes(ADA))
    many = Desk(tickets=HAS_ONE).desk.told(TALK, Desk().makes(ADA))
    open_ = Desk().desk.told(replace(TALK, entry=EventEntry.OPEN), Desk().makes(ADA, BEA))

    assert few == ["1 ticket for A talk, today 19:00."]
    assert many[1] == "There are 3 tickets now for 2 places: whoever comes when it is full is turned away."
    assert open_[1].startswith("This event is open to all")


def test_the_file_of_tokens_names_each_picture():
    made = Desk().makes(ADA)
    [heading, row] = csv.reader(io.StringIO(as_csv(made, lambda one: f"{one.ticket.id}.png")))

    assert heading == ["name", "email", "ticket", "token", "qr"]
    assert row == ["Ada", "ada@example.org", made[0].ticket.id, made[0].token, f"{made[0].ticket.id}.png"]
