"""One day lived through: the house and its services, and what people do to them, each act at its moment.

What they mean to do is in `plan`. Everything goes in as it does in life: messages off the wire, questions to the desk.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from controller.domain.building import Door, Space
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import AreaId, DoorId, PersonId
from controller.domain.usage import ChargeKind
from controller.errors import InputError
from controller.services.booking.desk import BookingDesk
from controller.services.entry.whereabouts import recalled
from controller.space import load as load_space
from devices.messages import Signal
from simulator.building import Building
from simulator.building_file import load as load_building
from tests.support.day.field import Field, Wires
from tests.support.day.ledger import Held, Ledger, Passage
from tests.support.day.oracle import BEAT, BOOTH, Oracle
from tests.support.day.people import ZONE_OF, Holder, people_of
from tests.support.services import House, LoopClock

SAMPLE = Path("simulator/spaces/parisoma.yaml")
MINUTE = timedelta(minutes=1)
CALIFORNIA = ZoneInfo("America/Los_Angeles")
# What runs by itself here. Left out are lists for doors alone, calendars, tokens, messages to people: tested elsewhere,
# and dearer than the day itself. Waiting lists and bills are looked at by the day's own beat.
_RUNS = frozenset({"journal", "door modes", "the house", "events and visits", "spool", "rooms", "bookings"})
_ALL_LOOK_EVERY = 900.0
T = TypeVar("T")


@lru_cache(maxsize=1)
def the_building() -> tuple[Space, Building]:
    return load_space(SAMPLE), load_building(SAMPLE)


@dataclass(frozen=True, slots=True)
class Sets:
    """Which day it is."""

    seed: int
    day: date = date(2026, 11, 23)  # a Monday
    zone: ZoneInfo = CALIFORNIA
    begins: time = time(7, 0)
    hours: float = 17.0
    restarts: bool = True

    def at(self, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(self.day, time(hour, minute), self.zone).astimezone(UTC)


class Enough(Exception):
    """An objection was raised, and nobody needs the rest of the day."""


class Day:
    """The house, its people and its things; `plan.Stories` says what they do."""

    def __init__(self, sets: Sets) -> None:
        self.sets = sets
        self.dice = random.Random(f"day/{sets.seed}")
        space, building = the_building()
        self.space = replace(space, zone=sets.zone)
        snapshot, self.holders = people_of(building, sets.seed, sets.day)
        self.begins = sets.at(sets.begins.hour, sets.begins.minute)
        self.ends = self.begins + timedelta(hours=sets.hours)
        self.clock = LoopClock(self.begins)
        self.ledger = Ledger()
        self.rooms = sorted(ZONE_OF)
        self.doors = {room: self.space.doors[DoorId(room)] for room in self.rooms}
        self._doors_here = {"street", *(door.id for door in self.doors.values())}
        self.wires = Wires()
        self.field = Field(self.space, self.dice, self.clock.now)
        self.house = House(space=self.space, people=snapshot, clock=self.clock, outbound=self.wires)
        self.oracle = Oracle(
            self.ledger,
            self.clock.now,
            shown=lambda: str(self.house.booths.shown(BOOTH)),
            on_screen=lambda: (self.house.feed.current("room", BOOTH) or {}).get("on_air"),  # type: ignore[arg-type,return-value]
        )
        self.field.is_told, self.field.is_heard = self.oracle.light_told, self.oracle.light_heard
        self.field.link_is = self.oracle.link_is
        self.wires.heard_by = self.field.heard
        self.co2: dict[AreaId, float] = dict.fromkeys(self.rooms, 450.0)
        self.restarts = 0
        self._tasks: list[asyncio.Task[object]] = []
        self._seen_version = -1
        self._locks: dict[DoorId, asyncio.Lock] = {}
        self._up = asyncio.Event()
        self._acting = 0

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def desk(self) -> BookingDesk:
        return self.house.services.bookings

    # --- the whole of it ------------------------------------------------------------------------------

    async def live(self, stories: Callable[["Day", asyncio.TaskGroup], None], *, until_objection: bool = False) -> None:
        """From its first minute to its last."""
        self.until_objection = until_objection
        self.field.switch_on([self.space.doors[DoorId("street")], *self.doors.values()], self.rooms)
        await self._start()
        try:
            async with asyncio.TaskGroup() as tasks:
                stories(self, tasks)
                tasks.create_task(self._beats())
                tasks.create_task(self._airs())
                await self.until(self.ends)
                raise Enough
        except* Enough:
            pass
        if not (until_objection and self.oracle.objections):
            await self._closes()
        await self._stop()

    async def _start(self) -> None:
        services = self.house.services
        facts = await recalled(self.house.log, self.now - timedelta(days=1), at_least=200)
        services.listen(lambda logged: self.oracle.took(logged.fact))
        await services.recall(facts, await self.house.telemetry_log.newest())
        for name, work in services.lasting():
            if name in _RUNS or name.removeprefix("door ") in self._doors_here:
                self._tasks.append(asyncio.get_running_loop().create_task(work, name=name))  # type: ignore[arg-type]
            else:
                work.close()  # type: ignore[attr-defined]
        house = self.house
        self.field.say = lambda device, message, retained: house.say(device, message, retained=retained)
        self.field.again()
        self._up.set()

    async def _stop(self) -> None:
        self.field.say = None
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        for task in self._tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
        self._tasks.clear()

    async def restart(self) -> None:
        """The service stops, and a minute later another one starts over what the first has kept."""
        self._up.clear()
        while self._acting:
            await asyncio.sleep(0.5)
        await asyncio.sleep(1.0)  # what is on its way to the log arrives
        await self._stop()
        self.restarts += 1
        await asyncio.sleep(57.0)
        self.house = House(space=self.space, clock=self.clock, outbound=self.wires, before=self.house)
        self.oracle.recalls_at = self.now
        await self._start()

    async def _beats(self) -> None:
        """What the service does each second, at a slower pace; and after each, somebody looks."""
        waited, looked = -1, self.now
        while True:
            await asyncio.sleep(BEAT)
            if not self._up.is_set():
                continue
            async with self.acting():
                changed = await self.fresh()
                services = self.house.services
                if self.now - looked >= timedelta(seconds=_ALL_LOOK_EVERY):
                    looked = self.now
                    services.presence.sweep()
                    services.look()
                else:
                    services.booking_wing.look()
                    services.booths.look()
                version = await self.house.waiting.version()
                if changed or version != waited or int(self.now.timestamp()) % 60 < BEAT:
                    waited = version
                    await services.booking_wing.waiting_list.look()
                await self._looks()

    async def _looks(self) -> None:
        await asyncio.sleep(0)  # what was told is looked at
        version = await self.house.registry.version()
        bookings = list(self.house.registry.now.bookings.values()) if version != self._seen_version else None
        self._seen_version = version
        self.oracle.look(bookings, is_lit=self.field.is_lit, lit_until=self.field.lit_until)
        if self.until_objection and self.oracle.objections:
            raise Enough

    async def fresh(self) -> bool:
        """What was written counts now, as it does within a second of the service's life."""
        if await self.house.registry.version() == self.house.index.version:
            return False
        await self.house.rights_changed()
        return True

    async def _airs(self) -> None:
        """People breathe, and sensors say so."""
        said: dict[AreaId, datetime] = {}
        while True:
            await asyncio.sleep(60.0)
            for room in self.rooms:
                people, volume = len(self.ledger.inside[room]), 90.0
                # 300 ppm in a cubic metre for each minute of a person; the air is new three times an hour.
                self.co2[room] += people * 300 / volume - (self.co2[room] - 420) * 0.05
                pause = timedelta(seconds=239)
                if self.now - said.get(room, self.begins - 2 * pause) >= pause:
                    said[room] = self.now
                    self.feel(room)

    def feel(self, room: AreaId) -> None:
        noise = self.dice.gauss(0, 4)
        self.field.feel(room, presence=bool(self.ledger.inside[room]), co2=max(400.0, self.co2[room] + noise))

    async def _closes(self) -> None:
        """The last bill, and what the driver makes of it."""
        async with self.acting():
            await self.fresh()
            await self.house.services.booking_wing.billing.look()
        billed: dict[PersonId, int] = {}
        for row in await self.house.ledger.load(self.sets.day - timedelta(days=2)):
            if row.charge.kind is ChargeKind.ROOM_MINUTES:
                billed[row.charge.holder] = billed.get(row.charge.holder, 0) + int(row.amount)
        self.oracle.closes(billed, self._minutes)

    def _minutes(self, one: Held) -> int:
        if one.state not in ("booked", "released"):
            return 0
        zone = self.sets.zone
        wall = one.end.astimezone(zone).replace(tzinfo=None) - one.start.astimezone(zone).replace(tzinfo=None)
        return max(0, int(min(wall, one.end - one.start) / MINUTE))

    # --- time, and turns ------------------------------------------------------------------------------

    async def until(self, at: datetime) -> None:
        await asyncio.sleep(max(0.0, (at - self.now).total_seconds()))

    @asynccontextmanager
    async def acting(self) -> AsyncIterator[None]:
        """Something is being done that needs the house up to its end."""
        await self._up.wait()
        self._acting += 1
        try:
            yield
        finally:
            self._acting -= 1

    async def asks(self, question: Coroutine[object, object, T]) -> T | None:
        """Ask the desk; None where it says no."""
        async with self.acting():
            try:
                return await question
            except InputError as error:
                reason = getattr(getattr(error, "refused", None), "reason", "input")
                self.ledger.refused.append(str(reason))
                return None
            finally:
                await self.fresh()

    # --- people at doors ------------------------------------------------------------------------------

    def may(self, person: Holder, room: AreaId, at: datetime) -> bool:
        """Whether they may go in now, as far as the driver knows."""
        if not person.is_welcome:
            return False
        on_air = self.oracle.on_air_for(at) if room == BOOTH else None
        if person.is_staff:
            return True
        if on_air is not None and person.id not in on_air.people:
            return False
        return person.allows(room, at, self.sets.zone) or any(
            one.room == room and one.state == "booked" and person.id in one.people and self._opens(one) <= at < one.end
            for one in self.ledger.held.values()
        )

    def _opens(self, one: Held) -> datetime:
        before = [
            other.end + other.buffer
            for other in self.ledger.held.values()
            if other.room == one.room and other.state == "booked" and other.start < one.start
        ]
        return max([one.start - 10 * MINUTE, *before])

    async def goes(self, person: Holder, room: AreaId, *, pushes: bool = True) -> bool:
        """To a room's door, and in if it opens; whether they are in."""
        door = self.doors[room]
        async with self.acting(), self._locks.setdefault(door.id, asyncio.Lock()):
            began = self.now
            might = self.may(person, room, began)
            shown = await self.field.show(door, person.shown)
            opened = shown is not None and shown.signal is Signal.GRANTED and await self.field.gives(door)
            is_edge = self.may(person, room, began - 2 * timedelta(seconds=BEAT)) is not self.may(
                person, room, self.now
            )
            self.oracle.tried(person.id, room, opened, None if shown is None or is_edge else might)
            enters = opened and pushes
            self.ledger.passages.append(Passage(began, person.id, room, opened, enters))
            if enters:
                self.ledger.comes(person.id, room, self.now)
                self.ledger.enters(person.id, room, self.now)
                await self.field.walk_through(door)
                self.feel(room)
        return enters

    async def leaves(self, person: PersonId, room: AreaId) -> None:
        """Out by the handle inside; the sensor feels that nobody is left."""
        if person not in self.ledger.inside[room]:
            return
        door = self.doors[room]
        async with self.acting(), self._locks.setdefault(door.id, asyncio.Lock()):
            await self.field.walk_through(door, out=True)
            self.ledger.leaves(person, room, self.now)
            self.feel(room)

    async def comes_in(self, person: Holder, *, may: bool | None) -> None:
        """Through the street door; the first of the staff opens it for all."""
        door: Door = self.space.doors[DoorId("street")]
        async with self.acting(), self._locks.setdefault(door.id, asyncio.Lock()):
            shown = await self.field.show(door, person.shown)
            opened = shown is not None and shown.signal is Signal.GRANTED and await self.field.gives(door)
            if may is not None and shown is not None and opened is not may:
                self.oracle.object(f"{person.id} at the street door: {shown.signal}")
            if opened and person.is_staff:
                await self.field.walk_through(door)

    # --- what the log says at the end -----------------------------------------------------------------

    def facts(self, *kinds: FactKind) -> list[Fact]:
        return [logged.fact for logged in self.house.log.facts if not kinds or logged.fact.kind in kinds]
