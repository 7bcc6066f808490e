"""A small house whose rooms are booked, alive on a leaping loop: everything that happens to bookings by itself happens.

Pine is a room behind a door of its own, with a sensor; Oak asks for approval; Elm has a quarter of an hour to clear up.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime

from controller.domain.access import Denied, Granted, Read, decide
from controller.domain.booking.rules import Wish
from controller.domain.building import Area, Device, DeviceKind, Door, Plan, Room, RoomKind
from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, CredentialId, DeviceId, DoorId, PersonId, PlanId
from controller.domain.membership import Credential, Membership, Person, PersonKind
from controller.services.booking.desk import BookingDesk, How
from controller.services.entry.access_index import keep_fresh
from controller.services.ports import RegistrySnapshot, TelemetryRow
from tests.support.services import GROUND, HOURS, LOBBY, NOON, SPACE, House

PINE, OAK, ELM = (AreaId(name) for name in ("pine", "oak", "elm"))
PINE_DOOR = Door(DoorId("pine"), "Pine door", LOBBY, PINE, (2.0, 2.0), GROUND, DeviceId("door-pine"))
PINE_SENSOR = DeviceId("sensor-pine")
FULL, SMALL = PlanId("full-time"), PlanId("small")
ALICE, BEN, CLEO = (Person(PersonId(name), name.title()) for name in ("alice", "ben", "cleo"))
SARA = Person(PersonId("sara"), "Sara", PersonKind.STAFF)
EVERYBODY = (ALICE, BEN, CLEO, SARA)

BOOKED_SPACE = replace(
    SPACE,
    areas={
        **SPACE.areas,
        PINE: Area(PINE, "Pine", GROUND, room=Room(RoomKind.MEETING, seats=6, bookable=True)),
        OAK: Area(OAK, "Oak", GROUND, within=LOBBY, room=Room(RoomKind.MEETING, bookable=True, needs_approval=True)),
        ELM: Area(ELM, "Elm", GROUND, within=LOBBY, room=Room(RoomKind.MEETING, bookable=True, buffer_minutes=15)),
    },
    doors={**SPACE.doors, PINE_DOOR.id: PINE_DOOR},
    devices={
        **SPACE.devices,
        PINE_DOOR.unit: Device(PINE_DOOR.unit, DeviceKind.DOOR_UNIT, door=PINE_DOOR.id),
        PINE_SENSOR: Device(PINE_SENSOR, DeviceKind.SENSOR, area=PINE),
    },
    plans={
        FULL: Plan(FULL, "Full-time", HOURS, frozenset({LOBBY})),
        SMALL: Plan(SMALL, "Small", HOURS, frozenset({LOBBY}), booking_hours_per_month=2.0),
    },
)
BOOKED_PEOPLE = RegistrySnapshot(
    version=7,
    people={one.id: one for one in EVERYBODY},
    memberships={one.id: (Membership(one.id, FULL, date(2026, 1, 1)),) for one in (ALICE, BEN, CLEO)},
    credentials={(id := CredentialId(f"badge-{one.id}")): Credential(id, one.id) for one in EVERYBODY},
    digests={f"badge of {one.id}".encode(): CredentialId(f"badge-{one.id}") for one in EVERYBODY},
)


def at(clock: str, day: int = 23) -> datetime:
    """A local time of the Monday on which everything happens, or another day of that month."""
    hours, minutes = clock.split(":")
    return NOON.astimezone(SPACE.zone).replace(day=day, hour=int(hours), minute=int(minutes)).astimezone(NOON.tzinfo)


class BookingHouse(House):
    """The house at noon."""

    def __init__(self, people: RegistrySnapshot = BOOKED_PEOPLE, **more: object) -> None:
        super().__init__(space=BOOKED_SPACE, people=people, **more)  # type: ignore[arg-type]
        self._keys = 0

    @property
    def desk(self) -> BookingDesk:
        return self.services.bookings

    @asynccontextmanager
    async def living(self, poll: float = 0.5, looks: float = 1.0) -> AsyncIterator["BookingHouse"]:
        """All that runs by itself, runs; who lives through days looks less often than each second."""
        tasks = [asyncio.ensure_future(work) for _, work in self.services.booking_wing.lasting()]
        tasks.append(asyncio.ensure_future(self.journal.run()))
        fresh = keep_fresh(self.index, self.registry, lambda _: self.services.rights_changed(), every=poll)
        tasks.append(asyncio.ensure_future(fresh))
        tasks.append(asyncio.ensure_future(self._looks(looks)))
        try:
            yield self
            await asyncio.sleep(1.5)  # whatever is on its way arrives
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _looks(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            self.services.look()

    async def until(self, moment: datetime) -> None:
        """Time passes to that moment, and a little over it, so that what is due then is done."""
        await asyncio.sleep(max(0.0, (moment - self.clock.now()).total_seconds()) + 1.5)

    async def book(self, start: str, end: str, owner: Person = ALICE, room: AreaId = PINE, **more: object) -> Booking:
        wish = Wish(room, at(start), at(end), owner.id, **more)  # type: ignore[arg-type]
        return await self.desk.book(wish, owner.id, How.PAGE)

    async def stands(self, booking: Booking) -> Booking:
        found = await self.bookings.booking(booking.id)
        assert found is not None
        return found

    # --- what people and sensors do -------------------------------------------------------------------

    def walks_in(self, person: Person, door: Door = PINE_DOOR, **more: object) -> None:
        """Through the door, as its contact tells."""
        moment = more.pop("at", self.clock.now())
        fact = Fact(FactKind.ENTRY_TAKEN, moment, door=door.id, person=person.id, detail=more)  # type: ignore[arg-type]
        self.journal.note(fact)

    def feels(self, somebody: bool, device: DeviceId = PINE_SENSOR) -> None:
        """The room's sensor says whether somebody is there."""
        self._keys += 1
        now_ms = round(self.clock.now().timestamp() * 1000)
        self.rooms.kept([TelemetryRow(device, f"k{self._keys}", now_ms, now_ms, {"presence": somebody})])

    async def keeps_feeling(self, somebody: bool, until: datetime) -> None:
        """The same, each minute until then."""
        while self.clock.now() < until:
            self.feels(somebody)
            await asyncio.sleep(60.0)

    def answer(self, person: Person | str, door: Door = PINE_DOOR) -> str:
        """What a badge or a token gets at a door now: "granted", or the reason why not."""
        digest = f"badge of {person.id}".encode() if isinstance(person, Person) else self.token_digest(person)
        rights = self.index.rights(self.index.space.doors[door.id], digest)
        now = self.clock.now()
        decision = decide(Read(door.unit, "read-1", now, now, 0.0), rights, now)
        assert isinstance(decision, Granted | Denied)
        return "granted" if isinstance(decision, Granted) else str(decision.reason)

    def token_digest(self, token: str) -> bytes:
        return b"digest of token " + token.encode()
