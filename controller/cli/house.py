"""What the commands about the house share: the desk over the registry, beside a running service or without one."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from controller.adapters.clock import SystemClock
from controller.adapters.sql.event_log import SqlEventLog
from controller.app.stores import open_kept
from controller.cli.options import settings_from, space_of
from controller.domain.building import Space
from controller.services.desk.house_desk import HouseDesk

F = TypeVar("F", bound=Callable[..., Any])

WITHIN = "Where Natoma runs it counts within a second, otherwise when it next starts."


def signed(command: F) -> F:
    """--by and --reason: everything done to the house is written down with who and why."""
    for option in (
        click.option("--reason", required=True, help="Why, for whoever reads the log."),
        click.option("--by", required=True, help="Who you are: a person's id or name."),
    ):
        command = option(command)
    return command


@asynccontextmanager
async def open_desk(config: Path | None, **flags: Any) -> AsyncIterator[tuple[HouseDesk, Space]]:
    """The desk of the data folder these options mean."""
    settings = settings_from(config, **flags)
    space = space_of(settings)
    async with open_kept(settings.home) as kept:
        people = await kept.registry.load()
        desk = HouseDesk(kept.house, space, people.people, people.house, SystemClock().now())
        yield desk, space
        if desk.noted:
            # As it is done, beside a running service or without one: nobody has to find it out later.
            async with await SqlEventLog.open(settings.data / "events.db") as log:
                await log.append_all(desk.noted)
