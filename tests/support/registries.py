"""A registry with all that shares its database, in memory, in SQLite or on PostgreSQL: what a contract suite runs against."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from controller.adapters.sql.places import Place, SqliteFile
from controller.adapters.sql.registry import SqlRegistry
from controller.adapters.sql.upgrade import REGISTRY, bring_up
from controller.app.stores import RegistryStores
from controller.domain.building import Plan
from controller.domain.ids import CredentialId, PersonId, PlanId, ScheduleId, TeamId
from controller.domain.membership import Credential, Membership, Person
from controller.services.booking.stores import BookingStore, SeriesStore, WaitingStore
from controller.services.people.people import Held, ImportPlan, PeopleStore
from controller.services.ports import Registry
from controller.services.stores import EventStore, GuestStore, HouseStore, Ledger, ListStore
from tests.support.memory_bookings import MemoryBookings, MemorySeries, MemoryWaiting
from tests.support.memory_registry import MemoryRegistry
from tests.support.memory_stores import (
    MemoryGuests,
    MemoryHouse,
    MemoryLedger,
    MemoryLists,
    MemoryPublicEvents,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SPRING = date(2026, 3, 1)
ADA, BEN = PersonId("ada"), PersonId("ben")
ATELIER = TeamId("atelier")
FULL, DAY = (Plan(PlanId(id_), id_, ScheduleId("always"), frozenset()) for id_ in ("full-time", "day-pass"))
ADAS_BADGE, BENS_BADGE = CredentialId("b-ada"), CredentialId("b-ben")


class People(Registry, PeopleStore, Protocol): ...


@dataclass(frozen=True, slots=True)
class Kept:
    """All ports of one registry."""

    people: People
    house: HouseStore
    bookings: BookingStore
    series: SeriesStore
    waiting: WaitingStore
    events: EventStore
    guests: GuestStore
    ledger: Ledger
    lists: ListStore


@asynccontextmanager
async def opened(kind: str, folder: Path) -> AsyncIterator[Kept]:
    """Ada holds a badge and is of the Atelier; Ben holds both plans and a badge. It is noon."""
    if kind == "memory":
        memory = MemoryRegistry()
        await _begin(memory)
        series = MemorySeries(memory)
        yield Kept(
            memory,
            MemoryHouse(memory),
            MemoryBookings(memory, series),
            series,
            MemoryWaiting(memory),
            MemoryPublicEvents(memory),
            MemoryGuests(memory),
            MemoryLedger(),
            MemoryLists(),
        )
        return
    if kind == "postgresql":
        from tests.support import postgres  # its driver is an extra

        yield await _begun(postgres.emptied_registry(NOON))
        return
    async with opened_at(empty_place(kind, folder)) as kept:
        yield kept


@asynccontextmanager
async def opened_at(place: Place) -> AsyncIterator[Kept]:
    """The same, in a registry with nothing in it."""
    async with SqlRegistry(place, key_id="k1", now=lambda: NOON) as registry:
        yield await _begun(registry)


async def _begun(registry: SqlRegistry) -> Kept:
    await _begin(registry)
    return kept_in(registry)


def empty_place(kind: str, folder: Path) -> Place:
    """A registry with nothing in it. Made once: migrating costs more than what most tests do with it."""
    if kind == "postgresql":
        from tests.support import postgres  # its driver is an extra

        return postgres.empty_registry()
    path = folder / "natoma.db"
    if not path.exists():
        path.write_bytes(_empty())
    return SqliteFile(path)


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "natoma.db"
        bring_up(path, REGISTRY)
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()


def kept_in(registry: SqlRegistry) -> Kept:
    all_ = RegistryStores.of(registry)
    return Kept(
        registry,
        all_.house,
        all_.bookings,
        all_.series,
        all_.waiting,
        all_.public_events,
        all_.guests,
        all_.ledger,
        all_.lists,
    )


async def _begin(people: People) -> None:
    await people.sync_plans([FULL, DAY])
    await people.apply_import(ImportPlan(await people.version(), (ada(), ben()), {ATELIER: "Atelier"}))


def ada() -> Held:
    return Held(
        Person(ADA, "Ada", team=ATELIER),
        (Membership(ADA, FULL.id, SPRING),),
        (Credential(ADAS_BADGE, ADA, last_two="80"),),
        {b"a" * 32: ADAS_BADGE},
        {ADAS_BADGE: b"A" * 32},
    )


def ben() -> Held:
    plans = (Membership(BEN, DAY.id, SPRING), Membership(BEN, FULL.id, date(2026, 4, 1)))
    return Held(Person(BEN, "Ben"), plans, (Credential(BENS_BADGE, BEN),), {b"b" * 32: BENS_BADGE})
