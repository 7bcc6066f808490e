"""A small house for the tests of the domain: a street, a lobby, an open floor, an office and a server room."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from controller.domain.access import Read, Rights
from controller.domain.building import Area, Door, Plan, Space
from controller.domain.ids import (
    OUTSIDE,
    AreaId,
    CredentialId,
    DeviceId,
    DoorId,
    FloorId,
    PersonId,
    PlanId,
    ScheduleId,
    TeamId,
)
from controller.domain.membership import Credential, Lease, Membership, Person, PersonKind
from controller.domain.schedule import EVERY_DAY, WeeklySchedule, Window

SF = ZoneInfo("America/Los_Angeles")
PARIS = ZoneInfo("Europe/Paris")

GROUND = FloorId("ground")
LOBBY, STAIRS, FLOOR, OFFICE, SERVERS = (AreaId(name) for name in ("lobby", "stairs", "floor", "office", "servers"))
HOURS, MORNINGS, NIGHTS, CLOCK = (ScheduleId(name) for name in ("hours", "mornings", "nights", "clock"))
FULL, TWO_DAYS, DAY_PASS, RUNNERS = (PlanId(name) for name in ("full-time", "two-days", "day-pass", "runners"))
ROCKET = TeamId("rocket")

MON_TO_FRI = frozenset(range(5))
CHRISTMAS = date(2026, 12, 25)  # a Friday


def door(id: str, outer: AreaId, inner: AreaId, *, staff_only: bool = False) -> Door:
    return Door(DoorId(id), id.title(), outer, inner, (0.0, 0.0), GROUND, DeviceId(f"door-{id}"), staff_only=staff_only)


STREET = door("street", OUTSIDE, LOBBY)
LANDING = door("landing", STAIRS, FLOOR)
OFFICE_DOOR = door("office", FLOOR, OFFICE)
SERVER_DOOR = door("servers", FLOOR, SERVERS, staff_only=True)

SPACE = Space(
    id="house",
    name="House",
    zone=SF,
    version="v1",
    areas={
        LOBBY: Area(LOBBY, "Lobby", GROUND),
        STAIRS: Area(STAIRS, "Stairs", GROUND, within=LOBBY),
        FLOOR: Area(FLOOR, "Floor", GROUND),
        OFFICE: Area(OFFICE, "Office", GROUND),
        SERVERS: Area(SERVERS, "Servers", GROUND),
    },
    doors={each.id: each for each in (STREET, LANDING, OFFICE_DOOR, SERVER_DOOR)},
    schedules={
        HOURS: WeeklySchedule(HOURS, (Window(MON_TO_FRI, 9 * 60, 18 * 60),)),
        MORNINGS: WeeklySchedule(MORNINGS, (Window(frozenset({0, 2, 4}), 6 * 60, 7 * 60 + 30),), on_holidays=True),
        NIGHTS: WeeklySchedule(NIGHTS, (Window(EVERY_DAY, 22 * 60, 2 * 60),)),
        CLOCK: WeeklySchedule(CLOCK, always=True),
    },
    holidays={CHRISTMAS: "Christmas"},
    plans={
        FULL: Plan(FULL, "Full-time", HOURS, frozenset({LOBBY, FLOOR})),
        TWO_DAYS: Plan(TWO_DAYS, "Two days", HOURS, frozenset({LOBBY, FLOOR}), days_per_week=2),
        DAY_PASS: Plan(DAY_PASS, "Day pass", HOURS, frozenset({LOBBY}), kind="day_pass"),
        RUNNERS: Plan(RUNNERS, "Runners", MORNINGS, frozenset({LOBBY}), kind="hosted"),
    },
)


def local(text: str, zone: ZoneInfo = SF, *, fold: int = 0) -> datetime:
    """A wall time of the space as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


NOON = local("2026-11-23 12:00")  # a Monday
NIGHT = local("2026-11-23 03:00")

ALICE = Person(PersonId("alice"), "Alice", team=ROCKET)
HOST = Person(PersonId("host"), "Host", PersonKind.STAFF)


def badge_of(person: Person, **more: object) -> Credential:
    return replace(Credential(CredentialId(f"badge-{person.id}"), person.id), **more)  # type: ignore[arg-type]


def member(plan: PlanId = FULL, starts: str = "2026-01-01", ends: str | None = None, **more: object) -> Membership:
    held = Membership(ALICE.id, plan, date.fromisoformat(starts), date.fromisoformat(ends) if ends else None)
    return replace(held, **more)  # type: ignore[arg-type]


def lease(area: AreaId = OFFICE, starts: str = "2026-01-01", ends: str | None = None) -> Lease:
    return Lease(ROCKET, area, date.fromisoformat(starts), date.fromisoformat(ends) if ends else None)


def rights(
    *memberships: Membership,
    at: Door | None = STREET,
    person: Person | None = ALICE,
    credential: Credential | None = None,
    leases: tuple[Lease, ...] = (),
    space: Space = SPACE,
) -> Rights:
    if credential is None and person is not None:
        credential = badge_of(person)
    return Rights(space, at, credential, person, memberships, leases)


def read(at: datetime = NOON, **more: object) -> Read:
    return replace(Read(DeviceId("door-street"), "read-1", at, at, 0.1), **more)  # type: ignore[arg-type]
