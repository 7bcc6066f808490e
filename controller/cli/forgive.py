"""`natoma forgive`: where somebody is becomes unknown again, so that anti-passback lets them through once."""

import asyncio
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.adapters.sql.event_log import SqlEventLog
from controller.app.stores import read_people
from controller.cli.house import WITHIN, signed
from controller.cli.options import settings_from, where_options
from controller.config import Home
from controller.errors import InputError
from controller.services.entry.whereabouts import forgiven


@click.command()
@click.argument("person")
@signed
@where_options
def forgive(config: Path | None, person: str, by: str, reason: str, **flags: Any) -> None:
    """Forget where PERSON (id or name) is: they left unseen, or came in behind somebody."""
    settings = settings_from(config, **flags)
    click.echo(asyncio.run(_forgive(settings.home, person, by, reason)))
    click.echo(WITHIN)


async def _forgive(home: Home, who: str, by: str, reason: str) -> str:
    people = (await read_people(home)).people
    fact = forgiven(people, who, by, reason, SystemClock().now())
    path = home.folder / "events.db"
    if not path.exists():
        raise InputError(f"{path}: there is no such file — nobody came in yet; name the data folder with --data")
    # Kept where it is followed from: the running service reads the log, and so does its next start.
    async with await SqlEventLog.open(path) as log:
        await log.append_all([fact])
    assert fact.person is not None  # whom it is about
    return f"Where {people[fact.person].name} is, is unknown now: either way once."
