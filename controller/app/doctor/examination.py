"""One examination of a house, in order: its files, its clock, what runs, its doors' lists, its readings, what is due."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

from controller.adapters.clock import SystemClock, is_kept_by_a_time_service
from controller.adapters.sql.event_log import EventReader
from controller.adapters.sqlite_file import open_reader
from controller.adapters.telemetry.keeping import KeptReadings
from controller.app.doctor.files import look_at_files
from controller.app.doctor.finding import Finding, Grade
from controller.app.doctor.service import look_at_broker, look_at_own_broker, look_at_service
from controller.app.doctor.start import look_at_start
from controller.app.lock import is_held
from controller.app.stores import look_into
from controller.config import Settings
from controller.domain.building import Space
from controller.domain.facts import Fact
from controller.errors import ControllerError, InputError
from controller.services.keeping.cleaning import Cleaned, Cleaner
from controller.services.offline.list_sheets import sheets_of

_JUMP = timedelta(minutes=1)
_STOOD_STILL = timedelta(days=30)
# A list is issued anew before half of its time is over: with less left nobody has done so.
_SOON_OVER = timedelta(hours=2)
_BEHIND_ROWS = 10_000


async def examine_house(settings: Settings, space: Space | None) -> AsyncIterator[Finding]:
    """Everything there is to say, as it is found; `space` is None where its file cannot be read."""
    data, now = settings.data, SystemClock().now()
    if not data.is_dir():
        raise InputError(f"{data}: there is no such folder — name the data folder with --data")
    damaged: set[str] = set()
    for finding in chain(
        look_at_files(data, settings.keep, now),
        look_at_start(settings.home, damaged, now),
    ):
        if finding.grade is Grade.ACT:
            damaged.add(finding.what.removeprefix("file "))
        yield finding
    async for finding in _what_runs(settings, space):
        yield finding
    async for finding in _what_is_in_it(settings, space, now, damaged):
        yield finding


async def _what_is_in_it(
    settings: Settings, space: Space | None, now: datetime, damaged: set[str]
) -> AsyncIterator[Finding]:
    data = settings.data

    def is_there(*names: str) -> bool:
        # What is damaged, or missing, was said so; who reads in it needs it whole.
        return all(name not in damaged and (data / name).exists() for name in names)

    if is_there("events.db"):
        async for finding in _clock(data, now):
            yield finding
    if space is not None and "natoma.db" not in damaged:
        for finding in await _lists(settings, space, now):
            yield finding
    if is_there("sending.db", "telemetry.db"):
        for finding in _sending(data):
            yield finding
    if is_there("events.db", "telemetry.db"):
        yield await _due(settings, runs=is_held(data))


async def _what_runs(settings: Settings, space: Space | None) -> AsyncIterator[Finding]:
    runs = is_held(settings.data)
    if runs:
        for finding in look_at_service(settings):
            yield finding
    else:
        yield Finding.note("service", "it does not run", "natoma run")
    if settings.mqtt is None:
        for finding in look_at_own_broker(settings.data):
            yield finding
    elif not runs and space is not None:
        # Beside a running service it would take its name, and its place.
        for finding in await look_at_broker(settings.mqtt, space.root):
            yield finding


async def _clock(data: Path, now: datetime) -> AsyncIterator[Finding]:
    async with _log(data) as log:
        newest = await log.latest(1)
    last = newest[0].fact.at if newest else None
    if last is not None and last - now > _JUMP:
        how = f"it says {now:%Y-%m-%d %H:%M} UTC, and something was written down at {last:%Y-%m-%d %H:%M}"
        yield Finding.act("clock", how, "set it right, and keep it so by a time service (chrony, systemd-timesyncd)")
    elif last is not None and now - last > _STOOD_STILL:
        how = f"the last thing written down is {(now - last).days} days old"
        yield Finding.note("clock", how, f"see that today is {now:%Y-%m-%d} before Natoma starts")
    else:
        yield Finding.well("clock", f"{now:%Y-%m-%d %H:%M} UTC goes on from what was written down")
    if is_kept_by_a_time_service():
        yield Finding.well("time service", "it keeps the clock")
    else:
        yield Finding.note(
            "time service", "nothing is known to keep the clock right", "run chrony or systemd-timesyncd"
        )


async def _lists(settings: Settings, space: Space, now: datetime) -> list[Finding]:
    """How old the lists are that doors decide by alone."""
    found = []
    try:
        async with look_into(settings.home) as kept:
            until: dict[str, datetime] = {}
            for one in await kept.lists.remembered_lists():
                ends = datetime.fromtimestamp(one.until_ms / 1000, UTC)
                until[one.device] = max(ends, until.get(one.device, ends))
    except ControllerError as error:
        return [Finding.act("registry", str(error), "without it no badge is known")]
    sheets = sheets_of(space)
    for device, sheet in sheets.items():
        what = f"list of {sheet.door.name} ({device})"
        ends_at = until.get(device)
        if ends_at is None:
            found.append(Finding.note(what, "it was given none", "run Natoma: it makes one for each door"))
        elif ends_at < now:
            how = f"it ran out at {ends_at:%Y-%m-%d %H:%M} UTC: the door lets in nobody while it is alone"
            found.append(Finding.act(what, how, "run Natoma, and look whether the door is connected"))
        elif ends_at - now < _SOON_OVER:
            found.append(Finding.note(what, f"it runs out at {ends_at:%H:%M} UTC", "run Natoma: it makes another"))
    if sheets and not found:
        # One for all: what must be done is not to drown in what is well.
        first = min(until[device] for device in sheets)
        found.append(
            Finding.well("lists of doors", f"all {len(sheets)} good until {first:%Y-%m-%d %H:%M} UTC or later")
        )
    elif sheets and len(found) < len(sheets):
        found.append(Finding.well("lists of doors", f"{len(sheets) - len(found)} others are good"))
    return found


def _sending(data: Path) -> Iterator[Finding]:
    """How far the database of readings is behind."""
    with contextlib.closing(open_reader(data / "sending.db")) as sending:
        (position,) = sending.execute("SELECT position FROM sent").fetchone()
        (parked,) = sending.execute("SELECT count(*) FROM parked").fetchone()
    with contextlib.closing(open_reader(data / "telemetry.db")) as log:
        (last,) = log.execute("SELECT coalesce(max(n), 0) FROM log").fetchone()
    behind = last - position
    if behind > _BEHIND_ROWS:
        yield Finding.act("sending readings on", f"{behind:,} messages behind", "look whether the database answers")
    else:
        yield Finding.well("sending readings on", f"{max(behind, 0):,} messages behind")
    if parked:
        yield Finding.act("sending readings on", f"the database refused {parked:,} lines", "natoma telemetry parked")


async def _due(settings: Settings, *, runs: bool) -> Finding:
    due = await what_is_due(settings)
    if not due:
        return Finding.well("keeping", "nothing is kept for longer than it may be")
    how = "; ".join(f"{one.what} of before {one.before:%Y-%m-%d}: {one.count:,}" for one in due)
    if runs:
        return Finding.note("keeping", how, "it goes within a day")
    return Finding.act("keeping", how, "start Natoma, or run natoma keep")


async def what_is_due(settings: Settings) -> list[Cleaned]:
    """What may not be kept any longer and is still there."""
    async with _log(settings.data) as log:
        return await Cleaner(log, KeptReadings.beside(settings.data), settings.keep, SystemClock(), _nobody).due()


@contextlib.asynccontextmanager
async def _log(data: Path) -> AsyncIterator["_Past"]:
    reader = _Past(data / "events.db")
    try:
        yield reader
    finally:
        await reader.close()


class _Past(EventReader):
    """The event log to look at."""

    async def rewrite(self, instead: object, gone: object) -> None:
        raise sqlite3.ProgrammingError("a doctor changes nothing")


def _nobody(_: Fact) -> None:
    """Nothing happened."""
