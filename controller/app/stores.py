"""The stores of one data folder, opened together and closed in reverse.

`natoma.db` people, or a server's database (docs/decisions/0014); `events.db` what happened, `telemetry.db` what was
measured (docs/decisions/0001), `secrets/` the key of the badges, `reserve.jsonl` for decisions while the log cannot be written.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from controller.adapters.reserve import Reserve
from controller.adapters.sealing import AesSealer
from controller.adapters.secrets import BadgeDigests, load_badge_key, load_list_signing_key
from controller.adapters.sql.alarms import SqlAlarmStore
from controller.adapters.sql.answers import SqlAnswers
from controller.adapters.sql.bookings import SqlBookings
from controller.adapters.sql.calendars import SqlCalendars, SqlLinks
from controller.adapters.sql.event_log import EventReader, SqlEventLog
from controller.adapters.sql.guests import SqlGuests
from controller.adapters.sql.house import SqlHouse
from controller.adapters.sql.ledger import SqlLedger
from controller.adapters.sql.lists import SqlLists
from controller.adapters.sql.notices import SqlNotices
from controller.adapters.sql.places import Place, SqliteFile
from controller.adapters.sql.postgresql import PostgresServer
from controller.adapters.sql.profiles import SqlProfiles
from controller.adapters.sql.public_events import SqlPublicEvents
from controller.adapters.sql.registry import SqlRegistry, key_ids
from controller.adapters.sql.series import SqlSeries
from controller.adapters.sql.tokens import SqlTokens
from controller.adapters.sql.upgrade import EVENTS, REGISTRY, Chain
from controller.adapters.sql.versions import follow_from_the_start
from controller.adapters.sql.waiting import SqlWaiting
from controller.adapters.telemetry.beside import HistoryBeside
from controller.adapters.telemetry.numbers import NumberFile
from controller.adapters.telemetry.store import CAP_MB, TelemetryStore
from controller.app.missing import EVENTS_FILE, REGISTRY_FILE, TELEMETRY_FILE, begun, is_to_begin_anew, refuse_missing
from controller.app.wiring import Kept
from controller.config import Home
from controller.domain.building import Space
from controller.errors import InputError, StartupError, StoreError
from controller.services.policy.log_pages import NothingHappened, Recorded
from controller.services.ports import RegistrySnapshot

logger = logging.getLogger(__name__)

DRAIN_EVERY = 2.0
_NO_HOUSE = "name the data folder with --data, or run once first"

Now: TypeAlias = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class RegistryStores:
    """All that is in `natoma.db`, each behind its own port, over one connection to read and one to write."""

    registry: SqlRegistry
    house: SqlHouse
    bookings: SqlBookings
    series: SqlSeries
    waiting: SqlWaiting
    calendars: SqlCalendars
    links: SqlLinks
    public_events: SqlPublicEvents
    guests: SqlGuests
    ledger: SqlLedger
    alarms: SqlAlarmStore
    lists: SqlLists
    tokens: SqlTokens
    profiles: SqlProfiles
    notices: SqlNotices
    answers: SqlAnswers

    @classmethod
    def of(cls, registry: SqlRegistry) -> "RegistryStores":
        database = registry.database
        return cls(
            registry,
            SqlHouse(database),
            SqlBookings(database),
            SqlSeries(database),
            SqlWaiting(database),
            SqlCalendars(database),
            SqlLinks(database),
            SqlPublicEvents(database, key_id=registry.key_id),
            SqlGuests(database),
            SqlLedger(database),
            SqlAlarmStore(database),
            SqlLists(database),
            SqlTokens(database),
            SqlProfiles(database),
            SqlNotices(database),
            SqlAnswers(database),
        )


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything kept, open for the service."""

    registry: SqlRegistry
    kept: RegistryStores  # what else is in the registry's database
    people: RegistrySnapshot
    events: SqlEventLog
    telemetry: TelemetryStore
    numbers: NumberFile
    reserve: Reserve
    digests: BadgeDigests
    list_signing_key: bytes = field(repr=False)

    def is_writing(self) -> bool:
        """Whether something is on its way into a log that somebody waits for."""
        return self.events.is_writing or self.telemetry.is_writing

    async def keep_reserve_empty(self) -> None:
        """Bring what the reserve took into the log, as soon as the log can be written again."""
        while True:
            if not self.reserve.is_empty:
                try:
                    await self.reserve.drain(self.events)
                except StoreError as error:
                    logger.debug("the reserve waits: %s", error)
            await asyncio.sleep(DRAIN_EVERY)


