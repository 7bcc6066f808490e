"""`natoma exception` and `natoma holiday`: days that are not like the week."""

import asyncio
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.cli.house import WITHIN, open_desk, signed
from controller.cli.options import where_options
from controller.domain.house import Wanted
from controller.services.desk.moments import day_of, moment_of

# What stands open by leave of staff is propped by hand, and for minutes: no exception of a day.
WANTED = click.Choice([str(Wanted.UNLOCKED), str(Wanted.LOCKED)])
_by = click.option("--by", required=True, help="Who you are: a person's id or name.")


@click.group()
def exception() -> None:
    """Single exceptions to the week: unlocked for an open day, locked for a move."""


@exception.command()
@click.argument("door")
@click.argument("wanted", type=click.Choice([str(Wanted.UNLOCKED), str(Wanted.LOCKED)]))
@click.option("--from", "start", required=True, help="In the space's own time: 2026-11-28T10:00.")
@click.option("--to", "end", required=True, help="In the space's own time: 2026-11-28T18:00.")
@signed
@where_options
def add(config: Path | None, door: str, wanted: str, start: str, end: str, by: str, reason: str, **flags: Any) -> None:
    """Have DOOR (its id or name, or space, floor:ID, zone:ID) unlocked or locked at another time than its week says."""

    async def do() -> str:
        async with open_desk(config, **flags) as (desk, space):
            now = SystemClock().now()
            begins = moment_of("--from", start, space.zone, now)
            ends = moment_of("--to", end, space.zone, now, is_end=True)
            return await desk.add_exception(door, Wanted(wanted), begins, ends, by, reason)

    click.echo(asyncio.run(do()))
    click.echo(WITHIN)


@exception.command()
@click.argument("which")
@_by
@where_options
def remove(config: Path | None, which: str, by: str, **flags: Any) -> None:
    """Remove an exception by its id, as `natoma exception list` shows it."""

    async def do() -> str:
        async with open_desk(config, **flags) as (desk, _):
            return await desk.remove_exception(which, by)

    click.echo(asyncio.run(do()))
    click.echo(WITHIN)


@exception.command("list")
@where_options
def list_(config: Path | None, **flags: Any) -> None:
    """Show every exception that is not over."""

    async def say() -> list[str]:
        async with open_desk(config, **flags) as (desk, _):
            return desk.exceptions()

    click.echo("\n".join(asyncio.run(say())) or "No exceptions.")


@click.group()
def holiday() -> None:
    """Holidays announced beside those of the space file: they close unlock schedules and plans, not staff or leases."""


@holiday.command("add")
@click.argument("day")
@click.argument("name")
@click.option("--zone", "zones", multiple=True, help="Only this zone; may be given several times.")
@_by
@where_options
def add_holiday(config: Path | None, day: str, name: str, zones: tuple[str, ...], by: str, **flags: Any) -> None:
    """Announce a holiday: natoma holiday add 2026-12-24 "Christmas Eve" --by PERSON."""

    async def do() -> str:
        async with open_desk(config, **flags) as (desk, _):
            return await desk.add_holiday(day_of("DAY", day), name, zones, by)

    click.echo(asyncio.run(do()))
    click.echo(WITHIN)


@holiday.command("remove")
@click.argument("day")
@_by
@where_options
def remove_holiday(config: Path | None, day: str, by: str, **flags: Any) -> None:
    """Take back a holiday that was announced here; those of the space file are changed there."""

    async def do() -> str:
        async with open_desk(config, **flags) as (desk, _):
            return await desk.remove_holiday(day_of("DAY", day), by)

    click.echo(asyncio.run(do()))
    click.echo(WITHIN)


@holiday.command("list")
@where_options
def list_holidays(config: Path | None, **flags: Any) -> None:
    """Show every holiday from today on."""

    async def say() -> list[str]:
        async with open_desk(config, **flags) as (desk, _):
            return desk.holidays()

    click.echo("\n".join(asyncio.run(say())) or "No holidays.")
