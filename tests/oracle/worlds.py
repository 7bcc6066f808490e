"""Whole random worlds for the access rules: a house, whoever stands at a door, and a moment near an edge.

`world(chance)` draws one; the same seed draws the same. A moment comes first, and everything else is laid around it, so
that windows, bookings, days and bills begin and end a second before, at, or a second after it. Most things are in
order: where one thing alone decides, the interesting answers are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from controller.domain.building import (
    Area,
    AtCapacity,
    Door,
    Floor,
    Grace,
    Passback,
    PinMode,
    Plan,
    Room,
    RoomKind,
    Space,
    Zone,
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
from controller.domain.house import ExtraHoliday, Fire, HouseState, Lockdown, Scope, ScopeKind
from controller.domain.ids import (
    OUTSIDE,
    AreaId,
    BookingId,
    CohortId,
    CredentialId,
    DeviceId,
    DoorId,
    EventId,
    FloorId,
    PartnerId,
    PersonId,
    PlanId,
    ScheduleId,
    TeamId,
    TicketId,
    ZoneId,
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
from controller.domain.schedule import WeeklySchedule, Window
from controller.domain.shared import PinEntry, Position, Shared
from controller.domain.usage import Usage

T = TypeVar("T")

LOS_ANGELES, PARIS = ZoneInfo("America/Los_Angeles"), ZoneInfo("Europe/Paris")
GROUND, FIRST = FloorId("ground"), FloorId("first")
LOBBY, STAIRS, KITCHEN, FLOOR, NOOK, OFFICE, ROOM, SERVERS = (
    AreaId(name) for name in ("lobby", "stairs", "kitchen", "floor", "nook", "office", "room", "servers")
)
HOUSE, UPSTAIRS, QUIET = ZoneId("house"), ZoneId("upstairs"), ZoneId("quiet")
ALICE, BOB, CAROL = PersonId("alice"), PersonId("bob"), PersonId("carol")
ROCKET = TeamId("rocket")
PLANS = tuple(PlanId(name) for name in ("full", "two-days", "other", "pass", "visit"))
SCHEDULES = tuple(ScheduleId(name) for name in ("hours", "nights", "clock"))
DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)

# Dates about which calendars quarrel: the four nights of the clocks, the ends of weeks, months and years.
ODD_DATES = {
    LOS_ANGELES: (date(2026, 3, 8), date(2026, 11, 1), date(2027, 3, 14), date(2027, 1, 1), date(2026, 11, 30)),
    PARIS: (date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 1, 1), date(2026, 8, 31)),
}
# Distances at which a rule of the page changes its mind.
EDGES = tuple(
    n * MINUTE for n in (0, 0, 0, 10, -10, 15, -15, 60, -60, 5, -5, 30, -30, 120, -120, 180, -180, 1440, -1440)
)
JITTER = (timedelta(0), timedelta(0), SECOND, -SECOND, timedelta(microseconds=1), -timedelta(microseconds=1))


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


class Draw:
    """Draws the parts of one world around its moment."""

    def __init__(self, chance: Random, zone: ZoneInfo) -> None:
        self.chance = chance
        self.zone = zone
        self.cut_off = self.one((240, 240, 240, 0, 90, 150, 300))
        self.moment = self.some_moment()
        self.at = self.moment + self.one(JITTER)
        self.today = self.moment.astimezone(zone).date()

    # --- chance ---------------------------------------------------------------------------------------

    def one(self, of: Sequence[T]) -> T:
        return self.chance.choice(of)

    def likely(self, percent: float) -> bool:
        return self.chance.random() * 100 < percent

    def few(self, of: Sequence[T], most: int) -> list[T]:
        return self.chance.sample(list(of), self.chance.randint(0, min(most, len(of))))

    # --- time -----------------------------------------------------------------------------------------

    def some_moment(self) -> datetime:
        """A whole minute, often of an odd night, often where a day, a week or the business day begins."""
        if self.likely(70):
            day = self.one(ODD_DATES[self.zone]) + self.one((0, 0, 1, -1)) * DAY
        else:
            day = date(2026, 1, 1) + self.chance.randint(0, 500) * DAY
        minute = self.one((0, self.cut_off, 60, 90, 120, 150, 180, 540, 1080, self.chance.randint(0, 1439)))
        wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60)
        return wall.replace(tzinfo=self.zone, fold=self.one((0, 1))).astimezone(UTC)

    def near(self) -> datetime:
        """An instant at some telling distance from the moment."""
        return self.moment + self.one(EDGES)

    def window(self) -> tuple[datetime, datetime]:
        start = self.near() if self.likely(45) else self.moment - self.chance.randint(0, 300) * MINUTE
        end = self.near() if self.likely(40) else self.moment + self.chance.randint(0, 300) * MINUTE
        return (start, end) if start < end else (start, start + self.one((20, 60, 600)) * MINUTE)

    def near_day(self) -> date:
        return self.today + self.one((0, 0, 0, 1, -1, -2, 2, 7, -7)) * DAY

    def minute(self) -> int:
        """Of the day, often just that of the moment."""
        wall = self.moment.astimezone(self.zone)
        now = wall.hour * 60 + wall.minute
        return (now + self.one((0, 0, 1, -1, 60, -60, 30, -30, self.chance.randint(-700, 700)))) % 1440

    # --- the house ------------------------------------------------------------------------------------

    def space(self) -> Space:
        zones = {each: self.zone_rules(each) for each in (HOUSE, UPSTAIRS, QUIET)}
        holidays, holiday_zones = self.holidays()
        return Space(
            id="house",
            name="House",
            zone=self.zone,
            version="v1",
            cut_off_minutes=self.cut_off,
            floors={each: Floor(each, each, 20.0, 20.0) for each in (GROUND, FIRST)},
            areas={each.id: each for each in self.areas()},
            doors={each.id: each for each in self.doors()},
            schedules={each.id: each for each in self.schedules()},
            holidays=holidays,
            holiday_zones=holiday_zones,
            plans={each.id: each for each in self.plans()},
            zones=zones,
            grace=Grace(self.one((7, 7, 0, 3)), self.one((20_000, 20_000, 0))),
        )

    def zone_rules(self, id: ZoneId) -> Zone:
        if self.likely(60):
            return Zone(id)
        return Zone(
            id,
            passback=self.one(list(Passback)),
            passback_s=self.one((10.0, 60.0)),
            capacity=self.one((None, 0, 1, 3)),
            at_capacity=self.one(list(AtCapacity)),
        )

    def areas(self) -> list[Area]:
        meeting = Room(RoomKind.MEETING, bookable=True)
        upstairs = frozenset({HOUSE, UPSTAIRS})
        return [
            Area(LOBBY, "Lobby", GROUND, zones=frozenset({HOUSE}), counted=self.likely(70)),
            Area(STAIRS, "Stairs", GROUND, within=LOBBY, zones=frozenset({HOUSE})),
            Area(KITCHEN, "Kitchen", GROUND, zones=frozenset({HOUSE}), counted=False),
            Area(FLOOR, "Floor", FIRST, zones=upstairs),
            Area(NOOK, "Nook", FIRST, within=FLOOR, room=meeting, zones=upstairs),
            Area(OFFICE, "Office", FIRST, zones=upstairs),
            Area(ROOM, "Room", FIRST, room=meeting, zones=upstairs | ({QUIET} if self.likely(50) else set())),
            Area(SERVERS, "Servers", FIRST, zones=upstairs),
        ]

    def doors(self) -> list[Door]:
        def door(id: str, outer: AreaId, inner: AreaId, floor: FloorId, staff_only: bool = False) -> Door:
            unit = DeviceId(f"door-{id}")
            return Door(DoorId(id), id.title(), outer, inner, (0.0, 0.0), floor, unit, staff_only=staff_only)

        doors = [
            door("street", OUTSIDE, LOBBY, GROUND),
            door("kitchen", LOBBY, KITCHEN, GROUND),
            door("landing", STAIRS, FLOOR, FIRST),
            door("office", FLOOR, OFFICE, FIRST),
            door("room", FLOOR, ROOM, FIRST),
            door("servers", FLOOR, SERVERS, FIRST, staff_only=True),
        ]
        # A second way in, now and then: another street door, and a second door of the room that is further round.
        if self.likely(30):
            doors.append(door("yard", OUTSIDE, LOBBY, GROUND))
        if self.likely(30):
            doors.append(door("back", OFFICE, ROOM, FIRST))
        return doors

    def door(self, space: Space) -> Door:
        """The one the read is at; mostly in order."""
        ids = [DoorId(each) for each in ("street", "street", "landing", "office", "room", "room")]
        door = space.doors[self.one(ids) if self.likely(75) else self.one(list(space.doors))]
        if self.likely(2):
            door = replace(door, enabled=False)
        if self.likely(1.5):
            door = replace(door, in_maintenance=True)
        if self.likely(4):
            door = replace(door, pin=self.one((PinMode.REQUIRED, PinMode.REQUIRED, PinMode.ALLOWED)))
        if self.likely(6):
            door = replace(door, two_person=True)
        if self.likely(6):
            door = replace(door, interlock="lock")
        return door

    def schedules(self) -> list[WeeklySchedule]:
        return [
            WeeklySchedule(SCHEDULES[0], self.windows(), on_holidays=self.likely(15)),
            WeeklySchedule(SCHEDULES[1], self.windows() + self.windows(), on_holidays=self.likely(15)),
            WeeklySchedule(SCHEDULES[2], always=True, on_holidays=self.likely(50)),
        ]

    def windows(self) -> tuple[Window, ...]:
        days = frozenset(range(7)) if self.likely(60) else frozenset(self.few(range(7), 6))
        start, end = self.minute(), self.minute()
        if start == end:
            end += 60
        return (Window(days, start, self.one((end, end, 1440)) or 1440),)

    def holidays(self) -> tuple[dict[date, str], dict[date, frozenset[ZoneId]]]:
        if self.likely(75):
            return {}, {}
        names = {self.near_day(): "Feast" for _ in range(2)}
        zones = {day: frozenset({self.one((UPSTAIRS, QUIET, HOUSE))}) for day in names if self.likely(40)}
        return names, zones

    def plans(self) -> list[Plan]:
        return [
            replace(self.plan(PLANS[0]), days_per_week=None),
            self.plan(PLANS[1]),
            self.plan(PLANS[2]),
            replace(self.plan(PLANS[3]), kind="day_pass", days_per_week=None),
            replace(self.plan(PLANS[4]), kind="visiting"),
        ]

    def plan(self, id: PlanId) -> Plan:
        return Plan(
            id,
            id.title(),
            self.one((SCHEDULES[0], SCHEDULES[1], SCHEDULES[2], SCHEDULES[2])),
            frozenset(
                {LOBBY, KITCHEN, FLOOR, ROOM} if self.likely(75) else self.few((LOBBY, KITCHEN, FLOOR, OFFICE), 4)
            ),
            days_per_week=self.one((2, 2, 1, 3, None)),
            guest_days_per_month=self.one((None, 2, 1, 0)),
            booking_uses_day=self.likely(20),
        )

    def house(self) -> HouseState:
        scopes = (
            Scope(),
            Scope(ScopeKind.FLOOR, self.one((GROUND, FIRST))),
            Scope(ScopeKind.ZONE, self.one((UPSTAIRS, QUIET))),
            Scope(ScopeKind.DOOR, self.one((DoorId("street"), DoorId("room")))),
        )
        lockdowns: tuple[Lockdown, ...] = ()
        if self.likely(6):
            lockdowns = (Lockdown("lock-1", self.one(scopes), self.at - 5 * MINUTE, BOB, "a stranger"),)
        extra: tuple[ExtraHoliday, ...] = ()
        if self.likely(8):
            extra = (ExtraHoliday(self.near_day(), "Strike", frozenset(self.few((UPSTAIRS, QUIET), 1))),)
        return HouseState(lockdowns, Fire(self.at - MINUTE) if self.likely(2) else None, holidays=extra)

    # --- who stands there -----------------------------------------------------------------------------

    def theme(self) -> Theme:
        leases, bookings, tickets, guests, visits = (self.likely(20) for _ in range(5))
        is_outsider = (tickets or guests or visits) and self.likely(60)
        return Theme(leases, bookings, tickets, guests, visits, hosts=self.likely(8), is_outsider=is_outsider)

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
            self.one((BookingState.BOOKED,) * 6 + (BookingState.RELEASED, BookingState.CANCELLED)),
            holiday_confirmed=self.likely(50),
            not_before=start + self.one((-10, -5, 0, 5)) * MINUTE if self.likely(30) else None,
        )

    def tickets(self, space: Space) -> tuple[HeldTicket, ...]:
        return tuple(self.ticket(space, n) for n in range(self.one((1, 1, 2))))

    def ticket(self, space: Space, number: int) -> HeldTicket:
        event = self.event(space, number, host=BOB)
        ticket = Ticket(TicketId(f"ticket-{number}"), event.id, person=ALICE, is_void=self.likely(8))
        return HeldTicket(ticket, event, heads=self.one((0, 0, 1, 2, 3)), is_inside=self.likely(30))

    def hosting(self, space: Space) -> tuple[PublicEvent, ...]:
        return (self.event(space, 9, host=ALICE),)

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
        )

    def recent_days(self) -> frozenset[date]:
        return frozenset(
            self.today - self.one((0, 1, 1, 2, 2, 3, 4, 6, 7, 20)) * DAY for _ in range(self.one((0, 1, 2, 3, 4)))
        )

    def shared(self) -> Shared:
        if self.likely(60):
            return Shared(first_person=self.one((None, BOB)))
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
