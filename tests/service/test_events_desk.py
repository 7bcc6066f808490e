"""Public events at the desk: what may be announced, and tickets whose tokens are told once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.holdings import EventEntry, PublicEvent
from controller.domain.ids import DoorId, EventId, PersonId
from controller.domain.membership import Person
from controller.errors import InputError
from controller.services.ports import RegistrySnapshot
from controller.services.visitors.events_desk import EventsDesk, as_csv, tickets_of
from tests.support.memory_registry import MemoryRegistry
from tests.support.memory_stores import MemoryPublicEvents
from tests.support.services import LAB_DOOR, NOON, SPACE, STREET, with_door

HERA = Person(PersonId("hera"), "Hera")
START, END = NOON + timedelta(hours=7), NOON + timedelta(hours=9)
TALK = PublicEvent(EventId("talk"), "A talk", HERA.id, LAB_DOOR.inner, (STREET.id, LAB_DOOR.id), START, END, 40)


class Desk:
    """The desk over a registry in memory, opened anew for each command."""

    def __init__(self, *events: PublicEvent, space=SPACE) -> None:
        self.space = space
        self.registry = MemoryRegistry(
            RegistrySnapshot(1, people={HERA.id: HERA}, events={event.id: event for event in events})
        )
        self.now = NOON

    @property
    def desk(self) -> EventsDesk:
        now = self.registry.now
        return EventsDesk(MemoryPublicEvents(self.registry), self.space, now.people, now.events, now.tickets, self.now)

    async def adds(self, **changed: object) -> str:
        asked = {
            "id": "talk",
            "name": "A talk",
            "host": "Hera",
            "path": ["street", "lab"],
            "start": START,
            "end": END,
            "capacity": 40,
            "entry": EventEntry.TICKET,
        }
        return await self.desk.add(**{**asked, **changed})  # type: ignore[arg-type]


def digest(token: str) -> bytes:
    return b"digest of " + token.encode()


async def test_an_event_is_announced_with_its_path():
    house = Desk()
    said = await house.adds()

    assert house.registry.now.events == {TALK.id: TALK}
    assert said == "A talk, today 19:00 to today 21:00, for 40: begins when Hera has come in, from today 18:00 on."


async def test_one_that_has_not_begun_is_changed_and_one_that_has_is_not():
    house = Desk(TALK)
    await house.adds(capacity=50)
    running = Desk(replace(TALK, host_entered_at=START))

    assert house.registry.now.events[TALK.id].capacity == 50
    with pytest.raises(InputError, match="event 'talk' has begun"):
        await running.adds(capacity=50)


STAFF_DOOR = with_door(SPACE, replace(LAB_DOOR, staff_only=True))
AWAY = with_door(SPACE, replace(LAB_DOOR, id=DoorId("attic"), outer="attic-stairs"))


@pytest.mark.parametrize(
    ("space", "changed", "words"),
    [
        (SPACE, {"id": "Big Talk"}, "ID: 'Big Talk' — lower-case letters"),
        (SPACE, {"host": "hero"}, "--host: nobody here is 'hero'"),
        (SPACE, {"path": []}, "--door: name each door on the way"),
        (SPACE, {"path": ["strete"]}, "--door: House has no door 'strete' — there is street, lab"),
        (SPACE, {"path": ["lab"]}, "--door: Lab door is not a door to the street"),
        (STAFF_DOOR, {}, "--door: Lab door is for staff only"),
        (AWAY, {"path": ["street", "attic"]}, "--door: Lab door is not reached by the doors before it"),
        (SPACE, {"start": NOON - timedelta(hours=2), "end": NOON}, "--to: today 12:00 is over"),
        (SPACE, {"end": END + timedelta(days=1)}, "an event lasts 24 hours at most"),
        (SPACE, {"end": START}, "--to: today 19:00 is not after --from, today 19:00 — name a later end"),
    ],
    ids=["id", "host", "no way", "no door", "from inside", "staff only", "a gap", "over", "too long", "backwards"],
)
async def test_what_makes_no_sense_changes_nothing(space, changed, words):
    house = Desk(space=space)
    with pytest.raises(InputError) as refused:
        await house.adds(**changed)

    assert words in str(refused.value)
    assert house.registry.now.events == {}


async def test_an_event_is_ended_early_once():
    house = Desk(replace(TALK, host_entered_at=START))
    house.now = START + timedelta(minutes=30)
    await house.desk.end("talk")

    assert house.registry.now.events[TALK.id].ended_at == house.now
    with pytest.raises(InputError, match="is over already, since today 19:30"):
        await house.desk.end("talk")
    with pytest.raises(InputError, match="no event 'walk' — there is talk"):
        await house.desk.end("walk")


async def test_tickets_tokens_are_told_once_and_kept_as_digests():
    house = Desk(TALK)
    made = await house.desk.add_tickets("talk", [("Ada", "ada@example.org"), ("Bea", "")], digest)
    now = house.registry.now

    assert {ticket.name for ticket in now.tickets.values()} == {"Ada", "Bea"}
    assert [now.ticket_digests[digest(one.token)] for one in made] == [one.ticket.id for one in made]
    assert len({one.token for one in made}) == 2
    assert all(one.token not in repr(made) for one in made)
    assert as_csv(made).splitlines()[0] == "name,email,ticket,token"
    assert as_csv(made).splitlines()[1].startswith("Ada,ada@example.org,talk-")


async def test_an_event_that_is_over_takes_no_more_tickets():
    house = Desk(TALK)
    house.now = END

    with pytest.raises(InputError, match="is over: it takes no more tickets"):
        await house.desk.add_tickets("talk", [("Ada", "")], digest)


async def test_a_ticket_is_made_void_once_and_counts_no_more():
    house = Desk(TALK)
    [made] = await house.desk.add_tickets("talk", [("Ada", "")], digest)
    said = await house.desk.void_ticket(made.ticket.id)

    assert said == f"ticket {made.ticket.id} of Ada is void: it opens no door any more."
    assert house.registry.now.tickets[made.ticket.id].is_void
    assert ", 0 tickets, " in house.desk.listed()[0]
    with pytest.raises(InputError, match=f"ticket {made.ticket.id} of Ada is void already"):
        await house.desk.void_ticket(made.ticket.id)
    with pytest.raises(InputError, match="no ticket 'talk-0000': the file that `natoma event tickets` wrote"):
        await house.desk.void_ticket("talk-0000")


async def test_events_in_words():
    house = Desk(TALK, replace(TALK, id=EventId("open"), entry=EventEntry.OPEN, host_entered_at=START))
    await house.desk.add_tickets("talk", [("Ada", "")], digest)
    house.now = START + timedelta(minutes=5)

    assert house.desk.listed() == [
        "open  A talk, today 19:00 to today 21:00, for 40, open to all, host Hera: running",
        "talk  A talk, today 19:00 to today 21:00, for 40, 1 ticket, host Hera: waits for its host",
    ]


def test_names_are_read_with_or_without_a_heading_and_e_mails():
    assert tickets_of("name,email\nAda, ada@example.org\n\nBea\n", "x.csv") == [("Ada", "ada@example.org"), ("Bea", "")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "x.csv: has no names"),
        ("Ada,a@b,c\n", "x.csv:1: 3 columns"),
        ("Ada\n,ada@example.org\n", "x.csv:2: name ''"),
        ("Ada,ada\n", "x.csv:1: e-mail 'ada' has no @"),
    ],
    ids=["nothing", "columns", "no name", "no e-mail"],
)
def test_a_wrong_row_is_named(text, words):
    with pytest.raises(InputError) as refused:
        tickets_of(text, "x.csv")

    assert words in str(refused.value)
