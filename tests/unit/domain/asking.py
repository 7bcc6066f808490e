"""Short ways to ask `decide`, and to hold something: for tests of what lets people in."""

from dataclasses import replace
from datetime import date, datetime

from controller.domain.access import Decision, Denied, DenyReason, Grant, Granted, GrantKind, Miss, Read, Rights, decide
from controller.domain.building import Space
from controller.domain.holdings import Booking, HeldTicket, PublicEvent, Ticket
from controller.domain.ids import BookingId, DoorId, EventId, TicketId
from controller.domain.usage import Usage
from tests.unit.domain.house import ALICE, FLOOR, HOST, LANDING, NOON, OFFICE, SPACE, STREET, local, read


def answer(rights: Rights, at: datetime = NOON, read_: Read | None = None) -> DenyReason | GrantKind:
    """The one word of the answer."""
    decision = decided(rights, at, read_)
    return decision.grant.kind if isinstance(decision, Granted) else decision.reason


def decided(rights: Rights, at: datetime = NOON, read_: Read | None = None) -> Granted | Denied:
    decision: Decision = decide(read_ or read(at), rights, at)
    assert isinstance(decision, Granted | Denied)
    return decision


def failing(rights: Rights, at: datetime = NOON, read_: Read | None = None) -> list[DenyReason]:
    """Every failing step's reason, in order."""
    return [each.reason for each in decided(rights, at, read_).failed]


def granted(rights: Rights, at: datetime = NOON, read_: Read | None = None) -> Grant:
    decision = decided(rights, at, read_)
    assert isinstance(decision, Granted), decision
    return decision.grant


def miss(rights: Rights, at: datetime = NOON) -> Miss | None:
    decision = decided(rights, at)
    assert isinstance(decision, Denied), decision
    return decision.miss


def next_time(rights: Rights, at: datetime = NOON) -> datetime | None:
    near = miss(rights, at)
    return near.next_time if near is not None else None


def days(*texts: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(text) for text in texts)


def used(*texts: str, **more: object) -> Usage:
    """Somebody who has come on these business days of a plan."""
    return replace(Usage(quota_days=days(*texts)), **more)  # type: ignore[arg-type]


def booking(start: str = "2026-11-23 14:00", end: str = "2026-11-23 15:00", **more: object) -> Booking:
    """Alice's, of the office."""
    return replace(Booking(BookingId("b1"), OFFICE, local(start), local(end), ALICE.id), **more)  # type: ignore[arg-type]


def evening(**more: object) -> PublicEvent:
    """A talk for thirty on Monday evening, by the street and the landing; its host has come."""
    event = PublicEvent(
        EventId("talk"),
        "Talk",
        HOST.id,
        FLOOR,
        (DoorId(STREET.id), DoorId(LANDING.id)),
        local("2026-11-23 19:00"),
        local("2026-11-23 22:00"),
        30,
        host_entered_at=local("2026-11-23 18:40"),
    )
    return replace(event, **more)  # type: ignore[arg-type]


def ticket(event: PublicEvent | None = None, **more: object) -> HeldTicket:
    return replace(HeldTicket(Ticket(TicketId("t1"), EventId("talk")), event or evening()), **more)  # type: ignore[arg-type]


def with_plans(space: Space = SPACE, **changes: dict[str, object]) -> Space:
    """The space with some plans changed, by plan id (underscores for dashes)."""
    plans = dict(space.plans)
    for name, more in changes.items():
        plan = next(each for each in plans.values() if each.id == name.replace("_", "-"))
        plans[plan.id] = replace(plan, **more)  # type: ignore[arg-type]
    return replace(space, plans=plans)