def kept_in(stores: Stores) -> Kept:
    """The stores, each behind its port."""
    kept = stores.kept

    async def list_digest_of_token(token: str) -> bytes:
        return await asyncio.to_thread(stores.digests.list_digest_of_token, token)

    return Kept(
        people=stores.people,
        events=stores.events,
        telemetry=stores.telemetry,
        numbers=stores.numbers,
        reserve=stores.reserve,
        digests=stores.digests,
        house=kept.house,
        ledger=kept.ledger,
        alarms=kept.alarms,
        lists=kept.lists,
        public_events=kept.public_events,
        guests=kept.guests,
        bookings=kept.bookings,
        series=kept.series,
        waiting=kept.waiting,
        calendars=kept.calendars,
        links=kept.links,
        tokens=kept.tokens,
        profiles=kept.profiles,
        notices=kept.notices,
        answers=kept.answers,
        sealer=AesSealer(),
        credentials=stores.registry,
        list_digest_of_token=list_digest_of_token,
        list_digest_of=stores.digests.list_digest_of,
        list_signing_key=stores.list_signing_key,
        people_store=stores.registry,
    )


def registry_of(home: Path | Home) -> Place:
    """Where the registry is kept; of a folder alone, in it."""
    if isinstance(home, Path) or home.database is None:
        return SqliteFile(_folder_of(home) / REGISTRY_FILE)
    return PostgresServer(home.database.get_secret_value())


def has_registry_in(home: Path | Home) -> bool:
    """Whether people are kept in the data folder, not on a server."""
    return isinstance(registry_of(home), SqliteFile)


def _folder_of(home: Path | Home) -> Path:
    return home if isinstance(home, Path) else home.folder


@asynccontextmanager
async def open_stores(
    home: Path | Home,
    space: Space,
    now: Now | None = None,
    *,
    log_cap_mb: int = CAP_MB,
    log_read_by: Collection[str] = (),
) -> AsyncIterator[Stores]:
    """Create or upgrade, then open; StartupError says what a person must do about a store that will not open.

    In a folder a house lived in none is created that is missing, unless somebody asked for it.

    By `now`, what is long over is not loaded; without it, by the machine's clock. The log of readings is kept for those
    who read it on, up to its cap.
    """
    data = _folder_of(home)
    await asyncio.to_thread(_make, data)
    await asyncio.to_thread(refuse_missing, data, has_registry=has_registry_in(home))
    async with (
        open_registry(home, space, now) as registry,
        await _open_log(data, registry) as events,
        await TelemetryStore.open(data / TELEMETRY_FILE, cap_mb=log_cap_mb, consumers=log_read_by) as telemetry,
    ):
        await asyncio.to_thread(begun, data)
        reserve = Reserve(data / "reserve.jsonl")
        try:
            kept = RegistryStores.of(registry)
            signing_key = await asyncio.to_thread(load_list_signing_key, data / "secrets")
            digests = open_digests(home)
            numbers = await NumberFile.open(data / "numbers.json", log=data / TELEMETRY_FILE)
            people = await registry.load()
            yield Stores(registry, kept, people, events, telemetry, numbers, reserve, digests, signing_key)
        finally:
            await reserve.close()


async def _open_log(data: Path, registry: SqlRegistry) -> SqlEventLog:
    if await asyncio.to_thread(is_to_begin_anew, data, EVENTS_FILE):
        # Its places are counted from 1 again: who was further in the old one would pass over all that happens.
        await registry.database.write(follow_from_the_start)
    return await SqlEventLog.open(data / EVENTS_FILE)


