"""Public events at the desk: what may be announced and ended, and tickets that are taken back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.holdings import Booking, BookingState, EventEntry, PublicEvent, Ticket
from controller.domain.ids import BookingId, DoorId, EventId, PersonId, TicketId
from controller.domain.membership import Person
from controller.errors import InputError
from controller.services.ports import RegistrySnapshot
from controller.services.stores import NewTicket
from controller.services.visitors.events_desk import EventsDesk
from tests.support.memory_registry import MemoryRegistry
from tests.support.memory_stores import MemoryPublicEvents
from tests.support.services import LAB_DOOR, NOON, SPACE, STREET, with_door

HERA = Person(PersonId("hera"), "Hera")
START, END = NOON + timedelta(hours=7), NOON + timedelta(hours=9)
TALK = PublicEvent(EventId("talk"), "A talk", HERA.id, LAB_DOOR.inner, (STREET.id, LAB_DOOR.id), START, END, 40)

ADAS = Ticket(TicketId("talk-1"), TALK.id, "Ada")


class Desk:
    """The desk over a registry in memory, opened anew for each command."""

    def __init__(self, *events: PublicEvent, space=SPACE) -> None:
        self.space = space
        self.registry = MemoryRegistry(
            RegistrySnapshot(1, people={HERA.id: HERA}, events={event.id: event for event in events})
        )
        self.now = NOON
        self.bookings: list[Booking] = []

    @property
    def desk(self) -> EventsDesk:
        now = self.registry.now
        return EventsDesk(
            MemoryPublicEvents(self.registry),
            self.space,
            now.people,
            now.events,
            now.tickets,
            self.now,
            self.bookings,
        )

    async def has_ticket(self) -> None:
        await MemoryPublicEvents(self.registry).add_tickets([NewTicket(ADAS, b"digest")])

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


async def test_an_event_is_announced_with_its_path():
    house = Desk()
    said = await house.adds()

    assert house.registry.now.events == {TALK.id: TALK}
    assert said == "A talk, today 19:00 to today 21:00, for 40: begins when Hera has come in, from today 18:00 on."


async def test_one_is_on_the_public_page_only_when_somebody_says_so():
    house = Desk()
    await house.adds()
    before = house.registry.now.events[TALK.id].is_public
    said = await house.adds(is_public=True)

    assert (before, house.registry.now.events[TALK.id].is_public) == (False, True)
    assert said.endswith("on. Its name, time, place and free seats are on the public page.")
    assert ", host Hera, on the public page: waits for its host" in house.desk.listed()[0]


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


async def test_a_ticket_is_made_void_once_and_counts_no_more():
    house = Desk(TALK)
    await house.has_ticket()
    said = await house.desk.void_ticket(ADAS.id)

    assert said == "ticket talk-1 of Ada is void: it opens no door any more."
    assert house.registry.now.tickets[ADAS.id].is_void
    assert ", 0 tickets, " in house.desk.listed()[0]
    with pytest.raises(InputError, match="ticket talk-1 of Ada is void already"):
        await house.desk.void_ticket(ADAS.id)
    with pytest.raises(InputError, match="no ticket 'talk-0000': the file that `natoma event tickets` wrote"):
        await house.desk.void_ticket("talk-0000")


async def test_events_in_words():
    house = Desk(TALK, replace(TALK, id=EventId("open"), entry=EventEntry.OPEN, host_entered_at=START))
    await house.has_ticket()
    house.now = START + timedelta(minutes=5)

    assert house.desk.listed() == [
        "open  A talk, today 19:00 to today 21:00, for 40, open to all, host Hera: running",
        "talk  A talk, today 19:00 to today 21:00, for 40, 1 ticket, host Hera: waits for its host",
    ]


# --- what is booked in its room ---------------------------------------------------------------------------------------

HOUR = timedelta(hours=1)


def booking(id: str, start, end, **more: object) -> Booking:
    made = Booking(BookingId(id), LAB_DOOR.inner, start, end, HERA.id, title="Secret board")
    return replace(made, **more)  # type: ignore[arg-type]


async def test_an_event_over_a_booking_is_not_announced_without_a_word():
    house = Desk()
    house.bookings = [booking("b-1", START + HOUR, END + HOUR)]
    with pytest.raises(
        InputError, match=r"^--over-bookings: .* is booked then: b-1 today 20:00 to today 22:00 — "
    ) as caught:
        await house.adds()

    assert house.registry.now.events == {}
    assert "Secret" not in str(caught.value)


async def test_who_says_so_announces_it_over_bookings_and_is_told_which():
    house = Desk()
    house.bookings = [booking(f"b-{n}", START, END) for n in range(12)]
    said = await house.adds(over_bookings=True)

    assert house.registry.now.events == {TALK.id: TALK}
    assert " Booked then as well: b-0 today 19:00 to today 21:00, b-1 " in said
    assert said.endswith(", and 2 more; tell them.")


async def test_what_is_booked_elsewhere_before_after_or_no_more_is_in_no_event_s_way():
    house = Desk()
    house.bookings = [
        booking("b-1", START, END, area=STREET.inner),
        booking("b-2", START - HOUR, START),
        booking("b-3", END, END + HOUR),
        booking("b-4", START, END, state=BookingState.CANCELLED),
    ]
    await house.adds()

    assert house.registry.now.events == {TALK.id: TALK}


# --- its name ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x" * 10_000, "--name: 10000 characters — 1 to 80"),
        ("  ", "--name: 0 characters — 1 to 80"),
        ("Tides\nand more", "--name: has a line break or another unseen character"),
        ("Tides \u202etxet", "--name: has a line break or another unseen character"),
    ],
)
async def test_a_name_that_visitors_could_not_read_is_refused(name: str, said: str):
    house = Desk()
    with pytest.raises(InputError) as caught:
        await house.adds(name=name)

    assert str(caught.value).startswith(said)
    assert house.registry.now.events == {}


async def test_a_name_may_be_in_any_script():
    house = Desk()
    await house.adds(name=" می\u200cخواهم ")

    assert house.registry.now.events[TALK.id].name == "می\u200cخواهم"
