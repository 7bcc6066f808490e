"""Random houses around a random moment: two floors, their zones and plans, hours that begin or end just then.

Who stands at a door of such a house, and what they hold, is drawn in `worlds`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from controller.domain.building import (
    Area,
    AtCapacity,
    Door,
    Floor,
    Grace,
    Partner,
    Passback,
    PinMode,
    Plan,
    Room,
    RoomKind,
    Space,
    Zone,
)
from controller.domain.house import ExtraHoliday, Fire, HouseState, Lockdown, Scope, ScopeKind
from controller.domain.ids import (
    OUTSIDE,
    AreaId,
    DeviceId,
    DoorId,
    FloorId,
    PartnerId,
    PersonId,
    PlanId,
    ScheduleId,
    TeamId,
    ZoneId,
)
from controller.domain.schedule import WeeklySchedule, Window

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


class HouseDraw:
    """Draws the parts of one house around its moment."""

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
            partners={each.id: each for each in self.partners()},
        )

    def partners(self) -> list[Partner]:
        if self.likely(30):
            return []
        return [Partner(PartnerId("trudaine"), "Trudaine", "", PLANS[4], days=self.one((None, 1, 3, 4)))]

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
