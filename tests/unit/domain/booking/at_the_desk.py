"""A small house with rooms to book, and short ways to ask: for tests of what may be booked and what becomes of it.

Pine is a meeting room with a quarter of an hour between bookings, Hall asks for approval and has hours, Cell has neither.
"""

from dataclasses import replace
from datetime import timedelta

from controller.domain.booking.rules import Circumstances, Refused, RefuseReason, Wish, judge
from controller.domain.building import Area, Device, DeviceKind, Room, RoomKind, Space
from controller.domain.holdings import Booking, BookingState
from controller.domain.house import HouseState
from controller.domain.ids import AreaId, BookingId, DeviceId, PersonId
from controller.domain.membership import Person, PersonKind
from tests.unit.domain.house import ALICE, GROUND, HOST, HOURS, NOON, SPACE, local, member

PINE, HALL, CELL, STUDIO = (AreaId(name) for name in ("office", "hall", "cell", "studio"))
"""Pine is the office of the house: the street, the landing and its own door lead to it."""

BOB = Person(PersonId("bob"), "Bob")
GINA = Person(PersonId("gina"), "Gina", PersonKind.GUEST)
PEOPLE = {person.id: person for person in (ALICE, BOB, GINA, HOST)}

HOUSE = replace(
    SPACE,
    areas={
        **SPACE.areas,
        PINE: Area(PINE, "Pine", GROUND, room=Room(RoomKind.MEETING, bookable=True, buffer_minutes=15)),
        HALL: Area(
            HALL,
            "Hall",
            GROUND,
            room=Room(RoomKind.CLASSROOM, bookable=True, needs_approval=True, hours=HOURS, longest_minutes=240),
        ),
        CELL: Area(CELL, "Cell", GROUND, room=Room(RoomKind.FOCUS, bookable=True)),
    },
)

ON_AIR_LIGHT = Device(DeviceId("light-studio"), DeviceKind.LIGHT, area=STUDIO)
WITH_STUDIO = replace(
    HOUSE,
    areas={
        **HOUSE.areas,
        STUDIO: Area(STUDIO, "Studio", GROUND, room=Room(RoomKind.BOOTH, bookable=True)),
    },
    devices={**HOUSE.devices, ON_AIR_LIGHT.id: ON_AIR_LIGHT},
)
"""The house with a booth that goes on air."""

ALICE_ASKS = Circumstances(HOUSE, HouseState(), NOON, ALICE.id, by_staff=False, people=PEOPLE, memberships=(member(),))
BOB_ASKS = replace(ALICE_ASKS, by=BOB.id)
STAFF_ASK = replace(ALICE_ASKS, by=HOST.id, by_staff=True, memberships=())
PANEL_ASKS = replace(ALICE_ASKS, by=None)


def with_room(area: AreaId = PINE, space: Space = HOUSE, **more: object) -> Space:
    """The house with one room set up otherwise."""
    known = space.areas[area]
    assert known.room is not None
    return replace(space, areas={**space.areas, area: replace(known, room=replace(known.room, **more))})  # type: ignore[arg-type]


def asking(known: Circumstances = ALICE_ASKS, *, now: str | None = None, **more: object) -> Circumstances:
    """The same circumstances, otherwise."""
    if now is not None:
        more["now"] = local(now)
    return replace(known, **more)  # type: ignore[arg-type]


def wish(start: str = "2026-11-23 14:00", end: str = "2026-11-23 15:00", **more: object) -> Wish:
    """Alice's, for Pine."""
    return replace(Wish(PINE, local(start), local(end), ALICE.id), **more)  # type: ignore[arg-type]


def pine(start: str = "2026-11-23 14:00", end: str = "2026-11-23 15:00", **more: object) -> Booking:
    """A booking of Pine by Alice, made the day before, as the desk would have made it."""
    begins, ends = local(start), local(end)
    made = Booking(
        BookingId("b1"),
        PINE,
        begins,
        ends,
        ALICE.id,
        made_at=local("2026-11-22 12:00"),
        held_until=ends + timedelta(minutes=15),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def booked(asked: Wish, known: Circumstances = ALICE_ASKS) -> Booking:
    """The booking a wish becomes."""
    answer = judge(asked, known, BookingId("b2"))
    assert isinstance(answer, Booking), answer.sentence
    return answer


def refusal(answer: object) -> Refused:
    assert isinstance(answer, Refused), answer
    return answer


def why(asked: Wish, known: Circumstances = ALICE_ASKS) -> RefuseReason | BookingState:
    """The one word of the answer."""
    answer = judge(asked, known, BookingId("b2"))
    return answer.reason if isinstance(answer, Refused) else answer.state


def said(asked: Wish, known: Circumstances = ALICE_ASKS) -> str:
    """The sentence of a refusal."""
    return refusal(judge(asked, known, BookingId("b2"))).sentence