@asynccontextmanager
async def open_registry(home: Path | Home, space: Space, now: Now | None = None) -> AsyncIterator[SqlRegistry]:
    """The people alone, with this space's plans in it."""
    data, place = _folder_of(home), registry_of(home)
    await asyncio.to_thread(_make, data)
    await asyncio.to_thread(refuse_missing, data, has_registry=has_registry_in(home), of=(REGISTRY_FILE,))
    # Brought up first: the credentials in it say which key there must be.
    await asyncio.to_thread(place.bring_up, REGISTRY)
    await asyncio.to_thread(begun, data, of=(REGISTRY_FILE,))
    digests = await asyncio.to_thread(open_digests, home)
    async with SqlRegistry(place, key_id=digests.key_id, now=now) as registry:
        await registry.sync_plans(space.plans.values())
        yield registry


@asynccontextmanager
async def open_kept(home: Path | Home) -> AsyncIterator[RegistryStores]:
    """All of the registry for a command line, beside a running service or without one; there must be one already."""
    place = await asyncio.to_thread(_registry_already, home)
    digests = await asyncio.to_thread(open_digests, home)
    async with SqlRegistry(place, key_id=digests.key_id) as registry:
        yield RegistryStores.of(registry)


async def read_people(home: Path | Home) -> RegistrySnapshot:
    """The people, for a look from the command line, beside a running service or without one."""
    place = await asyncio.to_thread(_registry_already, home)
    async with SqlRegistry(place, key_id="") as registry:  # nothing is written, so no key is named
        return await registry.load()


@asynccontextmanager
async def look_into(home: Path | Home) -> AsyncIterator[RegistryStores]:
    """The registry's whole database, for questions from the command line; nothing is to be written through it."""
    place = await asyncio.to_thread(_registry_already, home)
    async with SqlRegistry(place, key_id="") as registry:
        yield RegistryStores.of(registry)


@asynccontextmanager
async def open_events(home: Path | Home) -> AsyncIterator[EventReader]:
    """What happened, for a look from the command line; StartupError when the log is newer than we are, or damaged."""
    path = _folder_of(home) / "events.db"
    await asyncio.to_thread(_there_already, SqliteFile(path), EVENTS)
    reader = EventReader(path)
    try:
        yield reader
    finally:
        await reader.close()


@asynccontextmanager
async def open_history(home: Path | Home) -> AsyncIterator[HistoryBeside]:
    """What was measured, for a look from the command line, beside a running service or without one."""
    async with await HistoryBeside.open(_folder_of(home) / "telemetry.db") as history:
        yield history


@asynccontextmanager
async def log_if_any(home: Path | Home) -> AsyncIterator[Recorded]:
    """The same for a question that has an answer before the first run as well."""
    if not (_folder_of(home) / "events.db").exists():
        yield NothingHappened()
        return
    async with open_events(home) as log:
        yield log


def open_digests(home: Path | Home) -> BadgeDigests:
    """The keyed digests of this house; the key is made on the first start, and never once badges are enrolled."""
    if not registry_is_there(home):
        # A key alone would tell of a house that was lost.
        raise InputError(f"{registry_of(home)}: {registry_of(home).absence} — {_NO_HOUSE}")
    return BadgeDigests(load_badge_key(_folder_of(home) / "secrets", enrolled_with=key_ids(registry_of(home))))


def registry_is_there(home: Path | Home) -> bool:
    """Whether anybody was ever written down here."""
    return registry_of(home).is_there(REGISTRY)


def _registry_already(home: Path | Home) -> Place:
    place = registry_of(home)
    _there_already(place, REGISTRY)
    return place


def _there_already(place: Place, chain: Chain) -> None:
    if not place.is_there(chain):
        raise InputError(f"{place}: {place.absence} — {_NO_HOUSE}")
    place.bring_up(chain)


def _make(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StartupError(f"data folder {data} cannot be made ({error.strerror}); name another with --data") from error
