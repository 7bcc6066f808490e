"""`natoma keep`: let go of what may not be kept any longer, where no service does it."""

import asyncio
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.adapters.known_time import KnownTimeFile
from controller.adapters.sql.event_log import SqlEventLog
from controller.adapters.telemetry.keeping import KeptReadings
from controller.adapters.telemetry.store import TelemetryStore
from controller.app.doctor.examination import what_is_due
from controller.app.lock import alone_in
from controller.cli.options import settings_from, where_options
from controller.config import Settings
from controller.domain.facts import Fact
from controller.errors import InputError
from controller.services.keeping.cleaning import Cleaned, Cleaner
from controller.services.keeping.guard import Guard


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go; beside a running service too.")
@click.option("--yes", is_flag=True, help="The clock is right, though it is far ahead of what this house has seen.")
@where_options
def keep(config: Path | None, dry_run: bool, yes: bool, **flags: Any) -> None:
    """Delete what is older than the settings keep_* allow. A running service does so by itself, once a day."""
    settings = settings_from(config, **flags)
    if not (settings.data / "events.db").exists():
        raise InputError(f"{settings.data}: nothing is kept there — name the data folder with --data")
    gone = asyncio.run(what_is_due(settings) if dry_run else _clean(settings, is_right=yes))
    for one in gone:
        click.echo(
            f"{one.what} of before {one.before:%Y-%m-%d %H:%M} UTC: {one.count:,}{' would go' if dry_run else ' gone'}"
        )
    if not gone:
        click.echo("Nothing is kept for longer than it may be.")


async def _clean(settings: Settings, *, is_right: bool) -> list[Cleaned]:
    told: list[Fact] = []
    clock = SystemClock()
    with alone_in(settings.data):
        async with (
            await SqlEventLog.open(settings.data / "events.db") as log,
            # As if they were still to be sent on: what goes is for the settings keep_* to say, not for who had them.
            await TelemetryStore.open(settings.data / "telemetry.db", consumers=("keep",)) as store,
        ):
            readings = KeptReadings.of(store)
            guard = Guard(KnownTimeFile(settings.data), log, readings, clock)
            if is_right:
                await guard.confirm()
            elif (why := await guard.look()) is not None:
                raise InputError(f"nothing is deleted: {why}")
            gone = await Cleaner(log, readings, settings.keep, clock, told.append).clean()
            await log.append_all(told)
            return gone
