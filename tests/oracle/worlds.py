"""Whole random worlds for the access rules: a house, whoever stands at a door, and a moment near an edge.

`world(chance)` draws one; the same seed draws the same. A moment comes first, and everything else is laid around it, so
that windows, bookings, days and bills begin and end a second before, at, or a second after it. Most things are in
order: where one thing alone decides, the interesting answers are.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from random import Random
from typing import NamedTuple

from controller.domain.building import (
    Space,
)
from controller.domain.holdings import (
    Booking,
    BookingState,
    GuestPass,
    HeldTicket,
    PublicEvent,
    Ticket,
    VisitingPass,
)
from controller.domain.ids import (
    BookingId,
    CohortId,
    CredentialId,
    DeviceId,
    DoorId,
    EventId,
    PartnerId,
    PersonId,
    PlanId,
    TicketId,
)
from controller.domain.membership import (
    Credential,
    CredentialKind,
    CredentialState,
    Lease,
    Membership,
    Person,
    PersonKind,
    Right,
    Standing,
)
from controller.domain.rights import HostedGuest, Read, Rights
from controller.domain.shared import PinEntry, Position, Shared
from controller.domain.usage import Usage
from tests.oracle.days import occurrence
from tests.oracle.houses import (
    ALICE,
    BOB,
    CAROL,
    DAY,
    HOUSE,
    JITTER,
    LOS_ANGELES,
    MINUTE,
    NOOK,
    OFFICE,
    PARIS,
    PLANS,
    QUIET,
    ROCKET,
    ROOM,
    SECOND,
    SERVERS,
    UPSTAIRS,
    HouseDraw,
)


class World(NamedTuple):
    """One read, all that is known of it, and when."""

    read: Read
    rights: Rights
    at: datetime


def world(chance: Random) -> World:
    """One random world."""
    draw = Draw(chance, chance.choice((LOS_ANGELES, PARIS)))
    space = draw.space()
    person = draw.person()
    door = draw.door(space)
    theme = draw.theme()
    rights = Rights(
        space=space,
        door=door if draw.likely(99) else None,
        credential=draw.credential(),
        person=person if draw.likely(98) else None,
        memberships=() if theme.is_outsider else draw.memberships(),
        leases=draw.leases() if theme.leases else (),
        bookings=draw.bookings() if theme.bookings else (),
        tickets=draw.tickets(space) if theme.tickets else (),
        guest_passes=draw.guest_passes() if theme.guests else (),
        visits=draw.visits() if theme.visits else (),
        usage=draw.usage(),
        house=draw.house(),
        shared=draw.shared(),
        hosting=draw.hosting(space) if theme.hosts else (),
    )
    return World(draw.read(), rights, draw.at)


@dataclass(frozen=True)
class Theme:
    """Which holdings this world is about; a world with all of them would hide what each decides."""

    leases: bool
    bookings: bool
    tickets: bool
    guests: bool
    visits: bool
    hosts: bool
    is_outsider: bool  # somebody who holds no membership, as guests and visitors do


class Draw(HouseDraw):
    """Draws who stands there and what they hold, around the house's moment."""

    # --- who stands there -----------------------------------------------------------------------------

    def theme(self) -> Theme:
        leases, bookings, tickets, guests, visits = (self.likely(20) for _ in range(5))
        is_outsider = (tickets or guests or visits) and self.likely(60)
        return Theme(leases, bookings, tickets, guests, visits, hosts=self.likely(12), is_outsider=is_outsider)

    def person(self) -> Person:
        return Person(
            ALICE,
            "Alice",
            self.one((PersonKind.MEMBER,) * 16 + (PersonKind.GUEST, PersonKind.VISITOR, PersonKind.STAFF)),
            banned=self.likely(2),
            team=ROCKET if self.likely(50) else None,
            needs_time=self.likely(10),
            rights=frozenset({Right.OVERRIDE_LOCKDOWN}) if self.likely(10) else frozenset(),
            pays_as_you_go=self.likely(45),
        )

    def credential(self) -> Credential | None:
        if self.likely(1.5):
            return None
        return Credential(
            CredentialId("badge"),
            ALICE,
            self.one((CredentialKind.BADGE,) * 20 + (CredentialKind.TOKEN,) * 10 + (CredentialKind.PIN,)),
            self.one(list(CredentialState)) if self.likely(6) else CredentialState.ACTIVE,
            self.edge() if self.likely(5) else None,
            self.edge() if self.likely(5) else None,
        )

    def edge(self) -> datetime:
        return self.moment + self.one(JITTER)

    def memberships(self) -> tuple[Membership, ...]:
        count = self.one((0, 1, 1, 1, 2, 3))
        return tuple(self.membership(ALICE) for _ in range(count))

    def membership(self, holder: PersonId) -> Membership:
        holders = ((holder, None), (holder, None), (None, ROCKET), (None, CohortId("spring")))
        person, group = self.one(holders)
        held = Membership(
            person, self.one((*PLANS[:4], PLANS[1], PLANS[1])), date(2026, 1, 1), None, Standing.ACTIVE, group
        )
        if self.likely(15):
            held = replace(held, starts=self.near_day())
        if self.likely(20):
            held = replace(held, ends=max(held.starts, self.near_day()))
        if self.likely(15):
            held = replace(held, standing=self.one(list(Standing)))
        if self.likely(15):
            since = self.today - self.one((-1, 0, 1, 2, 3, 4, 6, 7, 8, 30)) * DAY
            held = replace(held, due_since=since, due_cents=self.one((1, 19_999, 20_000, 20_001, 90_000)))
        if self.likely(2):
            held = replace(held, plan=PlanId("gone"))
        return held

    def leases(self) -> tuple[Lease, ...]:
        starts = self.near_day() if self.likely(30) else date(2026, 1, 1)
        ends = max(starts, self.near_day()) if self.likely(40) else None
        return (Lease(ROCKET, self.one((OFFICE, OFFICE, ROOM, NOOK, SERVERS)), starts, ends),)

    def bookings(self) -> tuple[Booking, ...]:
        return tuple(self.booking(n) for n in range(self.one((1, 1, 2))))

    def booking(self, number: int) -> Booking:
        start, end = self.window()
        is_owner = self.likely(60)
        return Booking(
            BookingId(f"booking-{number}"),
            self.one((ROOM, ROOM, NOOK)),
            start,
            end,
            ALICE if is_owner else BOB,
            frozenset() if is_owner else frozenset({ALICE, CAROL}),
            self.one((BookingState.BOOKED,) * 11 + tuple(BookingState)),
            holiday_confirmed=self.likely(50),
            not_before=start + self.one((-10, -5, 0, 5)) * MINUTE if self.likely(30) else None,
        )

    def tickets(self, space: Space) -> tuple[HeldTicket, ...]:
        return tuple(self.ticket(space, n) for n in range(self.one((1, 1, 2))))

    def ticket(self, space: Space, number: int) -> HeldTicket:
        event = self.event(space, number, host=BOB)
        ticket = Ticket(TicketId(f"ticket-{number}"), event.id, person=ALICE, is_void=self.likely(8))
        behind = frozenset(door for door in event.path if self.likely(30))
        return HeldTicket(ticket, event, heads=self.one((0, 0, 1, 2, 3)), is_inside=self.likely(30), behind=behind)

    def hosting(self, space: Space) -> tuple[PublicEvent, ...]:
        event = self.event(space, 9, host=ALICE)
        if self.likely(30):
            # An hour before it begins is when its host may come.
            event = replace(event, start=self.moment + 60 * MINUTE, end=self.moment + 90 * MINUTE)
        return (event,)

    def event(self, space: Space, number: int, host: PersonId) -> PublicEvent:
        start, end = self.window()
        path = [DoorId("street"), DoorId("landing"), DoorId("room")]
        if DoorId("yard") in space.doors and self.likely(50):
            path[0] = DoorId("yard")
        return PublicEvent(
            EventId(f"event-{number}"),
            "Talk",
            host,
            ROOM,
            tuple(path),
            start,
            end,
            capacity=self.one((1, 3, 50)),
            host_entered_at=start + self.one((-30, -5, 5)) * MINUTE if self.likely(80) else None,
            ended_at=self.edge() if self.likely(10) else None,
        )

    def guest_passes(self) -> tuple[HostedGuest, ...]:
        start, end = self.window()
        guest_pass = GuestPass("guest-1", ALICE, BOB, start, end, is_revoked=self.likely(8))
        memberships = tuple(self.membership(BOB) for _ in range(self.one((1, 1, 1, 2, 0))))
        leases = self.leases() if self.likely(25) else ()
        host = Person(BOB, "Bob", banned=self.likely(4), pays_as_you_go=self.likely(20))
        return (HostedGuest(guest_pass, host, memberships, leases, self.usage()),)

    def visits(self) -> tuple[VisitingPass, ...]:
        start, end = self.window()
        return (
            VisitingPass(
                "visit-1",
                PartnerId("trudaine"),
                ALICE,
                PLANS[4],
                start,
                end,
                days=self.one((None, 1, 3)),
                is_revoked=self.likely(8),
            ),
        )

    # --- what was used, and what the others do ----------------------------------------------------------

    def usage(self) -> Usage:
        if self.likely(35):
            return Usage()
        return Usage(
            quota_days=self.recent_days(),
            day_pass_days=self.recent_days() if self.likely(20) else frozenset(),
            day_passes_left=self.one((0, 0, 0, 1, 5)),
            pay_as_you_go_days=self.recent_days() if self.likely(20) else frozenset(),
            visit_days=self.recent_days() if self.likely(50) else frozenset(),
            guest_days={day: frozenset(self.few((ALICE, CAROL), 2)) for day in self.recent_days()},
            guests_on_their_way=frozenset(self.few((ALICE, CAROL), 1)) if self.likely(30) else frozenset(),
        )

    def recent_days(self) -> frozenset[date]:
        """Business days; none of them is still to come."""
        has_begun = occurrence(self.today, self.cut_off, self.zone, last=False) <= self.at
        newest = self.today if has_begun else self.today - DAY
        back = (0, 1, 1, 2, 2, 3, 4, 6, 7, 20)
        return frozenset(newest - self.one(back) * DAY for _ in range(self.one((0, 1, 2, 3, 4))))

    def shared(self) -> Shared:
        if self.likely(60):
            return Shared(first_person=self.one((None, BOB)))
        if self.likely(10):
            until = self.at + self.one((-1, 0, 1, 1800)) * SECOND
            return Shared(on_air_until=until, on_air_for=frozenset(self.few((ALICE, BOB), 1)))
        zones = (HOUSE, UPSTAIRS, QUIET)
        return Shared(
            positions={each: self.one(list(Position)) for each in self.few(zones, 3)},
            last_entries={each: self.at - self.one((0, 9, 10, 11, 60, 600)) * SECOND for each in self.few(zones, 2)},
            counts={each: self.one((0, 1, 2, 3, 9)) for each in self.few(zones, 3)},
            uncertain=frozenset(self.few(zones, 1)),
            interlocked_with=DoorId("street") if self.likely(30) else None,
            first_person=self.one((None, ALICE, BOB)),
        )

    # --- the read -------------------------------------------------------------------------------------

    def read(self) -> Read:
        return Read(
            DeviceId("reader"),
            "read-1",
            self.at,
            self.at,
            age_s=self.one((5.0, 5.001, 6.0)) if self.likely(3) else 0.1,
            retained=self.likely(1.5),
            duplicate=self.likely(1.5),
            direction="out" if self.likely(3) else "in",
            pin=self.one(list(PinEntry)) if self.likely(4) else None,
        )
